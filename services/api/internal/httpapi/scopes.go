package httpapi

import "slices"

// Scope is what a key must have for an operation.
type Scope string

// Each scope includes the one before it.
const (
	scopeRead  Scope = "read"
	scopeWrite Scope = "write"
	scopeAdmin Scope = "admin" // the fleet itself

	// scopeNone lets everybody in: a token in the path is the proof.
	scopeNone Scope = ""
)

// scopes is the one table of what each operation needs.
var scopes = map[string]Scope{
	"listWebsites": scopeRead, "createWebsite": scopeWrite, "getWebsite": scopeRead, "updateWebsite": scopeWrite,
	"deleteWebsite": scopeWrite, "pauseWebsite": scopeWrite, "resumeWebsite": scopeWrite, "muteWebsite": scopeWrite,
	"unmuteWebsite": scopeWrite, "checkWebsite": scopeWrite, "listWebsiteMonitors": scopeRead, "getWebsiteUptime": scopeRead,

	"createMonitor": scopeWrite, "pauseMonitor": scopeWrite, "resumeMonitor": scopeWrite, "cloneMonitor": scopeWrite,
	"checkMonitor": scopeWrite, "testMonitor": scopeWrite,
	"getMonitor": scopeRead, "updateMonitor": scopeWrite, "deleteMonitor": scopeWrite, "listMonitorVotes": scopeRead,
	"getMonitorLatency": scopeRead, "listMonitorTicks": scopeRead, "listMonitorFailures": scopeRead,
	"rotateHeartbeat": scopeWrite, "pingByGet": scopeNone, "pingByHead": scopeNone, "pingByPost": scopeNone,

	"listRegions": scopeRead, "getRegion": scopeRead, "createRegion": scopeAdmin, "updateRegion": scopeAdmin,
	"deleteRegion": scopeAdmin, "getFleet": scopeRead, "streamEvents": scopeRead,

	"listIncidents": scopeRead, "getIncident": scopeRead, "acknowledgeIncident": scopeWrite,

	"listChannels": scopeRead, "createChannel": scopeWrite, "getChannel": scopeRead, "updateChannel": scopeWrite,
	"deleteChannel": scopeWrite, "testChannel": scopeWrite, "listDeliveries": scopeRead,

	// Whoever may make keys may make one for anything, so it takes every scope.
	"listApiKeys": scopeAdmin, "createApiKey": scopeAdmin, "getApiKey": scopeAdmin, "updateApiKey": scopeAdmin,
	"revokeApiKey": scopeAdmin, "rotateApiKey": scopeAdmin, "listAudit": scopeAdmin,

	"legacyListWebsites": scopeRead, "legacyCreateWebsite": scopeWrite, "legacyGetWebsite": scopeRead,
	"legacyUpdateWebsite": scopeWrite, "legacyDeleteWebsite": scopeWrite, "legacyListRegions": scopeRead,
	"legacyCreateRegion": scopeAdmin, "legacyListStatus": scopeRead, "legacyGetSeries": scopeRead,
	"legacyListDowntime": scopeRead, "legacyGetLastDowntime": scopeRead,
}

// suffices tells whether a key with the scopes may do what needs one.
func suffices(have []string, need Scope) bool {
	switch need {
	case scopeRead:
		return len(have) > 0 && (slices.Contains(have, string(scopeRead)) || suffices(have, scopeWrite))
	case scopeWrite:
		return slices.Contains(have, string(scopeWrite)) || suffices(have, scopeAdmin)
	case scopeAdmin:
		return slices.Contains(have, string(scopeAdmin))
	}
	return false
}
