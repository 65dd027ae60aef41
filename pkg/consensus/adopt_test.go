package consensus

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// revise gives the monitor another revision, as the database does with every change.
func (w *world) revise(change func(*Monitor)) {
	m := *w.m
	m.Revision++
	change(&m)
	w.m = &m
	w.configure()
}

// A check that was in flight when its monitor was paused, changed or given another
// target opens nothing, neither then nor later.
func TestChangeInFlightOpensNothing(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*Monitor){
		"pause":      func(m *Monitor) { m.Paused = true },
		"new target": func(m *Monitor) { m.Target = 2 },
		"unknown":    func(m *Monitor) { m.Target = 0 },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The change comes before, amid and after the answers of the first round.
			for _, after := range []int{10, 49, 60, 75, 100, 119} {
				w := newWorld(t, time.Minute, "a", "b")
				w.m.Target = 1
				broken := w.m.Revision
				w.see = func(_ string, due uptime.Instant) uptime.Result {
					if w.m.Revision == broken && due >= w.at(3*time.Minute) {
						return status(500)
					}
					return uptime.Result{}
				}
				w.run(3*time.Minute + time.Duration(after)*time.Millisecond)
				w.revise(change)
				w.run(8 * time.Minute)
				w.wantIncidents(0, 0)
				want := uptime.VerdictUp
				if name == "pause" {
					want = uptime.VerdictUnknown
				}
				w.wantVerdict(want)
			}
		})
	}
}

func TestPauseClosesQuietly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.m.Target = 1 // which a pause does not change
	w.see = during(time.Minute, forever, status(500))
	w.run(2 * time.Minute)
	w.wantIncidents(1, 0)
	w.revise(func(m *Monitor) { m.Paused = true })
	w.wantIncidents(1, 1)
	if v := w.did.Verdicts[len(w.did.Verdicts)-1]; v.Explanation != "Unknown: paused" {
		t.Errorf("%+v", v)
	}
	if r := w.did.Resolved[0]; !r.Quiet || r.At <= w.did.Opened[0].At {
		t.Errorf("resolved %+v", r)
	}
	w.wantVerdict(uptime.VerdictUnknown)
	if n := w.s.Next(); n != 0 {
		t.Errorf("a paused monitor wants a Tick at %v", n)
	}
	for _, v := range w.s.Votes(w.m, w.f, w.now) {
		if v.Outcome != uptime.OutcomeNone {
			t.Errorf("vote %+v while paused", v)
		}
	}
	if got := w.s.Explain(w.m, w.f, w.now); got != "Unknown: paused" {
		t.Error(got)
	}
	w.run(5 * time.Minute)
	w.wantIncidents(1, 1)
	// Resumed and still down: an incident of its own.
	w.revise(func(m *Monitor) { m.Paused = false })
	w.run(6 * time.Minute)
	w.wantIncidents(2, 1)
}

func TestChangedTargetClearsVotesAndKeepsTheIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.m.Target = 1
	w.see = func(string, uptime.Instant) uptime.Result {
		if w.m.Target == 1 && w.now >= w.at(time.Minute) {
			return status(500)
		}
		return uptime.Result{}
	}
	w.run(2 * time.Minute)
	w.wantIncidents(1, 0)
	w.revise(func(m *Monitor) { m.Target = 2 })
	w.wantVerdict(uptime.VerdictUnknown)
	w.wantIncidents(1, 0)
	if v := w.did.Verdicts[len(w.did.Verdicts)-1]; v.Explanation != "Unknown: changed and not checked since" {
		t.Errorf("%+v", v)
	}
	for _, v := range w.did.Votes[len(w.did.Votes)-3:] {
		if v.From != uptime.OutcomeFail || v.To != uptime.OutcomeNone {
			t.Errorf("%+v, want the vote spans to end", v)
		}
	}
	w.run(2*time.Minute + 40*time.Second)
	w.wantIncidents(1, 1) // the new target is well: told as a recovery
	w.wantVerdict(uptime.VerdictUp)
}

func TestChangedPolicyKeepsVotes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.m.Target = 1
	w.see = during(3*time.Minute, forever, status(500), "a")
	w.run(5 * time.Minute)
	w.wantVerdict(uptime.VerdictUp)
	changes := len(w.did.Votes)
	w.revise(func(m *Monitor) { m.Policy.Quorum = uptime.Quorum{Mode: uptime.QuorumAny} })
	w.wantVerdict(uptime.VerdictUp)
	if len(w.did.Votes) != changes {
		t.Errorf("vote changes %+v by a change of policy", w.did.Votes[changes:])
	}
	w.run(5*time.Minute + 5*time.Second)
	w.wantIncidents(1, 0) // one failure is enough now, and has been confirmed
}

func TestRegionsComeAndGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "b", "d", "f")
	w.see = during(time.Minute, forever, status(500), "d")
	w.run(2 * time.Minute)
	if got, _ := w.s.Advisory(); !cmp.Equal(got, []string{"d"}) {
		t.Fatalf("advisory %v", got)
	}
	m := *w.m // an enabled region is no new revision
	m.Assigned = []string{"a", "d", "f"}
	w.m, w.f.Regions["a"] = &m, Region{Healthy: true, Live: true}
	w.configure()
	var outcomes []uptime.Outcome
	for _, v := range w.s.Votes(w.m, w.f, w.now) {
		outcomes = append(outcomes, v.Outcome)
	}
	if want := []uptime.Outcome{uptime.OutcomeNone, uptime.OutcomeFail, uptime.OutcomePass}; !cmp.Equal(outcomes, want) {
		t.Errorf("votes %v, want %v", outcomes, want)
	}
	if v := w.did.Votes[len(w.did.Votes)-1]; v.Region != "b" || v.To != uptime.OutcomeNone {
		t.Errorf("last vote change %+v, want the end of b's", v)
	}
	w.run(3 * time.Minute)
	w.wantVerdict(uptime.VerdictUp)
	w.wantIncidents(0, 0)
	none := *w.m
	none.Assigned = nil
	w.m, w.slots = &none, nil
	w.configure()
	w.wantVerdict(uptime.VerdictUnknown)
	if got := w.s.Explain(w.m, w.f, w.now); got != "Unknown: no region is assigned" {
		t.Error(got)
	}
	if v := w.did.Verdicts[len(w.did.Verdicts)-1]; v.Explanation != "Unknown: no region is assigned" {
		t.Errorf("%+v", v)
	}
}

func TestMoreRegionsThanCanBeJudged(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range MaxRegions + 10 {
		names = append(names, string(rune('a'+i/100))+string(rune('a'+i/10%10))+string(rune('a'+i%10)))
	}
	w := newWorld(t, time.Minute, names...)
	w.see = during(2*time.Minute, forever, status(500))
	w.run(4 * time.Minute)
	w.wantIncidents(1, 0)
	if n := len(w.did.Opened[0].Evidence.Votes); n != MaxRegions {
		t.Errorf("%d votes in evidence, want %d", n, MaxRegions)
	}
}

func TestReconcile(t *testing.T) {
	t.Parallel()
	t.Run("opened, not saved", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 10*time.Second, "a", "b", "c")
		w.run(time.Minute)
		w.s.Reconcile(w.at(50 * time.Second))
		w.wantVerdict(uptime.VerdictDown)
		if w.s.Next() != atOnce {
			t.Error("nothing is judged after reconciling")
		}
		w.s.Reconcile(w.at(49 * time.Second))
		if got := w.s.Incident(); got != w.at(49*time.Second) {
			t.Errorf("incident of %v, want the database's", got.Sub(epoch))
		}
		w.run(2 * time.Minute)
		w.wantIncidents(0, 1)
	})
	t.Run("opened again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 10*time.Second, "a", "b", "c")
		w.see = during(time.Minute, 3*time.Minute, status(500))
		w.run(time.Minute)
		w.s.Reconcile(w.at(50 * time.Second))
		w.run(2 * time.Minute)
		w.wantIncidents(0, 0) // it is open already
		w.run(4 * time.Minute)
		w.wantIncidents(0, 1)
	})
	t.Run("resolved, not saved", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 10*time.Second, "a", "b", "c")
		w.see = during(time.Minute, 2*time.Minute, status(500))
		w.run(2*time.Minute + time.Second)
		w.wantIncidents(1, 0)
		w.s.Reconcile(0)
		w.run(5 * time.Minute)
		w.wantIncidents(1, 0)
		w.wantVerdict(uptime.VerdictUp)
	})
	t.Run("agreed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 10*time.Second, "a", "b", "c")
		w.see = during(time.Minute, forever, status(500))
		w.run(2 * time.Minute)
		before, _ := w.s.MarshalJSON()
		w.s.Reconcile(w.s.Incident())
		if after, _ := w.s.MarshalJSON(); !cmp.Equal(before, after) {
			t.Error("reconciling with the same incident changes the state")
		}
	})
}

// A changed monitor is taken over by whatever call comes first.
func TestAdoptedWithoutConfigure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.m.Target = 1
	w.run(5 * time.Minute)
	paused := *w.m
	paused.Revision, paused.Paused = 2, true
	w.m = &paused
	w.tick()
	w.wantVerdict(uptime.VerdictUnknown)
	again := paused
	again.Revision, again.Paused = 3, false
	w.m = &again
	for _, region := range w.m.Assigned[:2] {
		r := passing(none, "")
		r.Monitor, r.Revision, r.Region, r.Due = w.m.ID, 3, region, w.now
		w.result(r)
	}
	w.tick()
	w.wantVerdict(uptime.VerdictUp)
}

// A change of the rules amid a round calls the round off, for its answers would be of
// another revision, and begins one of its own.
func TestPolicyChangedInRound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.m.Target = 1
	w.see = during(3*time.Minute, forever, status(500), "a")
	w.run(3*time.Minute + 60*time.Millisecond)
	if len(w.did.Rechecks) != 1 {
		t.Fatalf("%d rounds", len(w.did.Rechecks))
	}
	w.revise(func(m *Monitor) { m.Policy.RecoveryRounds = 5 })
	if len(w.did.Rechecks) != 2 {
		t.Fatalf("%d rounds, want one of the new revision", len(w.did.Rechecks))
	}
	w.run(5 * time.Minute)
	w.wantVerdict(uptime.VerdictUp)
	if len(w.did.Verdicts) != 1 || len(w.did.Advisories) != 1 {
		t.Errorf("verdicts %+v, advisories %+v", w.did.Verdicts, w.did.Advisories)
	}
}

// Whoever was told of an advisory or of blindness is told that it is over when the
// monitor changes.
func TestChangeEndsWhatWasTold(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Monitor){
		"target": func(m *Monitor) { m.Target = 2 },
		"pause":  func(m *Monitor) { m.Paused = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 10*time.Second, "a", "b", "c")
			w.m.Target = 1
			w.see = during(time.Minute, forever, status(500), "a")
			w.run(2 * time.Minute)
			w.revise(change)
			if n := len(w.did.Advisories); n != 2 || !w.did.Advisories[1].Ended {
				t.Errorf("advisories %+v", w.did.Advisories)
			}
			w = newWorld(t, 10*time.Second, "a", "b", "c")
			w.m.Target = 1
			w.see = during(time.Minute, forever, netFail(failed, ""))
			w.run(2 * time.Minute)
			w.revise(change)
			if n := len(w.did.Blinds); n != 2 || !w.did.Blinds[1].Ended {
				t.Errorf("blind actions %+v", w.did.Blinds)
			}
		})
	}
}

// A region that falls sick loses its vote with the next Configure, not with the next
// result.
func TestFleetChangeJudgesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour, "a", "b", "c")
	w.run(90 * time.Minute)
	w.f.Regions["a"], w.f.Regions["b"] = Region{Live: true}, Region{Live: true}
	w.configure()
	w.wantVerdict(uptime.VerdictUnknown)
	w.f.Regions["a"] = Region{Healthy: true, Live: true}
	w.configure()
	w.wantVerdict(uptime.VerdictUp)
}

func TestRegionMovesToTheFront(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "b", "d", "f")
	w.see = during(time.Minute, forever, status(500), "d")
	w.run(2 * time.Minute)
	m := *w.m
	m.Assigned = []string{"d", "f"}
	w.m, w.slots = &m, w.slots[1:]
	w.configure()
	views := w.s.Votes(w.m, w.f, w.now)
	if v := views[0]; v.Region != "d" || v.Outcome != uptime.OutcomeFail || v.Detail != "status" {
		t.Errorf("%+v, want d's failure with its note", v)
	}
	m.Assigned = []string{"a", "d", "f"}
	w.configure()
	if v := w.s.Votes(w.m, w.f, w.now)[1]; v.Outcome != uptime.OutcomeFail || v.Detail != "status" {
		t.Errorf("%+v, want d's failure with its note", v)
	}
}
