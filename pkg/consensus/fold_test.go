package consensus

import (
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestVoteIs24Bytes(t *testing.T) {
	t.Parallel()
	if n := unsafe.Sizeof(vote{}); n != 24 {
		t.Errorf("a vote takes %d bytes, want 24", n)
	}
}

func TestResultThatIsNoVote(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*uptime.Result)
	}{
		{"older", func(r *uptime.Result) { r.Due -= 1000 }},
		{"much older", func(r *uptime.Result) { r.Due = 5 }},
		{"duplicate", func(r *uptime.Result) { r.Outcome, r.Code, r.Reason = uptime.OutcomePass, 200, 0 }},
		{"another revision", func(r *uptime.Result) { r.Due++; r.Revision = 6 }},
		{"a revision to come", func(r *uptime.Result) { r.Due++; r.Revision = 8 }},
		{"another monitor", func(r *uptime.Result) { r.Due++; r.Monitor = uptime.ID{9} }},
		{"unassigned region", func(r *uptime.Result) { r.Due++; r.Region = "z" }},
		{"expired", func(r *uptime.Result) { r.Due++; r.Outcome = uptime.OutcomeExpired }},
		{"invalid", func(r *uptime.Result) { r.Due++; r.Outcome = uptime.OutcomeInvalid }},
		{"nothing", func(r *uptime.Result) { r.Due++; r.Outcome = uptime.OutcomeNone }},
		{"unheard of", func(r *uptime.Result) { r.Due++; r.Outcome = 77 }},
		{"never due", func(r *uptime.Result) { r.Due = 0 }},
		{"before all time", func(r *uptime.Result) { r.Due = -1 << 62 }},
		{"after all time", func(r *uptime.Result) { r.Due = 1 << 62 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 10*time.Second, "a", "b", "c")
			w.m.Revision = 7
			w.run(35 * time.Second)
			before, _ := w.s.MarshalJSON()
			r := status(500)
			r.Monitor, r.Revision, r.Region, r.Due = w.m.ID, 7, "a", w.at(30*time.Second)
			r.Phases.Total = w.latency
			tt.change(&r)
			var out Actions
			w.s.Result(w.m, &r, w.now, &out)
			after, _ := w.s.MarshalJSON()
			if d := cmp.Diff(string(before), string(after)); d != "" || !out.Empty() {
				t.Errorf("changed the state: %s\nactions %+v", d, out)
			}
		})
	}
}

// Two results of one due that differ settle on the same vote whichever comes first: on
// the worse one, where that can be said.
func TestTwoResultsOfOneDue(t *testing.T) {
	t.Parallel()
	base := uptime.Result{
		Outcome: uptime.OutcomeFail, Reason: uptime.ReasonTLS, Code: 5, Phases: uptime.Phases{Total: time.Second},
		Exempt: true, Detail: "m", IP: "m", Site: "m",
	}
	stays := map[string]func(*uptime.Result){
		"outcome": func(r *uptime.Result) { r.Outcome = uptime.OutcomePass },
		"reason":  func(r *uptime.Result) { r.Reason = uptime.ReasonDNS },
		"code":    func(r *uptime.Result) { r.Code = 4 },
		"latency": func(r *uptime.Result) { r.Phases.Total = time.Millisecond },
		"site":    func(r *uptime.Result) { r.Site = "a" },
		"ip":      func(r *uptime.Result) { r.IP = "a" },
		"detail":  func(r *uptime.Result) { r.Detail = "a" },
		"nothing": func(*uptime.Result) {},
	}
	m := &Monitor{ID: uptime.ID{1}, Revision: 1, Interval: time.Minute, Timeout: time.Second, Assigned: []string{"a"}}
	for name, change := range stays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, two := base, base
			change(&two)
			for _, r := range []*uptime.Result{&one, &two} {
				r.Monitor, r.Revision, r.Region, r.Due = m.ID, 1, "a", epoch
			}
			for _, order := range [][]*uptime.Result{{&one, &two}, {&two, &one}, {&two, &two, &one, &two, &one}} {
				var s State
				var out Actions
				for _, r := range order {
					s.Result(m, r, epoch, &out)
				}
				if got := s.votes[0]; got != voteOf(&one, got) || s.tr.notes[0] != noteOf(&one) {
					t.Errorf("%v first: vote %+v, note %+v", order[0], got, s.tr.notes[0])
				}
			}
		})
	}
	two := base
	two.Exempt = false // a canary has a say: the stricter reading stays
	v, o := voteOf(&two, vote{}), voteOf(&base, vote{})
	if !v.outranks(&o) || o.outranks(&v) || v.outranks(&v) {
		t.Error("exempt or not is not ordered")
	}
}

// A result asks for a judgement if and only if it could change one.
func TestResultsThatMatter(t *testing.T) {
	t.Parallel()
	pass, net, refused := passing(none, ""), netFail(none, ""), status(500)
	exempt := net
	exempt.Exempt = true
	tests := []struct {
		name          string
		before, after uptime.Result
		prepare       func(*State)
		matters       bool
	}{
		{name: "pass after pass", before: pass, after: pass},
		{name: "fail after pass", before: pass, after: refused, matters: true},
		{name: "pass after fail", before: refused, after: pass, matters: true},
		{name: "fail after fail", before: refused, after: refused},
		{name: "timeout after 500", before: refused, after: net, matters: true},
		{name: "500 after timeout", before: net, after: refused, matters: true},
		{name: "exempt after not", before: net, after: exempt, matters: true},
		{
			name: "the first since the floor", before: pass, after: pass, matters: true,
			prepare: func(s *State) { s.floor = epoch + 1 },
		},
		{name: "the floor was passed before", before: pass, after: pass, prepare: func(s *State) { s.floor = epoch }},
		{name: "the floor is still ahead", before: pass, after: pass, prepare: func(s *State) { s.floor = epoch + 3e6 }},
		{
			name: "in a round", before: pass, after: pass, matters: true,
			prepare: func(s *State) { s.trouble().round = round{phase: running, start: epoch + 1, deadline: far - 1} },
		},
		{
			name: "before the round", before: pass, after: pass,
			prepare: func(s *State) { s.trouble().round = round{phase: running, start: epoch + 3e6, deadline: far - 1} },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := &Monitor{ID: uptime.ID{1}, Revision: 1, Interval: time.Minute, Timeout: time.Second, Assigned: []string{"a"}}
			var s State
			var out Actions
			for i, r := range []uptime.Result{tt.before, tt.after} {
				if i == 1 && tt.prepare != nil {
					tt.prepare(&s)
				}
				s.next = 0
				r.Monitor, r.Revision, r.Region, r.Due = m.ID, 1, "a", epoch.Add(time.Duration(i)*time.Second)
				s.current(m)
				s.Result(m, &r, epoch, &out)
				if i == 0 && s.next != atOnce {
					t.Error("the first vote does not matter")
				}
			}
			if got := s.next == atOnce; got != tt.matters {
				t.Errorf("matters: %v, want %v", got, tt.matters)
			}
		})
	}
}

func TestFreshness(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.run(90 * time.Second)
	limit := w.at(time.Minute).Add(2*w.m.Interval + w.m.Timeout)
	for at, fresh := range map[uptime.Instant]bool{limit: true, limit + 1: false} {
		if v := w.s.Votes(w.m, w.f, at)[0]; v.Fresh != fresh || v.Counted != fresh {
			t.Errorf("vote at %v: %+v, want fresh %v", at.Sub(epoch), v, fresh)
		}
	}
}

func TestVotesView(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c", "d")
	w.f.Regions["c"] = Region{Live: true}
	w.f.Regions["d"] = Region{Healthy: true}
	w.see = during(time.Minute, forever, status(404), "a")
	w.run(2 * time.Minute)
	got := w.s.Votes(w.m, w.f, w.now)
	want := []VoteView{
		{
			Region: "a", Outcome: uptime.OutcomeFail, Reason: uptime.ReasonStatus, Detail: "status", Code: 404,
			IP: "192.0.2.1", Since: w.at(time.Minute), Due: w.at(110 * time.Second), Latency: w.latency, Fresh: true, Counted: true,
		},
		{
			Region: "b", Outcome: uptime.OutcomePass, Code: 200, Since: w.slots[1].Add(-12 * w.m.Interval),
			Due: w.slots[1].Add(-w.m.Interval), Latency: w.latency, Fresh: true, Counted: true,
		},
		{
			Region: "c", Outcome: uptime.OutcomePass, Code: 200, Since: w.slots[2].Add(-12 * w.m.Interval),
			Due: w.slots[2].Add(-w.m.Interval), Latency: w.latency, Fresh: true, Why: WhySick,
		},
		{Region: "d", Why: WhySilent},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestDissent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c", "d")
	w.f.Regions["d"] = Region{Live: true} // sick: no voice, but still sampled
	w.see = during(0, forever, status(500), "a", "d")
	w.run(time.Minute)
	got := map[string]bool{}
	w.s.Dissent(w.m, w.f, w.now, func(region string, failed bool) { got[region] = failed })
	// For b and c, the others' half fails: no majority passes, no sample.
	if d := cmp.Diff(map[string]bool{"a": true, "d": true}, got); d != "" {
		t.Error(d)
	}
	w.s.Dissent(w.m, w.f, w.at(time.Hour), func(string, bool) { t.Error("a sample of a stale vote") })
	var alone State
	alone.Dissent(w.m, w.f, w.now, func(string, bool) { t.Error("a sample out of nothing") })
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	seen := map[uint64]bool{}
	for _, f := range []uint64{
		Fingerprint("http", "a", nil), Fingerprint("http", "b", nil), Fingerprint("tcp", "a", nil),
		Fingerprint("http", "a", []byte("x")), Fingerprint("httpa", "", nil), Fingerprint("http", "ax", nil),
	} {
		if f == 0 || seen[f] {
			t.Errorf("fingerprint %d is zero or not unique", f)
		}
		seen[f] = true
	}
	if Fingerprint("http", "a", nil) != Fingerprint("http", "a", []byte{}) {
		t.Error("the fingerprint of no settings is not stable")
	}
}

func TestNeed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		mode  uptime.QuorumMode
		count int
		want  [8]int // k for n = 0…7; 0 means undecidable
	}{
		{uptime.QuorumMajority, 0, [8]int{0, 1, 2, 2, 3, 3, 4, 4}},
		{uptime.QuorumAny, 0, [8]int{0, 1, 1, 1, 1, 1, 1, 1}},
		{uptime.QuorumAll, 0, [8]int{0, 1, 2, 3, 4, 5, 6, 7}},
		{uptime.QuorumCount, 3, [8]int{0, 0, 0, 3, 3, 3, 3, 3}},
		{uptime.QuorumCount, 1, [8]int{0, 1, 1, 1, 1, 1, 1, 1}},
		{"of a newer release", 0, [8]int{0, 1, 2, 2, 3, 3, 4, 4}},
	}
	for _, tt := range tests {
		for n, want := range tt.want {
			k, ok := Need(uptime.Quorum{Mode: tt.mode, Count: tt.count}, n)
			if ok != (want > 0) || ok && k != want {
				t.Errorf("%s %d of %d: %d, %v, want %d", tt.mode, tt.count, n, k, ok, want)
			}
		}
	}
}

func TestLeast(t *testing.T) {
	t.Parallel()
	for assigned, want := range []int{1, 1, 2, 2, 2, 3, 3, 4, 4, 5} {
		if got := Least(assigned); got != want {
			t.Errorf("Least(%d) = %d, want %d", assigned, got, want)
		}
	}
}
