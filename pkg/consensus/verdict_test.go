package consensus

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestHealthyComesUpQuietly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.run(5 * time.Minute)
	w.wantVerdict(uptime.VerdictUp)
	w.wantIncidents(0, 0)
	if n := len(w.did.Rechecks); n != 0 {
		t.Errorf("%d rechecks of a healthy target", n)
	}
	if n := len(w.did.Verdicts); n != 1 {
		t.Errorf("%d verdict changes, want one: unknown to up", n)
	}
	if w.s.tr != nil {
		t.Error("a healthy monitor keeps trouble in memory")
	}
}

// At 10 s and three regions an outage is an incident within 8 s and resolved within
// 30 s, whenever in the cycle it begins and ends.
func TestOutageAnyPhase(t *testing.T) {
	t.Parallel()
	for phase := time.Duration(0); phase < 10*time.Second; phase += 370 * time.Millisecond {
		begin, end := time.Minute+phase, 2*time.Minute+phase*3/2
		w := newWorld(t, 10*time.Second, "a", "b", "c")
		w.see = during(begin, end, status(500))
		w.run(begin + 8*time.Second)
		w.wantIncidents(1, 0)
		w.wantVerdict(uptime.VerdictDown)
		w.run(end)
		w.wantIncidents(1, 0)
		w.run(end + 30*time.Second)
		w.wantIncidents(1, 1)
		w.wantVerdict(uptime.VerdictUp)
		if n := len(w.did.Rechecks); n != 2 {
			t.Errorf("phase %v: %d bursts, want one to confirm and one to recover", phase, n)
		}
		w.run(end + 5*time.Minute)
		w.wantIncidents(1, 1)
	}
}

func TestFirstCheckDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.see = during(0, forever, status(503))
	w.run(3 * time.Second)
	w.wantIncidents(1, 0)
	o := w.did.Opened[0]
	if o.FirstFailure != w.at(0) || o.Reason != uptime.ReasonStatus || o.Flapping {
		t.Errorf("opened %+v", o)
	}
	if len(w.did.Verdicts) != 1 || w.did.Verdicts[0].From != uptime.VerdictUnknown {
		t.Errorf("verdicts %+v", w.did.Verdicts)
	}
}

func TestFirstCheckUpTellsNoRecovery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.run(3 * time.Minute)
	w.wantVerdict(uptime.VerdictUp)
	w.wantIncidents(0, 0)
}

func TestUnanimousNeedsOneRoundMajorityTwo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		regions []string
		failing []string
		rounds  int
		down    bool
	}{
		{"three of three", []string{"a", "b", "c"}, []string{"a", "b", "c"}, 1, true},
		{"two of three", []string{"a", "b", "c"}, []string{"a", "b"}, 2, true},
		{"one of three", []string{"a", "b", "c"}, []string{"b"}, 1, false},
		{"two of two", []string{"a", "b"}, []string{"a", "b"}, 2, true},
		{"one of two", []string{"a", "b"}, []string{"a"}, 1, false},
		{"one of one", []string{"a"}, []string{"a"}, 2, true},
		{"two of four", []string{"a", "b", "c", "d"}, []string{"a", "d"}, 1, false},
		{"three of four", []string{"a", "b", "c", "d"}, []string{"a", "b", "d"}, 2, true},
		{"five of five", []string{"a", "b", "c", "d", "e"}, []string{"a", "b", "c", "d", "e"}, 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 60*time.Second, tt.regions...)
			w.see = during(5*time.Minute, forever, status(500), tt.failing...)
			w.run(5 * time.Minute)
			w.wantVerdict(uptime.VerdictUp)
			w.run(8 * time.Minute)
			if !tt.down {
				w.wantVerdict(uptime.VerdictUp)
				w.wantIncidents(0, 0)
				if regions, since := w.s.Advisory(); len(regions) != len(tt.failing) || since == 0 {
					t.Errorf("advisory %v since %v", regions, since)
				}
				if n := len(w.did.Rechecks); n > len(tt.failing) {
					t.Errorf("%d bursts for %d failing regions: none may repeat until something changes", n, len(tt.failing))
				}
				return
			}
			w.wantIncidents(1, 0)
			if got := len(w.did.Opened[0].Evidence.Rounds); got != tt.rounds {
				t.Errorf("%d rounds, want %d: %+v", got, tt.rounds, w.did.Opened[0].Evidence.Rounds)
			}
			gap := w.m.gap(len(tt.regions))
			if tt.rounds == 2 && w.asks[1].Sub(w.asks[0]) < gap {
				t.Errorf("second round %v after the first, want %v", w.asks[1].Sub(w.asks[0]), gap)
			}
		})
	}
}

func TestOneRegionBlipOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a")
	// The failure lasts for the first confirmation and is gone at the second, 5 s later.
	w.see = during(2*time.Minute, 2*time.Minute+3*time.Second, status(500))
	w.run(4 * time.Minute)
	w.wantIncidents(0, 0)
	w.wantVerdict(uptime.VerdictUp)
	if len(w.did.Rechecks) != 2 {
		t.Errorf("%d rounds, want 2", len(w.did.Rechecks))
	}
}

func TestBlipEverywhereOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.see = during(time.Minute, time.Minute+time.Millisecond, status(500))
	w.run(3 * time.Minute)
	w.wantIncidents(0, 0)
	w.wantVerdict(uptime.VerdictUp)
	if len(w.did.Advisories) != 0 {
		t.Errorf("advisories %+v of a failure that the round did not see", w.did.Advisories)
	}
}

func TestSecondRoundDisagrees(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	begin := 3 * time.Minute
	w.see = during(begin, begin+500*time.Millisecond, status(500), "a", "b")
	w.run(5 * time.Minute)
	w.wantIncidents(0, 0)
	w.wantVerdict(uptime.VerdictUp)
	if len(w.did.Rechecks) != 2 {
		t.Errorf("%d rounds, want 2", len(w.did.Rechecks))
	}
}

func TestAdvisoryBeginsChangesEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c", "d", "e")
	w.see = func(region string, due uptime.Instant) uptime.Result {
		d := due.Sub(epoch)
		if region == "b" && d >= time.Minute && d < 3*time.Minute || region == "d" && d >= 2*time.Minute && d < 4*time.Minute {
			return status(500)
		}
		return uptime.Result{}
	}
	w.run(6 * time.Minute)
	w.wantIncidents(0, 0)
	w.wantVerdict(uptime.VerdictUp)
	type step struct {
		regions string
		ended   bool
	}
	want := []step{{"b", false}, {"bd", false}, {"d", false}, {"d", true}}
	if len(w.did.Advisories) != len(want) {
		t.Fatalf("advisories %+v, want %+v", w.did.Advisories, want)
	}
	for i, a := range w.did.Advisories {
		names := ""
		for _, r := range a.Regions {
			names += r
		}
		if (step{names, a.Ended}) != want[i] || a.Since != w.did.Advisories[0].Since {
			t.Errorf("step %d: %+v, want %+v", i, a, want[i])
		}
	}
	if n := len(w.did.Rechecks); n != 2 {
		t.Errorf("%d bursts, want one for each region that began to fail", n)
	}
}

func TestSilentRegionsMakeUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.run(time.Minute)
	for _, r := range []string{"b", "c"} {
		w.f.Regions[r] = Region{Healthy: true}
	}
	w.configure()
	w.run(3 * time.Minute)
	w.wantVerdict(uptime.VerdictUnknown)
	w.wantIncidents(0, 0)
	for _, v := range w.s.Votes(w.m, w.f, w.now)[1:] {
		if v.Counted || v.Fresh || v.Why != WhySilent {
			t.Errorf("vote %+v of a silent region", v)
		}
	}
	ended := map[string]bool{}
	for _, v := range w.did.Votes {
		ended[v.Region] = v.To == uptime.OutcomeNone
	}
	if !ended["b"] || !ended["c"] || ended["a"] {
		t.Errorf("vote spans ended: %v, want b and c", ended)
	}
	for _, r := range []string{"b", "c"} {
		w.f.Regions[r] = Region{Healthy: true, Live: true}
	}
	w.run(4 * time.Minute)
	w.wantVerdict(uptime.VerdictUp)
	w.wantIncidents(0, 0)
}

// A failure that nobody else can confirm is unknown, not down and not up.
func TestFailureWithoutWitnesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.see = during(3*time.Minute, forever, status(500))
	w.run(3*time.Minute - time.Millisecond)
	w.f.Regions["b"], w.f.Regions["c"] = Region{Healthy: true}, Region{Healthy: true}
	w.run(3*time.Minute + 10*time.Second)
	w.wantVerdict(uptime.VerdictUnknown)
	w.wantIncidents(0, 0)
	// When a second region is back, the failure is confirmed.
	w.f.Regions["b"] = Region{Healthy: true, Live: true}
	w.run(5 * time.Minute)
	w.wantIncidents(1, 0)
}

func TestSickRegionHasNoVote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c", "singapore")
	w.f.Regions["singapore"] = Region{Live: true}
	w.see = during(time.Minute, forever, status(500), "singapore")
	w.run(3 * time.Minute)
	w.wantVerdict(uptime.VerdictUp)
	if len(w.did.Rechecks)+len(w.did.Advisories) != 0 {
		t.Error("a sick region rouses suspicion")
	}
	w.see = during(3*time.Minute, forever, status(500))
	w.run(4 * time.Minute)
	w.wantIncidents(1, 0)
	want := "Down: 3 of 3 fresh regions failed, unexpected status 500; singapore excluded as sick"
	if got := w.did.Opened[0].Explanation; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	q := func(mode uptime.QuorumMode, count int) uptime.Quorum { return uptime.Quorum{Mode: mode, Count: count} }
	tests := []struct {
		name    string
		quorum  uptime.Quorum
		failing []string
		live    []string
		want    uptime.Verdict
	}{
		{"any: one", q(uptime.QuorumAny, 0), []string{"a"}, nil, uptime.VerdictDown},
		{"all: two", q(uptime.QuorumAll, 0), []string{"a", "b"}, nil, uptime.VerdictUp},
		{"all: three", q(uptime.QuorumAll, 0), []string{"a", "b", "c"}, nil, uptime.VerdictDown},
		{"count 3: two", q(uptime.QuorumCount, 3), []string{"a", "b"}, nil, uptime.VerdictUp},
		{"count 3: three", q(uptime.QuorumCount, 3), []string{"a", "b", "c"}, nil, uptime.VerdictDown},
		{"count 3 of 2 live", q(uptime.QuorumCount, 3), []string{"a", "b"}, []string{"a", "b"}, uptime.VerdictUnknown},
		{"count 1: one", q(uptime.QuorumCount, 1), []string{"c"}, nil, uptime.VerdictDown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 10*time.Second, "a", "b", "c")
			w.m.Policy.Quorum = tt.quorum
			if tt.live != nil {
				w.f.Regions = map[string]Region{}
				for _, r := range w.m.Assigned {
					w.f.Regions[r] = Region{Healthy: true}
				}
				for _, r := range tt.live {
					w.f.Regions[r] = Region{Healthy: true, Live: true}
				}
			}
			w.see = during(time.Minute, forever, status(500), tt.failing...)
			w.run(4 * time.Minute)
			w.wantVerdict(tt.want)
			if opened := len(w.did.Opened); opened > 1 || (opened == 1) != (tt.want == uptime.VerdictDown) {
				t.Errorf("%d incidents at verdict %v", opened, tt.want)
			}
		})
	}
}

func TestDegraded(t *testing.T) {
	t.Parallel()
	slow := uptime.Result{Outcome: uptime.OutcomeDegraded, Reason: uptime.ReasonAssertion, Code: 200}
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.see = func(region string, due uptime.Instant) uptime.Result {
		d := due.Sub(epoch)
		switch {
		case d < time.Minute || d >= 5*time.Minute:
			return uptime.Result{}
		case region == "c" && d >= 3*time.Minute:
			return status(500)
		case d >= 2*time.Minute || region == "a":
			return slow
		}
		return uptime.Result{}
	}
	w.run(2 * time.Minute)
	w.wantVerdict(uptime.VerdictUp) // one degraded region is no quorum
	w.run(3 * time.Minute)
	w.wantVerdict(uptime.VerdictDegraded)
	w.run(5 * time.Minute)
	w.wantVerdict(uptime.VerdictDegraded) // one fails, two are degraded: not down
	w.wantIncidents(0, 0)
	if got, _ := w.s.Advisory(); len(got) != 1 || got[0] != "c" {
		t.Errorf("advisory %v, want c", got)
	}
	w.run(6 * time.Minute)
	w.wantVerdict(uptime.VerdictUp)
	if len(w.did.Verdicts) != 3 || w.did.Verdicts[1].Reason != uptime.ReasonAssertion {
		t.Errorf("verdicts %+v", w.did.Verdicts)
	}
}

func TestSlowStragglerDoesNotDelayDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.delay["c"] = 9 * time.Second
	w.see = during(3*time.Minute, forever, status(500))
	w.run(3*time.Minute + 3*time.Second)
	w.wantIncidents(1, 0) // two of three are certain, twice
}

// A blip while nobody else can be asked passes without a trace: once nothing fails any
// more, the others' votes of before the round are as good as ever.
func TestBlipWithoutWitnesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour, "a", "b")
	w.see = during(10*time.Hour, 10*time.Hour+time.Millisecond, status(500))
	w.run(10*time.Hour - time.Millisecond)
	w.f.Regions["b"] = Region{Healthy: true}
	w.run(10*time.Hour + 10*time.Second)
	w.f.Regions["b"] = Region{Healthy: true, Live: true}
	w.run(10*time.Hour + 20*time.Second)
	w.wantVerdict(uptime.VerdictUp)
	w.wantIncidents(0, 0)
	if n := len(w.did.Verdicts); n != 1 {
		t.Errorf("verdicts %+v", w.did.Verdicts)
	}
}

// A regional failure that comes back is looked at again.
func TestRegionalFailureComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c", "d", "e")
	w.see = func(region string, due uptime.Instant) uptime.Result {
		d := due.Sub(epoch)
		if d >= time.Minute && (region == "a" || region == "b" && d/time.Minute%2 == 0) {
			return status(500)
		}
		return uptime.Result{}
	}
	w.run(9 * time.Minute)
	w.wantIncidents(0, 0)
	if n := len(w.did.Rechecks); n != 5 {
		t.Errorf("%d bursts, want one for a and one each time b fails anew", n)
	}
}

// Regions that were below quorum are a quorum of those that are left.
func TestQuorumOfThoseLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c", "d", "e")
	w.see = during(time.Minute, forever, status(500), "a", "b")
	w.run(3 * time.Minute)
	w.wantVerdict(uptime.VerdictUp)
	bursts := len(w.did.Rechecks)
	w.f.Regions["c"], w.f.Regions["d"] = Region{Healthy: true}, Region{Healthy: true}
	w.run(5 * time.Minute)
	w.wantIncidents(1, 0)
	if n := len(w.did.Rechecks) - bursts; n != 2 {
		t.Errorf("%d rounds, want two that agree", n)
	}
	if n := len(w.did.Advisories); !w.did.Advisories[n-1].Ended {
		t.Errorf("advisories %+v", w.did.Advisories)
	}
}

// An advisory ends when nobody knows any more.
func TestAdvisoryEndsInUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.see = during(time.Minute, forever, status(500), "a")
	w.run(2 * time.Minute)
	w.f.Regions["b"], w.f.Regions["c"] = Region{Healthy: true}, Region{Healthy: true}
	w.run(4 * time.Minute)
	w.wantVerdict(uptime.VerdictUnknown)
	if n := len(w.did.Advisories); n != 2 || !w.did.Advisories[1].Ended {
		t.Errorf("advisories %+v", w.did.Advisories)
	}
}

// Answers a moment apart are one round: who comes last is neither left out of the
// evidence nor a reason for a second round. Who does not come at all holds nothing up.
func TestARoundWaitsAMomentForItsLastAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		takes  time.Duration
		behind time.Duration
		rounds int
		n      int
	}{
		{"a moment behind", 50 * time.Millisecond, 300 * time.Millisecond, 1, 3},
		{"a moment behind, when each takes the whole timeout", 10 * time.Second, 300 * time.Millisecond, 1, 3},
		{"far behind", 50 * time.Millisecond, 5 * time.Second, 2, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 60*time.Second, "a", "b", "c")
			w.run(time.Minute)
			w.see = during(time.Minute, forever, status(500))
			w.latency, w.delay["c"] = tt.takes, tt.behind
			w.run(time.Minute + 2*tt.takes + 4*time.Second)
			w.wantIncidents(1, 0)
			e := w.did.Opened[0].Evidence
			if len(e.Rounds) != tt.rounds || e.Quorum.N != tt.n {
				t.Errorf("%d rounds with %d votes, want %d with %d", len(e.Rounds), e.Quorum.N, tt.rounds, tt.n)
			}
		})
	}
}

// A vote runs out a microsecond after its freshness, whether anything else happens or not.
func TestRunsOutOnTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a")
	w.run(90 * time.Second)
	w.f.Regions["a"] = Region{Healthy: true}
	w.run(time.Hour)
	end := w.at(time.Minute).Add(2*w.m.Interval + w.m.Timeout)
	last := w.did.Verdicts[len(w.did.Verdicts)-1]
	if last.To != uptime.VerdictUnknown || last.At != end+1 {
		t.Errorf("%+v, want unknown at %v", last, end+1)
	}
	if v := w.did.Votes[len(w.did.Votes)-1]; v.To != uptime.OutcomeNone || v.At != end {
		t.Errorf("%+v, want the span to end at %v", v, end)
	}
	if n := w.s.Next(); n != 0 {
		t.Errorf("a Tick is wanted at %v of a monitor that nobody looks at", n.Sub(epoch))
	}
}
