package httpapi

import "slices"

// Scope is what a caller must have for an operation.
type Scope string

// Each of the first three includes the one before it.
const (
	scopeRead  Scope = "read"
	scopeWrite Scope = "write"
	scopeAdmin Scope = "admin" // the fleet itself, keys and people

	// Of sessions only, beside the scopes of their role.
	scopeSelf  Scope = "self"  // one's own account
	scopeOwner Scope = "owner" // the organisation as a whole

	// scopeNone lets everybody in: a token in the path is the proof, or there is
	// nothing to prove.
	scopeNone Scope = ""
)

// roleScopes is the one table of what a role may do.
var roleScopes = map[string][]string{
	"viewer": {"self", "read"},
	"editor": {"self", "read", "write"},
	"admin":  {"self", "read", "write", "admin"},
	"owner":  {"self", "read", "write", "admin", "owner"},
}

// homeless is what people may call, beside what needs scopeSelf, who belong to no
// organisation: they must be able to find that out.
var homeless = map[string]bool{"getMe": true}

// doors are open to everybody and lead to a session: no other origin's page may make a
// browser go through one, which would sign somebody in as somebody else.
var doors = map[string]bool{
	"setUp": true, "signUp": true, "signIn": true, "acceptInvitation": true, "requestPasswordReset": true, "resetPassword": true,
}

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

	"getSetup": scopeNone, "setUp": scopeNone, "signUp": scopeNone, "signIn": scopeNone, "signOut": scopeSelf,
	"listSessions": scopeSelf, "endSession": scopeSelf, "switchOrganisation": scopeSelf, "getMe": scopeRead,
	"updateMe": scopeSelf, "deleteMe": scopeSelf, "beginTotp": scopeSelf, "confirmTotp": scopeSelf, "removeTotp": scopeSelf,
	"renewRecoveryCodes": scopeSelf, "requestPasswordReset": scopeNone, "resetPassword": scopeNone,

	"listOrganisations": scopeSelf, "createOrganisation": scopeSelf, "leaveOrganisation": scopeSelf, "getOrganisation": scopeRead,
	"updateOrganisation": scopeAdmin, "deleteOrganisation": scopeOwner, "listMembers": scopeRead,
	"updateMember": scopeAdmin, "removeMember": scopeAdmin, "listInvitations": scopeAdmin, "createInvitation": scopeAdmin,
	"deleteInvitation": scopeAdmin, "resendInvitation": scopeAdmin, "getInvited": scopeNone, "acceptInvitation": scopeNone,

	"getOverview": scopeRead, "listSummaries": scopeRead, "listTags": scopeRead, "batchWebsites": scopeWrite,
	"bulkWebsites": scopeWrite, "importWebsites": scopeWrite, "exportWebsites": scopeRead,
	"listWebsiteUptimeDaily": scopeRead, "listWebsiteDowntime": scopeRead, "getMonitorStats": scopeRead,
	"commentIncident": scopeWrite, "updateIncident": scopeWrite, "reportUptime": scopeRead, "getMonitorMetrics": scopeRead,

	"listStatusPages": scopeRead, "createStatusPage": scopeWrite, "getStatusPage": scopeRead, "updateStatusPage": scopeWrite,
	"deleteStatusPage": scopeWrite, "listPublicStatus": scopeNone, "getPublicStatus": scopeNone,

	"legacyListWebsites": scopeRead, "legacyCreateWebsite": scopeWrite, "legacyGetWebsite": scopeRead,
	"legacyUpdateWebsite": scopeWrite, "legacyDeleteWebsite": scopeWrite, "legacyListRegions": scopeRead,
	"legacyCreateRegion": scopeAdmin, "legacyListStatus": scopeRead, "legacyGetSeries": scopeRead,
	"legacyListDowntime": scopeRead, "legacyGetLastDowntime": scopeRead,
}

// suffices tells whether a caller with the scopes may do what needs one.
func suffices(have []string, need Scope) bool {
	switch need {
	case scopeRead:
		return len(have) > 0 && (slices.Contains(have, string(scopeRead)) || suffices(have, scopeWrite))
	case scopeWrite:
		return slices.Contains(have, string(scopeWrite)) || suffices(have, scopeAdmin)
	case scopeAdmin, scopeSelf, scopeOwner:
		return slices.Contains(have, string(need))
	}
	return false
}
