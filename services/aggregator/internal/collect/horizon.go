package collect

import (
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

const (
	// backlogLimit is how old the oldest unread result may be before the fold judges
	// as of that instant instead of now: neither a restart nor a stall of the fold
	// makes votes stale that are only waiting to be read. Two seconds of backlog and
	// two of the blocking read, in which an idle lane does not report.
	backlogLimit = 4 * time.Second
	// laneHold is how long a lane that cannot be read holds the clock of the others.
	laneHold = time.Minute
)

// horizon knows up to which instant the results of each lane are folded, and from
// that as of when votes are to be judged. It belongs to the fold's goroutine.
type horizon struct {
	fleet func() uptime.Instant
	lanes map[string]*laneHorizon // by region
	last  uptime.Instant          // what now returned; it never runs backwards
}

type laneHorizon struct {
	at      uptime.Instant // everything up to here is folded; zero: nothing is known yet
	failing uptime.Instant // unreadable since; zero: it is readable
}

func newHorizon(fleet func() uptime.Instant) *horizon {
	return &horizon{fleet: fleet, lanes: map[string]*laneHorizon{}}
}

// add makes a lane known that is folded up to at, which is zero for one without a
// past: that one holds nobody until it has been read.
func (h *horizon) add(region string, at uptime.Instant) {
	if h.lanes[region] == nil {
		h.lanes[region] = &laneHorizon{at: at}
	}
}

// keep forgets the lanes that are not known any more.
func (h *horizon) keep(known map[string]bool) {
	for region := range h.lanes {
		if !known[region] {
			delete(h.lanes, region)
		}
	}
}

// folded says that a lane's results up to the instant are folded.
func (h *horizon) folded(region string, at uptime.Instant) {
	if l := h.lanes[region]; l != nil {
		l.at, l.failing = max(l.at, at), 0
	}
}

// failed says that a lane could not be read.
func (h *horizon) failed(region string) {
	if l := h.lanes[region]; l != nil && l.failing == 0 {
		l.failing = h.fleet()
	}
}

// now returns the instant as of which to judge, and whether that lies in the past.
func (h *horizon) now() (at uptime.Instant, catchUp bool) {
	at = h.fleet()
	if first := h.oldest(at); at.Sub(first) > backlogLimit {
		at, catchUp = first, true
	}
	h.last = max(h.last, at)
	return h.last, catchUp
}

// before tells whether a lane may still have results older than at, so that these
// have to wait for it. What is not older than the limit waits for nobody.
func (h *horizon) before(at uptime.Instant) bool {
	fleet := h.fleet()
	return fleet.Sub(at) > backlogLimit && h.oldest(fleet) < at-1
}

// backlog returns how far behind the fold is.
func (h *horizon) backlog() time.Duration {
	fleet := h.fleet()
	return fleet.Sub(h.oldest(fleet))
}

func (h *horizon) oldest(fleet uptime.Instant) uptime.Instant {
	first := fleet
	for _, l := range h.lanes {
		if l.at == 0 || l.failing != 0 && fleet.Sub(l.failing) > laneHold {
			continue
		}
		first = min(first, l.at)
	}
	return first
}
