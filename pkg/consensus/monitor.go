package consensus

import (
	"hash/fnv"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// The pace of rounds.
const (
	roundGrace    = 2 * time.Second        // beyond the timeout, for an answer to travel
	stragglers    = 500 * time.Millisecond // a round whose outcome is certain stays open for the other answers
	secondRound   = time.Second            // between the two rounds that must agree
	singleRound   = 5 * time.Second        // the same where one region is all there is
	patientRound  = 10 * time.Second       // between rounds that only wait for confirmation_seconds
	recheckEvery  = 30 * time.Second       // rounds while down, and after one that decided nothing
	refusedRetry  = 5 * time.Second        // after the budget refused a round
	roundsKept    = 8                      // in the evidence
	voicesAtOnce  = 3                      // unanimous regions that need no second round
	maxConfirming = 24 * time.Hour         // bound of confirmation_seconds
)

// atOnce is what Next returns when judging is due now. Between dawn (2001) and far
// (2255) lies fleet time: before it is a clock that was never set, after it additions
// might overflow.
const (
	atOnce uptime.Instant = 1
	dawn   uptime.Instant = 1e15
	far    uptime.Instant = 1 << 53
)

// sane tells whether an instant can be reckoned with.
func sane(t uptime.Instant) bool { return t > 0 && t < far }

// Freshness is how long a vote counts: two intervals and one timeout.
func (m *Monitor) Freshness() time.Duration { return 2*m.Interval + m.Timeout }

// assigned returns the regions that are judged.
func (m *Monitor) assigned() []string {
	return m.Assigned[:min(len(m.Assigned), MaxRegions)]
}

func (m *Monitor) recoveryRounds() int {
	if m.Policy.RecoveryRounds < 1 {
		return uptime.DefaultPolicy.RecoveryRounds
	}
	return m.Policy.RecoveryRounds
}

func (m *Monitor) confirmation() time.Duration {
	return min(max(0, time.Duration(m.Policy.ConfirmationSeconds)*time.Second), maxConfirming)
}

// byCycle tells whether the schedule is quick enough to serve as rounds while down.
func (m *Monitor) byCycle() bool { return m.Interval <= recheckEvery }

// gap is the pause before the round that must agree with the first.
func (m *Monitor) gap(assigned int) time.Duration {
	if assigned == 1 {
		return singleRound
	}
	return secondRound
}

// settle is how long a quorum of scheduled failures must have stood where no rounds
// can be had: as long as two rounds would have taken; where one region's word is a
// quorum, until its schedule has confirmed it twice.
func (m *Monitor) settle(k int) time.Duration {
	d := 2*(m.Timeout+roundGrace) + secondRound
	if k <= 1 {
		d = max(d, 2*m.Interval)
	}
	return max(d, m.confirmation())
}

// Fingerprint returns what [Monitor.Target] holds for a check of this kind, target
// and settings; it is never zero.
func Fingerprint(kind uptime.Kind, target string, settings []byte) uint64 {
	h := fnv.New64a()
	for _, part := range [...][]byte{[]byte(kind), []byte(target), settings} {
		_, _ = h.Write(part) // never fails
		_, _ = h.Write([]byte{0})
	}
	return max(h.Sum64(), 1)
}
