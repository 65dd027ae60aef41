package consensus

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/uptime"
)

var allRegions = []string{"ap", "eu", "me", "sa", "us"}

// scenario is a random fleet, a random target and their misfortunes, in segments.
type scenario struct {
	interval time.Duration
	regions  []string
	policy   uptime.Policy
	segments []segment
}

type segment struct {
	length  time.Duration
	healthy []bool
	live    []bool
	sees    []uptime.Result
	budget  bool
}

func scenarios(t *rapid.T) scenario {
	n := rapid.IntRange(1, len(allRegions)).Draw(t, "regions")
	sc := scenario{
		interval: rapid.SampledFrom([]time.Duration{5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute}).Draw(t, "interval"),
		regions:  allRegions[:n],
		policy: uptime.Policy{
			Quorum:              quorums(t, n),
			ConfirmationSeconds: rapid.SampledFrom([]int{0, 0, 0, 20, 90}).Draw(t, "confirmation"),
			RecoveryRounds:      rapid.IntRange(0, 3).Draw(t, "recovery"),
		},
	}
	for range rapid.IntRange(1, 6).Draw(t, "segments") {
		sc.segments = append(sc.segments, segments(t, n))
	}
	return sc
}

func quorums(t *rapid.T, n int) uptime.Quorum {
	q := uptime.Quorum{Mode: rapid.SampledFrom([]uptime.QuorumMode{
		uptime.QuorumMajority, uptime.QuorumMajority, uptime.QuorumAny, uptime.QuorumAll, uptime.QuorumCount,
	}).Draw(t, "mode")}
	if q.Mode == uptime.QuorumCount {
		q.Count = rapid.IntRange(1, n).Draw(t, "count")
	}
	return q
}

func segments(t *rapid.T, n int) segment {
	g := segment{
		length: time.Duration(rapid.IntRange(1, 900_000).Draw(t, "ms")) * time.Millisecond,
		budget: rapid.IntRange(0, 3).Draw(t, "budget") > 0,
	}
	same := rapid.Bool().Draw(t, "same everywhere")
	for i := range n {
		g.healthy = append(g.healthy, rapid.IntRange(0, 5).Draw(t, "healthy") > 0)
		g.live = append(g.live, rapid.IntRange(0, 5).Draw(t, "live") > 0)
		if same && i > 0 {
			g.sees = append(g.sees, g.sees[0])
			continue
		}
		g.sees = append(g.sees, views(t))
	}
	return g
}

func views(t *rapid.T) uptime.Result {
	canary := rapid.SampledFrom([]uptime.CanaryState{none, passed, failed, ignored}).Draw(t, "canary")
	site := rapid.SampledFrom([]string{"", "box"}).Draw(t, "site")
	switch rapid.IntRange(0, 5).Draw(t, "sees") {
	case 0:
		return status(500)
	case 1:
		r := netFail(canary, site)
		r.Exempt = rapid.IntRange(0, 4).Draw(t, "exempt") == 0
		return r
	case 2:
		return uptime.Result{Outcome: uptime.OutcomeDegraded, Reason: uptime.ReasonAssertion, Canary: canary, Site: site}
	case 3:
		return uptime.Result{Outcome: uptime.OutcomeExpired, Reason: uptime.ReasonExpired}
	}
	return passing(canary, site)
}

// play builds the world of a scenario and runs it.
func (sc scenario) play(t testing.TB, prepare func(*world)) *world {
	t.Helper()
	w := newWorld(t, sc.interval, sc.regions...)
	w.m.Policy = sc.policy
	prepare(w)
	var from time.Duration
	for _, g := range sc.segments {
		for i, r := range sc.regions {
			w.f.Regions[r] = Region{Healthy: g.healthy[i], Live: g.live[i]}
		}
		w.f.Budget = nil
		if !g.budget {
			w.f.Budget = &Budget{}
			for _, r := range sc.regions {
				w.f.Budget.Take(r, 1<<40, w.now)
			}
		}
		w.see = func(region string, _ uptime.Instant) uptime.Result {
			return g.sees[slices.Index(sc.regions, region)]
		}
		w.configure()
		from += g.length
		w.run(from)
	}
	return w
}

// heal lets everything be well for long enough.
func (sc scenario) heal(w *world) {
	for _, r := range sc.regions {
		w.f.Regions[r] = Region{Healthy: true, Live: true}
	}
	w.f.Budget, w.see = nil, nil
	w.configure()
	w.run(w.now.Sub(epoch) + 4*sc.interval + 5*time.Minute)
}

// Whatever happens: spans and vote spans join without overlap, incidents open and
// close in turn and only by a quorum that counts, timers never stand still, and when
// all is well again the state says so and forgets.
func TestAnyHistoryIsSound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		sc := scenarios(rt)
		var w *world
		w = sc.play(t, func(x *world) {
			w = x
			x.after = func() {
				if n := x.s.Next(); n != 0 && n <= x.now {
					rt.Fatalf("Next is %v at %v right after a Tick", n, x.now)
				}
			}
		})
		sound(rt, w)
		sc.heal(w)
		sound(rt, w)
		if v, _ := w.s.Verdict(); v != uptime.VerdictUp || w.s.Incident() != 0 || w.s.tr != nil {
			b, _ := json.Marshal(w.s)
			rt.Fatalf("all is well and the verdict is %v: %s", v, b)
		}
	})
}

func sound(t *rapid.T, w *world) {
	last, at := uptime.VerdictUnknown, uptime.Instant(0)
	downs := map[uptime.Instant]bool{}
	for _, v := range w.did.Verdicts {
		if v.From != last || v.To == last || v.At <= at || v.Explanation == "" {
			t.Fatalf("verdict %+v after %v at %v", v, last, at)
		}
		last, at = v.To, v.At
		downs[v.At] = v.To == uptime.VerdictDown
	}
	for i, o := range w.did.Opened {
		q := o.Evidence.Quorum
		k, ok := Need(w.m.Policy.Quorum, q.N)
		if !downs[o.At] || !ok || q.K != k || q.Failed < k || q.N < Least(len(w.m.Assigned)) || o.FirstFailure == 0 || o.FirstFailure > o.At {
			t.Fatalf("opened without a quorum: %+v", o)
		}
		if i > 0 && (len(w.did.Resolved) < i || w.did.Resolved[i-1].At >= o.At) {
			t.Fatalf("incident %d opened while one was open", i)
		}
	}
	for i, r := range w.did.Resolved {
		if i >= len(w.did.Opened) || r.At <= w.did.Opened[i].At {
			t.Fatalf("resolved %d without or before opening: %+v", i, r)
		}
	}
	spans := map[string]VoteChange{}
	for _, v := range w.did.Votes {
		if p := spans[v.Region]; p.To != v.From || v.From == v.To || v.At <= p.At {
			t.Fatalf("vote span %+v after %+v", v, p)
		}
		spans[v.Region] = v
	}
}

// A run that is checkpointed and restored before every single call does exactly what
// the uninterrupted one does.
func TestRestartChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		sc := scenarios(rt)
		one := sc.play(t, func(*world) {})
		two := sc.play(t, func(w *world) { w.restarts = true })
		if d := cmp.Diff(one.did, two.did); d != "" {
			rt.Fatalf("restarts change what happens (-without +with):\n%s", d)
		}
		if a, b := dump(rt, one.s), dump(rt, two.s); a != b {
			rt.Fatalf("restarts change the state:\n%s\n%s", a, b)
		}
	})
}

func dump(t *rapid.T, s *State) string {
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Results that were folded before, delivered again after a restore in any order, change
// nothing at all: no action, no bit of the state.
func TestReplayChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := scenarios(rt).play(t, func(*world) {})
		if len(w.seen) == 0 {
			return
		}
		n := rapid.IntRange(1, min(len(w.seen), 50)).Draw(rt, "last")
		again := rapid.Permutation(w.seen[len(w.seen)-n:]).Draw(rt, "order")
		s := reborn(t, w.s)
		before := dump(rt, s)
		var out Actions
		for i := range again {
			s.Result(w.m, &again[i], w.now, &out)
		}
		if !out.Empty() || dump(rt, s) != before {
			rt.Fatalf("replay did %+v\n%s\n%s", out, before, dump(rt, s))
		}
	})
}

// From any state, a set of results folded in any order with any duplicates gives the
// same votes and, at the next judgements, the same verdict, rounds and incident. What
// may differ is how the boundaries of vote spans within the set were told (since):
// results older than the vote are dropped, so some stretches are never seen.
func TestOrderAndDuplicationDoNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		sc := scenarios(rt)
		w := sc.play(t, func(*world) {})
		set := results(rt, sc, w)
		later := w.now.Add(time.Duration(rapid.IntRange(0, 600_000).Draw(rt, "later ms")) * time.Millisecond)
		fold := func(rs []uptime.Result) (string, Actions) {
			s := reborn(t, w.s)
			var out Actions
			for i := range rs {
				s.Result(w.m, &rs[i], w.now, &out)
			}
			out.Votes = nil
			s.next = atOnce // a set whose order shows nothing new is not judged by itself, nor tidied
			s.Tick(w.m, w.f, w.now, &out)
			s.Tick(w.m, w.f, later, &out)
			s.next = 0 // may be early
			if s.tr != nil && cmp.Equal(*s.tr, trouble{notes: make([]note, len(s.regions))}, cmp.AllowUnexported(trouble{}, round{}, note{})) {
				s.tr = nil // made and not needed
			}
			for i := range s.votes {
				s.votes[i].since = 0
			}
			for i := range out.Votes {
				out.Votes[i].At = 0 // of votes that ran out: after since
			}
			return dump(rt, s), out
		}
		wantState, want := fold(set)
		twice := append(slices.Clone(set), rapid.SliceOfN(rapid.SampledFrom(set), 0, 5).Draw(rt, "again")...)
		gotState, got := fold(rapid.Permutation(twice).Draw(rt, "order"))
		if gotState != wantState {
			rt.Fatalf("state depends on order\n%s\n%s", wantState, gotState)
		}
		if d := cmp.Diff(want, got); d != "" {
			rt.Fatalf("actions depend on order: %s", d)
		}
	})
}

// results is a random set around now: scheduled and urgent, early and late, several of
// one due now and then.
func results(t *rapid.T, sc scenario, w *world) []uptime.Result {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) uptime.Result {
		r := views(t)
		if r.Outcome == uptime.OutcomeNone {
			r.Outcome = uptime.OutcomePass
		}
		r.Monitor = w.m.ID
		r.Revision = rapid.SampledFrom([]int64{1, 1, 1, 1, 0, 2}).Draw(t, "revision")
		r.Region = rapid.SampledFrom(append([]string{"nowhere"}, sc.regions...)).Draw(t, "region")
		r.Due = w.now.Add(time.Duration(rapid.IntRange(-120, 3).Draw(t, "due s")) * time.Second)
		if rapid.Bool().Draw(t, "urgent") {
			r.Due++
		}
		r.Code = rapid.SampledFrom([]int{0, 200, 500}).Draw(t, "code")
		return r
	}), 1, 12).Draw(t, "results")
}

// A target that is down for everybody who can see it is found, whatever went before.
func TestOutageIsAlwaysFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		sc := scenarios(rt)
		w := sc.play(t, func(*world) {})
		for _, r := range sc.regions {
			w.f.Regions[r] = Region{Healthy: true, Live: true}
		}
		fail := status(500)
		if rapid.Bool().Draw(rt, "network") {
			fail = netFail(passed, rapid.SampledFrom([]string{"", "box"}).Draw(rt, "site"))
		}
		w.f.Budget, w.see = nil, during(0, forever, fail)
		w.configure()
		bound := sc.interval + time.Duration(sc.policy.ConfirmationSeconds)*time.Second +
			2*(w.m.Timeout+roundGrace) + recheckEvery + 2*patientRound
		w.run(w.now.Sub(epoch) + bound)
		if v, _ := w.s.Verdict(); v != uptime.VerdictDown || w.s.Incident() == 0 {
			rt.Fatalf("%v after %v of outage: %s", v, bound, fmt.Sprint(dump(rt, w.s)))
		}
	})
}
