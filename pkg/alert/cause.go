package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// CauseKey returns what the alerts of one cause have in common: the event, the reasons
// and, where not the target as a whole is down, the set of regions that fail: which of
// them had answered when a verdict was reached is chance. It depends on the message
// alone. Recoveries need no cause to belong together. It is empty for what has no cause
// that others could share.
func (m *Message) CauseKey() string {
	parts := []string{string(m.Event)}
	switch m.Event {
	case EventRecovered:
		if m.IncidentID.IsZero() {
			parts = append(parts, "degraded")
		}
	case EventDown, EventDegraded, EventAdvisory, EventReminder:
		if !m.Until.IsZero() {
			parts = append(parts, "over")
			break
		}
		reasons, regions := m.cause()
		if len(reasons) == 0 {
			return ""
		}
		parts = append(parts, strings.Join(reasons, ","))
		if m.Event == EventDegraded || m.Event == EventAdvisory {
			parts = append(parts, regions...)
		}
	default:
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// cause returns the names of the reasons and of the regions that fail, sorted.
func (m *Message) cause() (reasons, regions []string) {
	for _, v := range m.Votes {
		if !v.Counted || v.Outcome != uptime.OutcomeFail && v.Outcome != uptime.OutcomeDegraded {
			continue
		}
		regions = append(regions, v.Region)
		if v.Reason != uptime.ReasonNone {
			reasons = append(reasons, v.Reason.String())
		}
	}
	if m.Reason != uptime.ReasonNone {
		reasons = []string{m.Reason.String()}
	}
	slices.Sort(reasons)
	slices.Sort(regions)
	return slices.Compact(reasons), slices.Compact(regions)
}
