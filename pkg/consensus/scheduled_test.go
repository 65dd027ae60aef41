package consensus

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestMinRecheckLeavesTheTargetAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour, "a", "b", "c")
	w.m.MinRecheck = 24 * time.Hour
	w.see = during(10*time.Hour, 20*time.Hour, status(500))
	w.run(12 * time.Hour)
	w.wantIncidents(1, 0) // by scheduled votes
	w.run(24 * time.Hour)
	w.wantIncidents(1, 1)
	if n := len(w.did.Rechecks); n != 0 {
		t.Errorf("%d urgent checks within the pause", n)
	}
}

// Where asking again would hear the same answer, the first good one of the regions ends
// the incident.
func TestMinRecheckRecoversByOneAnswer(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	w := newWorld(t, day, "a", "b", "c")
	w.m.MinRecheck = day
	w.see = during(day, 2*day, status(500))
	w.run(2*day + 12*time.Hour) // c has yet to look
	w.wantIncidents(1, 0)
	w.run(3 * day)
	w.wantIncidents(1, 1)
	if got := w.did.Resolved[0].Explanation; got != "Up: 3 of 3 fresh regions pass (1 clean round)" {
		t.Error(got)
	}
	w.wantVerdict(uptime.VerdictUp)
	if n := len(w.did.Rechecks); n != 0 {
		t.Errorf("%d urgent checks within the pause", n)
	}
}

func TestNoBudgetScheduledVotesDecide(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.f.Budget = &Budget{}
	for _, r := range w.m.Assigned {
		w.f.Budget.Take(r, 1<<40, epoch)
	}
	w.see = during(time.Minute, 3*time.Minute, status(500))
	w.run(85 * time.Second)
	w.wantVerdict(uptime.VerdictUp)
	w.run(2 * time.Minute)
	w.wantIncidents(1, 0)
	w.run(4 * time.Minute)
	w.wantIncidents(1, 1)
	if n := len(w.did.Rechecks); n != 0 {
		t.Errorf("%d rechecks without budget", n)
	}
}

// One region's single failure never opens an incident where no round can be had:
// its schedule has to confirm it.
func TestNoBudgetOneRegion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a")
	w.f.CatchUp = true
	w.see = during(5*time.Minute, 6*time.Minute, status(500))
	w.run(10 * time.Minute)
	w.wantIncidents(0, 0)
	w.see = during(10*time.Minute, forever, status(500))
	w.run(13 * time.Minute)
	w.wantIncidents(1, 0)
}

// A round is not begun when the budget lets too few be asked to decide anything.
func TestBudgetForTooFew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.f.Budget = &Budget{}
	w.f.Budget.Take("a", 1<<40, epoch)
	w.f.Budget.Take("b", 1<<40, epoch)
	w.see = during(time.Minute, forever, status(500))
	w.run(time.Minute + 20*time.Second)
	if n := len(w.did.Rechecks); n != 0 {
		t.Errorf("%d rounds that ask one region of three", n)
	}
	w.f.Budget = &Budget{}
	w.f.Budget.Take("a", 1<<40, epoch)
	w.run(time.Minute + 30*time.Second)
	w.wantIncidents(1, 0)
	if got := w.did.Rechecks[0].Regions; len(got) != 2 || got[0] != "b" {
		t.Errorf("asked %v, want b and c", got)
	}
}

// The budget runs out between two rounds: the next one that can be had is a first one.
func TestBudgetRunsOutBetweenRounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.see = during(3*time.Minute, forever, status(500), "a", "b")
	w.run(3*time.Minute + 500*time.Millisecond)
	w.f.Budget = &Budget{}
	for _, r := range w.m.Assigned {
		w.f.Budget.Take(r, 1<<40, epoch)
	}
	w.run(3*time.Minute + 4*time.Second)
	w.f.Budget = nil
	w.run(3*time.Minute + 20*time.Second)
	var rounds []int
	for _, r := range w.did.Rechecks {
		rounds = append(rounds, r.Round)
	}
	if len(rounds) != 3 || rounds[0] != 1 || rounds[1] != 1 || rounds[2] != 2 {
		t.Errorf("rounds %v, want 1, then 1 and 2", rounds)
	}
	w.wantIncidents(1, 0)
}

// A suspicion that went away by itself leaves no trace in the next incident, and the
// budget is not asked at every turn.
func TestSuspicionThatWentAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.f.Budget = &Budget{}
	for _, r := range w.m.Assigned {
		w.f.Budget.Take(r, 1<<40, epoch)
	}
	w.see = func(region string, due uptime.Instant) uptime.Result {
		d := due.Sub(epoch)
		switch {
		case region == "c":
			return uptime.Result{Outcome: uptime.OutcomeDegraded, Reason: uptime.ReasonAssertion, Detail: "slow"}
		case d >= time.Minute && d < 70*time.Second || d >= 5*time.Minute && d < 10*time.Minute:
			return status(500)
		}
		return uptime.Result{}
	}
	w.run(10 * time.Minute)
	w.wantIncidents(1, 0)
	if first := w.did.Opened[0].FirstFailure; first < w.at(5*time.Minute) {
		t.Errorf("first failure at %v, that was another story", first.Sub(epoch))
	}
	w.run(12 * time.Minute)
	w.wantIncidents(1, 1)
	if n := w.f.Budget.Refused("a"); n > 20 {
		t.Errorf("the budget was asked %d times", n)
	}
}

// What a canary said in an outage that is over proves nothing in the next.
func TestProofEndsWithTheFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.see = func(_ string, due uptime.Instant) uptime.Result {
		if d := due.Sub(epoch); d >= 5*time.Minute && d < 10*time.Minute || d >= 20*time.Minute {
			return netFail(passed, "")
		}
		return passing(passed, "")
	}
	w.run(19 * time.Minute)
	w.wantIncidents(1, 1)
	w.f.CatchUp = true
	w.run(25 * time.Minute)
	w.wantIncidents(1, 1) // scheduled failures without canaries do not decide
	w.f.CatchUp = false
	w.run(25*time.Minute + 15*time.Second)
	w.wantIncidents(2, 1)
}
