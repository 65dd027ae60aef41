package consensus

import (
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

const (
	none    = uptime.CanaryNone
	passed  = uptime.CanaryPassed
	failed  = uptime.CanaryFailed
	ignored = uptime.CanaryIgnored
)

// canaryTests say what the canaries of a, b and c say beside a target that times out
// everywhere, and what is to be made of it.
var canaryTests = []struct {
	name    string
	canary  [3]uptime.CanaryState
	site    [3]string
	want    uptime.Verdict
	blind   string // regions of the Blind action
	whyOfC  Why
	exempt  bool
	reasons uptime.Reason
}{
	{name: "all see", canary: [3]uptime.CanaryState{passed, passed, passed}, want: uptime.VerdictDown},
	{name: "all blind", canary: [3]uptime.CanaryState{failed, failed, failed}, want: uptime.VerdictUnknown, blind: "abc", whyOfC: WhyBlind},
	{name: "no canaries", canary: [3]uptime.CanaryState{none, none, none}, want: uptime.VerdictDown},
	{
		name: "a site without canaries", canary: [3]uptime.CanaryState{none, none, none},
		site: [3]string{"box", "box", "box"}, want: uptime.VerdictDown,
	},
	{
		name: "half a site is blind", canary: [3]uptime.CanaryState{passed, passed, failed},
		site: [3]string{"z", "box", "box"}, want: uptime.VerdictUnknown, blind: "bc", whyOfC: WhyBlind,
	},
	{name: "never passed", canary: [3]uptime.CanaryState{ignored, ignored, ignored}, want: uptime.VerdictDown},
	{name: "one blind", canary: [3]uptime.CanaryState{passed, passed, failed}, want: uptime.VerdictDown, whyOfC: WhyBlind},
	{name: "two blind", canary: [3]uptime.CanaryState{passed, failed, failed}, want: uptime.VerdictUnknown, blind: "bc", whyOfC: WhyBlind},
	{
		name: "one box, one internet, gone", canary: [3]uptime.CanaryState{failed, failed, failed},
		site: [3]string{"box", "box", "box"}, want: uptime.VerdictUnknown, blind: "abc", whyOfC: WhyBlind,
	},
	{
		name: "one box, one internet, there", canary: [3]uptime.CanaryState{passed, passed, passed},
		site: [3]string{"box", "box", "box"}, want: uptime.VerdictDown,
	},
	{
		name: "the site's majority is blind", canary: [3]uptime.CanaryState{failed, failed, passed},
		site: [3]string{"box", "box", "box"}, want: uptime.VerdictUnknown, blind: "abc", whyOfC: WhySameSite,
	},
	{
		name: "the site's majority sees", canary: [3]uptime.CanaryState{failed, passed, passed},
		site: [3]string{"box", "box", "box"}, want: uptime.VerdictDown,
	},
	{
		name: "a region without canary on a blind site", canary: [3]uptime.CanaryState{failed, none, none},
		site: [3]string{"box", "box", "box"}, want: uptime.VerdictUnknown, blind: "abc", whyOfC: WhySameSite,
	},
	{
		name: "sites of their own do not share", canary: [3]uptime.CanaryState{failed, passed, passed},
		site: [3]string{"x", "y", "z"}, want: uptime.VerdictDown,
	},
	{
		name: "the operator's own network", canary: [3]uptime.CanaryState{failed, failed, failed},
		site: [3]string{"box", "box", "box"}, exempt: true, want: uptime.VerdictDown,
	},
	{
		name: "the target answers wrongly: no canary excuses that", reasons: uptime.ReasonStatus,
		canary: [3]uptime.CanaryState{failed, failed, failed}, want: uptime.VerdictDown,
	},
}

func TestCanaries(t *testing.T) {
	t.Parallel()
	for _, tt := range canaryTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 10*time.Second, "a", "b", "c")
			w.see = func(region string, due uptime.Instant) uptime.Result {
				i := strings.Index("abc", region)
				if due.Sub(epoch) < time.Minute || due.Sub(epoch) >= 5*time.Minute {
					return passing(passed, tt.site[i])
				}
				r := netFail(tt.canary[i], tt.site[i])
				r.Exempt = tt.exempt
				if tt.reasons != 0 {
					r.Reason = tt.reasons
				}
				return r
			}
			w.run(3 * time.Minute)
			w.wantVerdict(tt.want)
			opened := 0
			if tt.want == uptime.VerdictDown {
				opened = 1
			}
			w.wantIncidents(opened, 0)
			wantBlind := 0
			if tt.blind != "" {
				wantBlind = 1
				if len(w.did.Blinds) == 1 && strings.Join(w.did.Blinds[0].Regions, "") != tt.blind {
					t.Errorf("blind %v, want %s", w.did.Blinds[0].Regions, tt.blind)
				}
			}
			if len(w.did.Blinds) != wantBlind {
				t.Errorf("blind actions %+v, want %d", w.did.Blinds, wantBlind)
			}
			if v := w.s.Votes(w.m, w.f, w.now)[2]; v.Why != tt.whyOfC {
				t.Errorf("c: %v, want %v", v.Why, tt.whyOfC)
			}
			w.run(7 * time.Minute)
			w.wantVerdict(uptime.VerdictUp)
			w.wantIncidents(opened, opened)
			if tt.blind != "" && (len(w.did.Blinds) != 2 || !w.did.Blinds[1].Ended) {
				t.Errorf("blindness did not end: %+v", w.did.Blinds)
			}
		})
	}
}

// While every region is blind, scheduled results keep failing without a canary beside
// them: they must not add up to an incident.
func TestBlindFleetStaysUnknown(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute} {
		for _, catchUp := range []bool{false, true} {
			w := newWorld(t, interval, "a", "b", "c")
			w.see = during(30*time.Minute, 2*time.Hour, netFail(failed, "box"))
			for i := range w.m.Assigned { // the canary is known: an earlier check brought one
				r := passing(passed, "box")
				r.Monitor, r.Revision, r.Region, r.Due = w.m.ID, 1, w.m.Assigned[i], epoch-1
				w.result(r)
			}
			w.run(30 * time.Minute)
			w.f.CatchUp = catchUp
			w.run(2 * time.Hour)
			w.wantIncidents(0, 0)
			if v := w.verdict(); v == uptime.VerdictDown || !catchUp && v != uptime.VerdictUnknown {
				t.Errorf("interval %v: %v", interval, v)
			}
			// One box's internet returns while the target is still away: that is an outage.
			w.f.CatchUp = false
			w.see = during(2*time.Hour, 3*time.Hour, netFail(passed, "box"))
			w.run(2*time.Hour + 45*time.Second)
			w.wantIncidents(1, 0)
			if n := len(w.did.Blinds); n%2 != 0 || n == 0 != catchUp || n > 0 && !w.did.Blinds[n-1].Ended {
				t.Errorf("blind actions %+v", w.did.Blinds)
			}
		}
	}
}

// The internet is lost while the target is down: the incident stays, the verdict says
// that nobody knows, nothing resolves.
func TestBlindWhileDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.see = func(_ string, due uptime.Instant) uptime.Result {
		switch d := due.Sub(epoch); {
		case d < 10*time.Minute || d >= 40*time.Minute:
			return passing(passed, "")
		case d >= 20*time.Minute && d < 30*time.Minute:
			return netFail(failed, "")
		}
		return netFail(passed, "")
	}
	w.run(15 * time.Minute)
	w.wantVerdict(uptime.VerdictDown)
	w.run(25 * time.Minute)
	w.wantVerdict(uptime.VerdictUnknown)
	w.wantIncidents(1, 0)
	if len(w.did.Blinds) != 1 || w.did.Blinds[0].Ended {
		t.Errorf("blind actions %+v", w.did.Blinds)
	}
	w.run(35 * time.Minute)
	w.wantVerdict(uptime.VerdictDown)
	w.wantIncidents(1, 0)
	if len(w.did.Blinds) != 2 || !w.did.Blinds[1].Ended {
		t.Errorf("blind actions %+v", w.did.Blinds)
	}
	w.run(43 * time.Minute)
	w.wantIncidents(1, 1)
	w.wantVerdict(uptime.VerdictUp)
}

// A scheduled failure that arrives in the round before the urgent answer with the
// canary is not judged without it.
func TestRoundWaitsForTheCanary(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	for i := range w.slots {
		w.slots[i] = epoch.Add(time.Duration(i) * time.Millisecond) // all nearly at once
	}
	w.see = during(20*time.Second, forever, netFail(failed, ""))
	w.run(15 * time.Second)
	var out Actions
	for _, region := range w.m.Assigned { // the canaries are known
		r := passing(passed, "")
		r.Monitor, r.Revision, r.Region, r.Due = w.m.ID, 1, region, w.at(15*time.Second)
		w.s.Result(w.m, &r, w.now, &out)
	}
	w.delay["b"], w.delay["c"] = 2*time.Second, 2*time.Second
	w.run(2 * time.Minute)
	w.wantIncidents(0, 0)
	w.wantVerdict(uptime.VerdictUnknown)
}

// In one region only, a target that times out for an hour stays an advisory: its
// scheduled failures bring no canary, the one of the round goes on speaking.
func TestAdvisoryKeepsItsProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b")
	w.see = func(region string, due uptime.Instant) uptime.Result {
		if region == "a" && due.Sub(epoch) >= 5*time.Minute && due.Sub(epoch) < time.Hour {
			return netFail(passed, "")
		}
		return passing(passed, "")
	}
	w.run(59 * time.Minute)
	w.wantVerdict(uptime.VerdictUp)
	if len(w.did.Advisories) != 1 || len(w.did.Verdicts) != 1 || len(w.did.Rechecks) != 1 {
		t.Errorf("advisories %+v, verdicts %+v, %d rechecks", w.did.Advisories, w.did.Verdicts, len(w.did.Rechecks))
	}
	w.run(62 * time.Minute)
	if len(w.did.Advisories) != 2 || !w.did.Advisories[1].Ended {
		t.Errorf("advisories %+v", w.did.Advisories)
	}
}

// A region whose urgent answers are lost does not count in the round, and is not
// asked again at once for ever.
func TestMuteRegionIsNotAskedForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.mute["a"] = true
	w.see = during(5*time.Minute, forever, status(500), "a")
	w.run(10 * time.Minute)
	w.wantVerdict(uptime.VerdictUp)
	if n := len(w.did.Rechecks); n == 0 || n > 6 {
		t.Errorf("%d bursts in five minutes", n)
	}
	if got, _ := w.s.Advisory(); len(got) != 1 {
		t.Errorf("advisory %v, want a by its scheduled results", got)
	}
}

// Where nobody knows yet whether a region has a canary, its scheduled failure in the
// round waits for the urgent answer, which may bring one.
func TestRoundWaitsForUrgentAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	for i := range w.slots {
		w.slots[i] = epoch
	}
	w.see = during(0, forever, netFail(failed, ""))
	w.run(1200 * time.Millisecond) // the first failures have arrived, the round is on
	if len(w.did.Rechecks) != 1 {
		t.Fatalf("%d rounds", len(w.did.Rechecks))
	}
	for _, region := range w.m.Assigned { // all answer by what looks like a scheduled check
		r := netFail(none, "")
		r.Monitor, r.Revision, r.Region, r.Due = w.m.ID, 1, region, w.did.Rechecks[0].At+1000
		w.result(r)
	}
	w.run(2 * time.Minute)
	w.wantIncidents(0, 0)
	w.wantVerdict(uptime.VerdictUnknown)
}

// Without canaries at all, scheduled answers count when the deadline has passed.
func TestRoundWithoutUrgentAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	for _, r := range w.m.Assigned {
		w.mute[r] = true
	}
	w.see = during(time.Minute, forever, netFail(none, ""))
	w.run(time.Minute + 12*time.Second)
	w.wantIncidents(0, 0)
	w.run(time.Minute + 15*time.Second)
	w.wantIncidents(1, 0)
}

// A round whose canaries never speak, of regions that have one, decides nothing; and
// what an earlier round proved is no proof any more.
func TestCanariesThatFallSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b")
	proof := passed
	w.see = func(region string, due uptime.Instant) uptime.Result {
		d := due.Sub(epoch)
		if region == "a" && d >= 5*time.Minute || d >= 10*time.Minute {
			return netFail(proof, "")
		}
		return passing(proof, "")
	}
	w.run(9 * time.Minute)
	w.wantVerdict(uptime.VerdictUp) // a's failure is proven, one of two
	proof = none
	w.run(10*time.Minute + 55*time.Second)
	w.wantIncidents(0, 0)
	w.wantVerdict(uptime.VerdictUnknown)
	if n := len(w.did.Rechecks); n != 2 {
		t.Errorf("%d rounds within 30 s of one that decided nothing", n)
	}
	if len(w.did.Advisories) != 2 || !w.did.Advisories[1].Ended {
		t.Errorf("advisories %+v", w.did.Advisories)
	}
	w.run(13 * time.Minute)
	w.wantIncidents(0, 0)
	if n := len(w.did.Rechecks); n < 4 || n > 8 {
		t.Errorf("%d rounds, want one every 30 s or so", n)
	}
	proof = passed
	w.run(14 * time.Minute)
	w.wantIncidents(1, 0)
}

// An incident at a quick schedule goes blind: now and then a round looks for canaries.
func TestQuickScheduleGoesBlind(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.see = func(_ string, due uptime.Instant) uptime.Result {
		switch d := due.Sub(epoch); {
		case d < time.Minute:
			return passing(passed, "")
		case d < 2*time.Minute:
			return status(500)
		case d < 12*time.Minute:
			return netFail(failed, "")
		}
		return netFail(passed, "")
	}
	w.run(2 * time.Minute)
	w.wantIncidents(1, 0)
	before := len(w.did.Rechecks)
	for _, region := range w.m.Assigned {
		r := passing(passed, "")
		r.Monitor, r.Revision, r.Region, r.Due = w.m.ID, 1, region, w.at(time.Minute)
		w.result(r) // they have canaries
	}
	w.run(12 * time.Minute)
	w.wantVerdict(uptime.VerdictUnknown)
	if n := len(w.did.Rechecks) - before; n < 15 || n > 21 {
		t.Errorf("%d rounds in ten blind minutes, want one every 30 s or so", n)
	}
	w.run(13 * time.Minute)
	w.wantVerdict(uptime.VerdictDown)
	w.wantIncidents(1, 0)
}

// Failures without a canary are neither down nor unknown while the budget puts the
// round off that will tell.
func TestUnprovenWaitsForTheBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	for _, region := range w.m.Assigned {
		r := passing(passed, "")
		r.Monitor, r.Revision, r.Region, r.Due = w.m.ID, 1, region, epoch-1
		w.result(r)
	}
	w.f.Budget = &Budget{}
	for _, region := range w.m.Assigned {
		w.f.Budget.Take(region, UrgentFloor*91, epoch) // in debt for 90 s
	}
	w.see = during(time.Minute, forever, netFail(passed, ""))
	w.run(85 * time.Second)
	w.wantVerdict(uptime.VerdictUp)
	if n := w.f.Budget.Refused("a"); n == 0 || n > 15 {
		t.Errorf("the budget refused %d times in 25 s", n)
	}
	w.run(2 * time.Minute)
	w.wantIncidents(1, 0)
}

// One region's quick answer does not decide for a site whose canaries are yet to speak.
func TestStragglersOfABlindSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.m.Policy.Quorum = uptime.Quorum{Mode: uptime.QuorumAny}
	w.delay["c"] = 4 * time.Second
	w.see = func(region string, due uptime.Instant) uptime.Result {
		switch {
		case due < w.at(5*time.Minute):
			return passing(passed, "box")
		case region == "a":
			return netFail(passed, "box")
		case region == "b":
			return passing(none, "box")
		}
		return netFail(failed, "box")
	}
	w.run(5*time.Minute + 30*time.Second)
	w.wantIncidents(0, 0)
}

// What an earlier round proved of a region is no proof in a later one in which its
// canary keeps silent: its failure waits for the next.
func TestProofOfAnEarlierRound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2*time.Minute, "a", "b", "c", "d", "e")
	canaries := map[string]uptime.CanaryState{"a": passed, "b": passed, "c": passed}
	w.see = func(region string, due uptime.Instant) uptime.Result {
		d := due.Sub(epoch)
		if d >= 10*time.Minute && (region == "a" || region == "b") || d >= 20*time.Minute && region == "c" {
			return netFail(canaries[region], "")
		}
		return passing(passed, "")
	}
	w.run(19 * time.Minute)
	if got, _ := w.s.Advisory(); len(got) != 2 {
		t.Fatalf("advisory %v, want a and b", got)
	}
	canaries["a"], canaries["b"] = none, none
	w.run(21*time.Minute + 40*time.Second)
	w.wantIncidents(0, 0)
	w.wantVerdict(uptime.VerdictUp)
	if got, _ := w.s.Advisory(); len(got) != 1 || got[0] != "c" {
		t.Errorf("advisory %v, want c alone", got)
	}
	canaries["a"], canaries["b"] = passed, passed
	w.run(23 * time.Minute)
	w.wantIncidents(1, 0)
}
