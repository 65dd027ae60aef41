// Package rules owns how others decide that a target is down, so that their rules can
// be put beside ours on the same checks. Each sees the same scheduled results with
// the same quick retry; where a rule rechecks, its rechecks are checks of their own.
package rules

import "math/bits"

// Rule names a rule. Ours is not decided here.
type Rule uint8

// The rules.
const (
	Ours     Rule = iota
	Any           // any region fails
	Half          // at least half of the configured regions fail (openstatus)
	TwoRow        // two failures running, from one place
	ThreeRow      // three of them
	Share         // healthy as long as more than 18 % of the regions say so (Route 53)
	Recheck       // a failure is rechecked from everywhere at once, and two places confirm it
	Count
)

// Names are the rules for people.
var Names = [Count]string{
	"probefleet", "any region", "≥ 50 % of configured regions", "2 in a row, one place", "3 in a row, one place",
	"≤ 18 % of regions pass", "2 of all regions, one recheck",
}

// confirmers is how many places have to confirm a failure where there are as many.
const confirmers = 2

// State is what the peers' rules remember of one monitor. The zero value is one that
// is up.
type State struct {
	failing  uint32 // regions, by rank, whose last scheduled result is a failure
	down     uint8  // rules
	row      uint8  // failures running at the first place
	waiting  uint8  // answers to the recheck that is under way
	answered uint8  // failures among those that came
}

// Down tells whether a rule holds the target to be down.
func (s *State) Down(r Rule) bool { return s.down&(1<<r) != 0 }

// Calm tells whether passing results change nothing.
func (s *State) Calm() bool { return *s == State{} }

// Scheduled takes a scheduled result of one of n regions. It returns the rules whose
// opinion it changed, as a set of bits, and whether a recheck from all of them is wanted.
func (s *State) Scheduled(rank, n int, failed bool) (changed uint8, recheck bool) {
	before := s.down
	bit := uint32(1) << rank
	s.failing &^= bit
	if failed {
		s.failing |= bit
	}
	if rank == 0 {
		s.row = min(s.row+1, threeRunning)
		if !failed {
			s.row = 0
		}
	}
	fails := bits.OnesCount32(s.failing)
	s.set(Any, fails > 0)
	s.set(Half, 2*fails >= n)
	s.set(TwoRow, s.row >= 2 || s.Down(TwoRow) && s.row > 0)
	s.set(ThreeRow, s.row >= threeRunning || s.Down(ThreeRow) && s.row > 0)
	s.set(Share, 100*(n-fails) <= 18*n)
	if s.Down(Recheck) {
		s.set(Recheck, fails >= min(confirmers, n))
	} else if failed && s.waiting == 0 {
		s.waiting, s.answered, recheck = uint8(n), 0, true
	}
	return before ^ s.down, recheck
}

// threeRunning is what the most patient rule waits for.
const threeRunning = 3

// Rechecked takes one answer to a recheck from n regions.
func (s *State) Rechecked(n int, failed bool) (changed uint8) {
	before := s.down
	if failed {
		s.answered++
	}
	if s.waiting--; s.waiting == 0 {
		s.set(Recheck, int(s.answered) >= min(confirmers, n))
		s.answered = 0
	}
	return before ^ s.down
}

func (s *State) set(r Rule, down bool) {
	s.down &^= 1 << r
	if down {
		s.down |= 1 << r
	}
}
