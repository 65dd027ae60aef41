package consensus

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestListeningIsOneStretchWithoutAGap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var l Listening
		marks := rapid.SliceOfN(rapid.Int64Range(1, 120), 1, 60).Draw(t, "marks")
		var want Listening
		for i, sec := range marks {
			at := morning.Add(time.Duration(sec) * time.Second)
			next, anew := l.Heard(at)
			if anew != (next.Since == at && next != l) {
				t.Fatalf("mark %d: %+v, anew %v", i, next, anew)
			}
			if again, same := next.Heard(at); again != next || same {
				t.Fatalf("heard twice: %+v", again)
			}
			switch {
			case at <= want.Until:
			case want.Until == 0 || at.Sub(want.Until) > ListeningGap:
				want = Listening{at, at}
			default:
				want.Until = at
			}
			if l = next; l != want || l.Since > l.Until {
				t.Fatalf("after mark %d: %+v, want %+v", i, l, want)
			}
		}
	})
}

// happening is a call, a mark of the api, or a moment.
type happening struct {
	at   uptime.Instant
	call *uptime.Result
	mark bool
}

// history draws calls and marks with gaps, in order of time.
func history(t *rapid.T, m *Monitor) []happening {
	var all []happening
	now := morning
	listening := true
	for range rapid.IntRange(1, 80).Draw(t, "events") {
		now = now.Add(time.Duration(rapid.Int64Range(1, 9000).Draw(t, "gap")) * time.Millisecond)
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			r := finish(uptime.OutcomePass, now)
			all = append(all, happening{at: now, call: &r})
		case 1:
			r := finish(uptime.OutcomeFail, now)
			all = append(all, happening{at: now, call: &r})
		case 2:
			r := begins(now)
			all = append(all, happening{at: now, call: &r})
		case 3:
			listening = !listening
			now = now.Add(time.Duration(rapid.Int64Range(0, 3*int64(m.Interval/time.Second)).Draw(t, "pass")) * time.Second)
		default:
			if listening {
				all = append(all, happening{at: now, mark: true})
			}
		}
	}
	return all
}

func drawnJob(t *rapid.T) *job {
	j := newJob(nil)
	j.m.Interval = time.Duration(rapid.IntRange(5, 30).Draw(t, "interval")) * time.Second
	j.m.Heartbeat = &Heartbeat{
		Grace:  time.Duration(rapid.IntRange(1, 10).Draw(t, "grace")) * time.Second,
		MaxRun: time.Duration(rapid.IntRange(0, 20).Draw(t, "max run")) * time.Second,
	}
	return j
}

func (j *job) feed(e *happening) {
	j.now = max(j.now, e.at)
	if e.mark {
		j.mark(e.at)
	} else {
		r := *e.call
		j.s.Result(&j.m, &r, j.now, &j.did)
	}
	if next := j.s.Next(); next != 0 && next <= j.now {
		j.s.Tick(&j.m, &j.f, j.now, &j.did)
	}
}

// What holds at the end does not depend on how the calls between two marks were ordered
// or how often they came.
func TestCallsInAnyOrderComeToTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		one := drawnJob(t)
		var calls []happening
		for i := range rapid.IntRange(1, 12).Draw(t, "calls") {
			at := morning.Add(time.Duration(i+1) * 100 * time.Millisecond)
			r := finish(rapid.SampledFrom([]uptime.Outcome{uptime.OutcomePass, uptime.OutcomeFail}).Draw(t, "outcome"), at)
			if rapid.Bool().Draw(t, "start") {
				r = begins(at)
			}
			calls = append(calls, happening{at: at, call: &r})
		}
		other := newJob(nil)
		other.m = one.m
		for i := range calls {
			one.feed(&calls[i])
		}
		shuffled := append(slices.Clone(calls), calls[:len(calls)/2]...)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		rng.Shuffle(len(shuffled), func(a, b int) { shuffled[a], shuffled[b] = shuffled[b], shuffled[a] })
		for i := range shuffled {
			other.feed(&shuffled[i])
		}
		v1, _ := one.s.Verdict()
		v2, _ := other.s.Verdict()
		p1, p2 := one.s.Pulse(&one.m, &one.f), other.s.Pulse(&other.m, &other.f)
		p1.Run, p2.Run = 0, 0 // known only if the start came first
		if v1 != v2 || p1 != p2 {
			t.Fatalf("%v %+v in order, %v %+v shuffled", v1, p1, v2, p2)
		}
	})
}

// A restart in the middle, which repeats what came since, changes nothing; nor is anybody
// told twice.
func TestAHeartbeatGoesOnFromItsCheckpoint(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		one := drawnJob(t)
		all := history(t, &one.m)
		if len(all) == 0 {
			return
		}
		two := newJob(nil)
		two.m = one.m
		cut := rapid.IntRange(0, len(all)-1).Draw(t, "cut")
		back := rapid.IntRange(0, cut).Draw(t, "back")
		for i := range all {
			one.feed(&all[i])
		}
		var heard Listening
		for i := range all[:cut] {
			if i == back {
				heard = two.f.Listening // as it was checkpointed; the state is newer
			}
			two.feed(&all[i])
		}
		if back == cut {
			heard = two.f.Listening
		}
		text, err := json.Marshal(&two.s)
		if err != nil {
			t.Fatal(err)
		}
		var restored State
		if err := json.Unmarshal(text, &restored); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		two.s, two.f.Listening, two.now = restored, heard, all[back].at
		for i := range all[back:] {
			two.feed(&all[back+i])
		}
		if diff := cmp.Diff(turns(one.did.Verdicts), turns(two.did.Verdicts)); diff != "" {
			t.Fatalf("verdicts (-without, +with a restart at %d from %d):\n%s", cut, back, diff)
		}
		v1, _ := one.s.Verdict()
		if v2, _ := two.s.Verdict(); v1 != v2 || len(one.did.Opened) != len(two.did.Opened) || len(one.did.Resolved) != len(two.did.Resolved) {
			t.Fatalf("%v with %d and %d incidents, %v with %d and %d after a restart",
				v1, len(one.did.Opened), len(one.did.Resolved), v2, len(two.did.Opened), len(two.did.Resolved))
		}
	})
}

func turns(changes []VerdictChange) []string {
	out := make([]string, len(changes))
	for i, c := range changes {
		out[i] = c.To.String()
	}
	return out
}

// Down is only said of a job that reported it, or of one whose deadline lies in a stretch
// in which the api was heard; and what is opened is resolved before it is opened again.
func TestSilenceIsNeverConcludedInAGap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j := drawnJob(t)
		all := history(t, &j.m)
		var marks []uptime.Instant
		for i := range all {
			if all[i].mark {
				marks = append(marks, all[i].at)
			}
			before := len(j.did.Opened)
			j.feed(&all[i])
			for _, o := range j.did.Opened[before:] {
				if o.Reason != uptime.ReasonSilent {
					continue
				}
				least := j.m.Interval + j.m.Heartbeat.Grace
				if j.m.Heartbeat.MaxRun > 0 {
					least = min(least, j.m.Heartbeat.MaxRun)
				}
				if !covered(marks, o.At.Add(-least), o.At) {
					t.Fatalf("silent at %v with marks %v", o.At, marks)
				}
				for k := range all[:i] {
					if c := all[k].call; c != nil && !c.Begins && c.Due > o.At.Add(-least) && c.Due <= o.At {
						t.Fatalf("silent at %d in spite of a call at %d", o.At, c.Due)
					}
				}
			}
		}
		if n := len(j.did.Opened) - len(j.did.Resolved); n < 0 || n > 1 || n == 1 != (j.s.Incident() != 0) {
			t.Fatalf("%d opened, %d resolved, open %d", len(j.did.Opened), len(j.did.Resolved), j.s.Incident())
		}
		for i := 1; i < len(j.did.Verdicts); i++ {
			if a, b := j.did.Verdicts[i-1], j.did.Verdicts[i]; b.At <= a.At || a.To != b.From {
				t.Fatalf("verdicts %+v and %+v do not follow each other", a, b)
			}
		}
	})
}

// covered tells whether marks cover a stretch of time without a gap.
func covered(marks []uptime.Instant, from, to uptime.Instant) bool {
	since, until := morning-1, morning-1
	for _, at := range marks {
		if at.Sub(until) > ListeningGap {
			since = at
		}
		until = at
		if since <= from && until >= to {
			return true
		}
	}
	return false
}
