package consensus

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestIncidentOutlivesUnknown(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{10 * time.Second, time.Minute} {
		w := newWorld(t, interval, "a", "b", "c")
		w.see = during(10*time.Minute, 20*time.Minute, status(500))
		w.run(15 * time.Minute)
		w.wantIncidents(1, 0)
		for _, r := range w.m.Assigned[1:] {
			w.f.Regions[r] = Region{Healthy: true}
		}
		w.run(19 * time.Minute)
		w.wantVerdict(uptime.VerdictUnknown)
		w.wantIncidents(1, 0)
		for _, r := range w.m.Assigned[1:] {
			w.f.Regions[r] = Region{Healthy: true, Live: true}
		}
		w.run(19*time.Minute + 59*time.Second)
		w.wantIncidents(1, 0)
		w.wantVerdict(uptime.VerdictDown)
		for _, r := range w.m.Assigned[1:] {
			w.f.Regions[r] = Region{Healthy: true}
		}
		w.run(30 * time.Minute) // one region alone passes: that resolves nothing
		w.wantVerdict(uptime.VerdictUnknown)
		w.wantIncidents(1, 0)
		for _, r := range w.m.Assigned[1:] {
			w.f.Regions[r] = Region{Healthy: true, Live: true}
		}
		w.run(33 * time.Minute)
		w.wantVerdict(uptime.VerdictUp)
		w.wantIncidents(1, 1)
	}
}

// A sick region cannot resolve either.
func TestSickRegionsDoNotResolve(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.see = during(time.Minute, 3*time.Minute, status(500))
	w.run(2 * time.Minute)
	w.wantIncidents(1, 0)
	w.f.Regions["b"], w.f.Regions["c"] = Region{Live: true}, Region{Live: true}
	w.configure()
	w.run(5 * time.Minute)
	w.wantIncidents(1, 0)
	w.wantVerdict(uptime.VerdictUnknown)
}

func TestConfirmationSeconds(t *testing.T) {
	t.Parallel()
	for _, lasts := range []time.Duration{50 * time.Second, 80 * time.Second} {
		w := newWorld(t, 10*time.Second, "a", "b", "c")
		w.m.Policy.ConfirmationSeconds = 60
		w.see = during(2*time.Minute, 2*time.Minute+lasts, status(500))
		w.run(2*time.Minute + 59*time.Second)
		w.wantIncidents(0, 0)
		w.run(3*time.Minute + 15*time.Second)
		opened := 0
		if lasts > time.Minute {
			opened = 1
		}
		w.wantIncidents(opened, 0)
		if n := len(w.did.Rechecks); n < 5 || n > 10 {
			t.Errorf("%d rounds in a minute of waiting", n)
		}
	}
}

// A target that is down for some and degraded for the rest comes back degraded.
func TestResolvesToDegraded(t *testing.T) {
	t.Parallel()
	slow := uptime.Result{Outcome: uptime.OutcomeDegraded, Reason: uptime.ReasonAssertion}
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.see = func(_ string, due uptime.Instant) uptime.Result {
		if due.Sub(epoch) < 2*time.Minute {
			return status(500)
		}
		return slow
	}
	w.run(3 * time.Minute)
	w.wantIncidents(1, 1)
	w.wantVerdict(uptime.VerdictDegraded)
}

func TestLateAnswersNeitherOpenNorResolve(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.see = during(3*time.Minute, 10*time.Minute, status(500))
	w.run(3*time.Minute + 10*time.Millisecond)
	w.run(5 * time.Minute)
	w.wantIncidents(1, 0)
	// Passes due before the incident arrive now, with urgent dues of a round long over.
	for _, region := range w.m.Assigned {
		r := passing(uptime.CanaryNone, "")
		r.Monitor, r.Revision, r.Region, r.Due = w.m.ID, 1, region, w.at(3*time.Minute)+7
		w.result(r)
	}
	w.tick()
	w.wantIncidents(1, 0)
	w.wantVerdict(uptime.VerdictDown)
	w.run(15 * time.Minute)
	w.wantIncidents(1, 1)
	for _, region := range w.m.Assigned {
		r := status(500)
		r.Monitor, r.Revision, r.Region, r.Due = w.m.ID, 1, region, w.at(9*time.Minute)+7
		w.result(r)
	}
	w.run(20 * time.Minute)
	w.wantIncidents(1, 1)
}

func TestRecoveryPace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5*time.Minute, "a", "b", "c")
	w.m.Policy.RecoveryRounds = 3
	w.see = during(20*time.Minute, 40*time.Minute, status(500))
	w.run(40 * time.Minute)
	w.wantIncidents(1, 0)
	rounds := 0
	for _, r := range w.did.Rechecks {
		if r.Recovery {
			rounds++
		}
	}
	if rounds < 35 || rounds > 42 {
		t.Errorf("%d recovery rounds in 20 minutes, want one every 30 s", rounds)
	}
	w.run(40*time.Minute + 95*time.Second)
	w.wantIncidents(1, 1)
	if open, end := w.did.Opened[0].At, w.did.Resolved[0].At; end <= open {
		t.Errorf("resolved at %v, opened at %v", end, open)
	}
}

// A target that passes now and then while down does not resolve without clean rounds
// running.
func TestFlickerWhileDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.see = func(_ string, due uptime.Instant) uptime.Result {
		d := due.Sub(epoch)
		if d >= 5*time.Minute && d < 15*time.Minute && d/time.Second%40 >= 8 {
			return status(500)
		}
		return uptime.Result{}
	}
	w.run(15 * time.Minute)
	w.wantIncidents(1, 0)
	w.run(18 * time.Minute)
	w.wantIncidents(1, 1)
}

// Each incident starts afresh: its own first failure, its own rounds, its own way back.
func TestIncidentsDoNotInherit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5*time.Minute, "a", "b", "c")
	w.m.Policy.RecoveryRounds = 3
	hours := []time.Duration{time.Hour, 2 * time.Hour}
	w.see = func(region string, due uptime.Instant) uptime.Result {
		d := due.Sub(epoch)
		for _, h := range hours {
			if region != "c" && d >= h && d < h+20*time.Minute {
				return status(500)
			}
		}
		if region == "a" && d >= 30*time.Minute && d < 30*time.Minute+time.Second {
			return status(500) // a blip long before
		}
		return uptime.Result{}
	}
	for i, h := range hours {
		before := len(w.did.Rechecks)
		w.run(h)
		if i == 0 {
			before = len(w.did.Rechecks) // the blip had one
		}
		w.run(h + 20*time.Minute)
		w.wantIncidents(i+1, i)
		o := w.did.Opened[i]
		if n := len(o.Evidence.Rounds); n != 2 || o.Evidence.Round != 2 || o.Evidence.Rounds[0].Round != 1 {
			t.Errorf("incident %d opened after rounds %+v", i, o.Evidence.Rounds)
		}
		if first := o.FirstFailure; first < w.at(h) || first > o.At {
			t.Errorf("incident %d: first failure at %v", i, first.Sub(epoch))
		}
		rounds := w.did.Rechecks[before:]
		if rounds[0].Round != 1 || rounds[1].Round != 2 || rounds[2].Round != 1 || !rounds[2].Recovery {
			t.Errorf("incident %d: rounds %+v", i, rounds[:3])
		}
		if first := rounds[2].At.Sub(o.At); first < 29*time.Second || first > 30*time.Second {
			t.Errorf("incident %d: first recovery round %v after it opened", i, first)
		}
		w.run(h + 40*time.Minute)
		w.wantIncidents(i+1, i+1)
		clean := 0
		for _, r := range w.did.Rechecks[before:] {
			if r.At >= w.at(h+20*time.Minute) {
				clean++
			}
		}
		if clean != 3 {
			t.Errorf("incident %d resolved after %d clean rounds", i, clean)
		}
	}
	last := w.did.Verdicts[len(w.did.Verdicts)-1]
	if want := "Up: 3 of 3 fresh regions pass (3 clean rounds)"; last.Explanation != want || w.did.Resolved[1].Explanation != want {
		t.Errorf("got %s and %s", last.Explanation, w.did.Resolved[1].Explanation)
	}
}

// A region that goes on failing alone after an incident is an advisory, not a burst.
func TestRegionLeftBehind(t *testing.T) {
	t.Parallel()
	for _, mute := range []bool{false, true} {
		w := newWorld(t, 5*time.Minute, "a", "b", "c")
		w.see = func(region string, due uptime.Instant) uptime.Result {
			if d := due.Sub(epoch); d >= 20*time.Minute && (d < 40*time.Minute || region == "c") {
				return status(500)
			}
			return uptime.Result{}
		}
		w.run(39 * time.Minute)
		w.wantIncidents(1, 0)
		w.mute["c"] = mute
		w.run(42 * time.Minute)
		w.wantIncidents(1, 1)
		resolved := w.did.Resolved[0].At
		var bursts []time.Duration
		for _, r := range w.did.Rechecks {
			if !r.Recovery && r.At > resolved-1000 {
				bursts = append(bursts, r.At.Sub(resolved).Round(time.Second))
			}
		}
		// A failure that the last round judged needs none; one that it did not, a try later.
		if mute && (len(bursts) == 0 || bursts[0] != recheckEvery) || !mute && len(bursts) != 0 {
			t.Errorf("mute %v: bursts %v after the incident", mute, bursts)
		}
		told := len(w.did.Advisories) > 0 && w.did.Advisories[0].At == resolved
		if told == mute {
			t.Errorf("mute %v: advisories %+v, resolved at %v", mute, w.did.Advisories, resolved)
		}
	}
}

// The evidence keeps the last rounds only.
func TestEvidenceIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.m.Policy.ConfirmationSeconds = 300
	w.see = during(time.Minute, forever, status(500))
	w.run(7 * time.Minute)
	w.wantIncidents(1, 0)
	e := w.did.Opened[0].Evidence
	if n := len(e.Rounds); n != roundsKept || e.Rounds[n-1].Round != e.Round || e.Round < 20 {
		t.Errorf("%d rounds kept of %d", n, e.Round)
	}
	if waited := w.did.Opened[0].At.Sub(w.did.Rechecks[0].At); waited < 300*time.Second {
		t.Errorf("opened after %v", waited)
	}
}

// A recovery round in which one region passes is not clean before the slow ones have
// had their say.
func TestRecoveryWaitsForTheSlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.delay["c"] = 5 * time.Second
	w.see = func(region string, due uptime.Instant) uptime.Result {
		if d := due.Sub(epoch); d >= 5*time.Minute && (d < 10*time.Minute || region != "a") {
			return status(500)
		}
		return uptime.Result{}
	}
	w.run(20 * time.Minute)
	w.wantIncidents(1, 0)
	w.wantVerdict(uptime.VerdictDown)
}

func TestRecoveryRounds(t *testing.T) {
	t.Parallel()
	for given, want := range map[int]int{-1: 2, 0: 2, 1: 1, 2: 2, 5: 5} {
		m := Monitor{Policy: uptime.Policy{RecoveryRounds: given}}
		if got := m.recoveryRounds(); got != want {
			t.Errorf("%d recovery rounds given: %d, want %d", given, got, want)
		}
	}
}
