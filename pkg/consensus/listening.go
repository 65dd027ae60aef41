package consensus

import (
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// ListeningGap is how far apart two marks of the api may lie before the time between
// them counts as one in which calls could not be taken: three marks in a row missed.
const ListeningGap = 15 * time.Second

// Listening is the last stretch of time in which heartbeats could be taken without a
// gap. Silence proves something only within it. The zero value has heard nothing.
type Listening struct {
	Since, Until uptime.Instant
}

// Heard takes a mark of the api: at that instant it was able to take calls. It tells
// whether a new stretch begins. Marks that are not news change nothing.
func (l Listening) Heard(at uptime.Instant) (next Listening, anew bool) {
	switch {
	case !sane(at) || at <= l.Until:
		return l, false
	case l.Until == 0 || at.Sub(l.Until) > ListeningGap:
		return Listening{Since: at, Until: at}, true
	}
	return Listening{Since: l.Since, Until: at}, false
}
