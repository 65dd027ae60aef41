package deliver

import (
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
)

// mutedWait is how often a reminder looks whether its website is still muted.
const mutedWait = time.Minute

// ReminderPlan is what to do about a reminder that is due. The zero plan is: nothing,
// neither now nor later.
type ReminderPlan struct {
	Wait time.Duration // look again after it
	Tell bool
	// First says that nothing was told of the incident yet, because the throttle kept
	// its opening back: this is not the n-th time, but the first.
	First bool
	Next  time.Duration // after which the next one is due; 0: none
}

// decideReminder plans what to do about a reminder of an incident that began with the
// given alert. last is when the channel was last told of the website within the
// throttle's window, by whatever incident; zero if it was not.
func decideReminder(g *postgres.DeliveryGroup, opening *postgres.Delivery, last time.Time) ReminderPlan {
	if !g.Resolved.IsZero() || !g.Acknowledged.IsZero() || !g.Channel.Enabled {
		return ReminderPlan{}
	}
	first := g.Told == 0 && g.Suppressed > 0
	every := time.Duration(g.Channel.ReminderSeconds) * time.Second
	if opening.Event != alert.EventDown {
		every = 0 // only a down is worth repeating
	}
	switch {
	case opening.Status == postgres.DeliveryPending:
		return ReminderPlan{Wait: mutedWait} // it is still being told for the first time
	case !first && every == 0:
		return ReminderPlan{}
	case g.Muted || g.Paused:
		return ReminderPlan{Wait: mutedWait}
	}
	if !last.IsZero() {
		if wait := last.Add(time.Duration(g.Channel.ThrottleSeconds) * time.Second).Sub(g.Now); wait > 0 {
			return ReminderPlan{Wait: wait}
		}
	}
	return ReminderPlan{Tell: true, First: first, Next: every}
}
