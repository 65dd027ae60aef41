package consensus

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// morning is 09:00:00 UTC on a day in 2026.
var morning = uptime.InstantOf(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))

// job is a monitor that calls in by itself, due every hour with five minutes of grace.
type job struct {
	*testing.T
	m     Monitor
	f     Fleet
	s     State
	now   uptime.Instant
	did   Actions
	heard uptime.Instant // the last mark
}

func newJob(t *testing.T) *job {
	return &job{T: t, now: morning, heard: morning - 1, f: Fleet{Listening: Listening{morning - 1, morning - 1}}, m: Monitor{
		ID: uptime.ID{1}, Revision: 1, Target: 1, Interval: time.Hour, Policy: uptime.DefaultPolicy,
		Assigned: []string{uptime.RegionHeartbeat}, Heartbeat: &Heartbeat{Grace: 5 * time.Minute},
	}}
}

func finish(o uptime.Outcome, at uptime.Instant) uptime.Result {
	r := uptime.Result{Monitor: uptime.ID{1}, Region: uptime.RegionHeartbeat, Due: at, Started: at, Outcome: o}
	if o == uptime.OutcomeFail {
		r.Reason = uptime.ReasonReported
	}
	return r
}

func begins(at uptime.Instant) uptime.Result {
	r := finish(uptime.OutcomeNone, at)
	r.Begins = true
	return r
}

// take folds a call at its time, and judges.
func (j *job) take(r uptime.Result) {
	j.now = max(j.now, r.Due)
	j.s.Result(&j.m, &r, j.now, &j.did)
	j.s.Tick(&j.m, &j.f, j.now, &j.did)
}

// mark folds a mark of the api, as the judge does.
func (j *job) mark(at uptime.Instant) {
	next, anew := j.f.Listening.Heard(at)
	if anew {
		j.s.Configure(&j.m, &j.f, at, &j.did)
	}
	j.f.Listening = next
	if anew || j.s.Awaits() {
		j.s.Configure(&j.m, &j.f, max(j.now, at), &j.did)
	}
}

// pass lets time pass, second by second, with or without marks of the api.
func (j *job) pass(d time.Duration, listening bool) {
	for end := j.now.Add(d); j.now < end; {
		j.now = min(j.now.Add(time.Second), end)
		if listening && j.now.Sub(j.heard) >= 5*time.Second {
			j.heard = j.now
			j.mark(j.now)
		}
		if next := j.s.Next(); next != 0 && next <= j.now {
			j.s.Tick(&j.m, &j.f, j.now, &j.did)
		}
	}
}

func (j *job) want(v uptime.Verdict, opened, resolved int) {
	j.Helper()
	if got, _ := j.s.Verdict(); got != v || len(j.did.Opened) != opened || len(j.did.Resolved) != resolved {
		j.Fatalf("at %v: %v with %d opened, %d resolved, want %v with %d and %d\n%+v",
			j.now.Time(), got, len(j.did.Opened), len(j.did.Resolved), v, opened, resolved, j.did.Verdicts)
	}
}

func (j *job) wantText(want, got string) {
	j.Helper()
	if got != want {
		j.Errorf("it says %q, want %q", got, want)
	}
}

func TestAJobThatNeverCalledIsNeverJudged(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	j.pass(3*time.Hour, true)
	j.want(uptime.VerdictUnknown, 0, 0)
	if _, since := j.s.Verdict(); since != 0 || j.s.Next() != 0 && j.s.Next() <= j.now || len(j.did.Votes) > 0 {
		t.Errorf("judged at %d, next at %d, votes %v", since, j.s.Next(), j.did.Votes)
	}
	j.wantText("Unknown: it has not called in yet", j.s.Explain(&j.m, &j.f, j.now))
}

func TestSilenceIsDownAtItsDeadlineAndACallEndsIt(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	j.take(finish(uptime.OutcomePass, morning.Add(12*time.Second)))
	j.want(uptime.VerdictUp, 0, 0)
	j.pass(time.Hour+5*time.Minute, true)
	j.want(uptime.VerdictUp, 0, 0)
	j.pass(10*time.Second, true)
	j.want(uptime.VerdictDown, 1, 0)
	open := j.did.Opened[0]
	deadline := morning.Add(12*time.Second + 65*time.Minute)
	if open.At != deadline || open.FirstFailure != deadline || open.Reason != uptime.ReasonSilent {
		t.Errorf("opened %+v, want at %d as silent", open, deadline)
	}
	j.wantText("No call since 09:00:12 UTC; one was due every 1 h with 5 min of grace", open.Explanation)
	if v := open.Evidence.Votes; len(v) != 1 || v[0].Vote != uptime.OutcomeFail || v[0].Region != "heartbeat" || !v[0].Counted {
		t.Errorf("evidence %+v", v)
	}
	j.pass(5*time.Hour, true)
	j.want(uptime.VerdictDown, 1, 0)
	ok := finish(uptime.OutcomePass, j.now)
	ok.Phases.Total = 90 * time.Second
	j.take(ok)
	j.want(uptime.VerdictUp, 1, 1)
	j.wantText("The job called in at 15:05:22 UTC after a run of 1 min 30 s", j.did.Resolved[0].Explanation)
	if v := j.s.Votes(&j.m, &j.f, j.now); len(v) != 1 || !v[0].Counted || v[0].Outcome != uptime.OutcomePass {
		t.Errorf("votes %+v", v)
	}
}

func TestAReportedFailureIsDownAtOnce(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	j.m.Policy.RecoveryRounds = 5
	bad := finish(uptime.OutcomeFail, morning.Add(time.Minute))
	bad.Detail = "disk full"
	j.take(bad)
	j.want(uptime.VerdictDown, 1, 0)
	j.wantText("The job reported a failure: disk full", j.did.Opened[0].Explanation)
	if e := j.did.Opened[0]; e.Reason != uptime.ReasonReported || e.Evidence.Votes[0].Detail != "disk full" {
		t.Errorf("opened %+v", e)
	}
	j.pass(2*time.Hour, true) // its silence adds nothing
	j.want(uptime.VerdictDown, 1, 0)
	j.take(finish(uptime.OutcomePass, j.now))
	j.want(uptime.VerdictUp, 1, 1)
}

func TestARunThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	j.m.Heartbeat.MaxRun = 30 * time.Minute
	j.take(begins(morning))
	j.want(uptime.VerdictUnknown, 0, 0)
	j.pass(10*time.Minute, true)
	j.take(finish(uptime.OutcomePass, j.now))
	j.want(uptime.VerdictUp, 0, 0)
	if p := j.s.Pulse(&j.m, &j.f); p.Run != 10*time.Minute || !p.OK || p.Started != 0 {
		t.Errorf("pulse %+v, want a run of ten minutes", p)
	}
	j.pass(time.Hour, true)
	began := j.now
	j.take(begins(began))
	j.pass(30*time.Minute, true)
	j.want(uptime.VerdictUp, 0, 0) // an hour and a half after the last finish
	j.pass(10*time.Second, true)
	j.want(uptime.VerdictDown, 1, 0)
	j.wantText("Started at 10:10:00 UTC and has not finished within 30 min", j.did.Opened[0].Explanation)
	if at := j.did.Opened[0].At; at != began.Add(30*time.Minute) {
		t.Errorf("opened at %v", at.Time())
	}
	j.take(begins(j.now)) // a start is no finish
	j.want(uptime.VerdictDown, 1, 0)
}

func TestARunThatStartsOverAndOverIsNotPutOffForEver(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	j.m.Heartbeat.MaxRun = 30 * time.Minute
	j.take(finish(uptime.OutcomePass, morning))
	for range 6 * 20 {
		j.pass(time.Minute, true)
		j.take(begins(j.now))
	}
	j.want(uptime.VerdictDown, 1, 0)
	if at := j.did.Opened[0].At; at != morning.Add(95*time.Minute) {
		t.Errorf("opened at %v, want interval, grace and run after the last finish", at.Time())
	}
}

func TestAGapIsUnknownAndDeadlinesStartAnew(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	j.take(finish(uptime.OutcomePass, morning))
	j.pass(64*time.Minute, true)
	j.pass(6*time.Minute, false) // the deadline passes in it
	j.want(uptime.VerdictUnknown, 0, 0)
	last := j.did.Verdicts[len(j.did.Verdicts)-1]
	if last.At != morning.Add(65*time.Minute) {
		t.Errorf("unknown from %v on, want from the deadline on", last.At.Time())
	}
	j.wantText("Unknown: no call since 09:00:00 UTC, and none could be taken after 10:04:00 UTC", last.Explanation)
	j.pass(65*time.Minute, true)
	j.want(uptime.VerdictUnknown, 0, 0)
	j.pass(10*time.Second, true)
	j.want(uptime.VerdictDown, 1, 0)
	j.wantText("No call since 09:00:00 UTC; one was due every 1 h with 5 min of grace from 10:10:01 UTC on", j.did.Opened[0].Explanation)
}

// Nothing is known of when calls could be taken until the first mark is read.
func TestAFoldThatStartsFromNothingWaitsForTheApi(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	j.f.Listening = Listening{}
	j.take(finish(uptime.OutcomePass, morning))
	j.pass(2*time.Hour, false)
	j.want(uptime.VerdictUp, 0, 0)
	if !j.s.Awaits() {
		t.Error("it does not wait for word of the api")
	}
	j.pass(65*time.Minute, true)
	j.want(uptime.VerdictUp, 0, 0)
	j.pass(15*time.Second, true)
	j.want(uptime.VerdictDown, 1, 0)
}

func TestAGapBeforeTheDeadlinePutsItOff(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	j.take(finish(uptime.OutcomePass, morning))
	j.pass(30*time.Minute, true)
	j.pass(10*time.Minute, false)
	j.pass(60*time.Minute, true) // 10:40, past the old deadline
	j.want(uptime.VerdictUp, 0, 0)
	j.pass(6*time.Minute, true)
	j.want(uptime.VerdictDown, 1, 0)
}

func TestADeadlineThatPassedBeforeTheGapIsSilence(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	j.take(finish(uptime.OutcomePass, morning))
	j.pass(64*time.Minute, true)
	// Marks come up to shortly after the deadline and are folded late, with the gap behind
	// them: nothing was judged in between.
	for at := j.now; at < morning.Add(65*time.Minute+4*time.Second); at = at.Add(4 * time.Second) {
		j.f.Listening, _ = j.f.Listening.Heard(at)
	}
	j.f.Listening, _ = j.f.Listening.Heard(morning.Add(65*time.Minute + 4*time.Second))
	j.mark(morning.Add(80 * time.Minute))
	j.want(uptime.VerdictDown, 1, 0)
}

func TestAPauseForgetsAndAResumeStartsAnew(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	j.take(finish(uptime.OutcomePass, morning))
	j.pass(2*time.Hour, true)
	j.want(uptime.VerdictDown, 1, 0)
	j.m.Revision, j.m.Paused = 2, true
	j.s.Configure(&j.m, &j.f, j.now, &j.did)
	j.want(uptime.VerdictUnknown, 1, 1)
	if !j.did.Resolved[0].Quiet {
		t.Error("a pause tells of a recovery")
	}
	j.take(finish(uptime.OutcomeFail, j.now))
	j.pass(2*time.Hour, true)
	j.want(uptime.VerdictUnknown, 1, 1)
	j.m.Revision, j.m.Paused = 3, false
	j.s.Configure(&j.m, &j.f, j.now, &j.did)
	resumed := j.now
	j.pass(64*time.Minute, true)
	j.want(uptime.VerdictUnknown, 1, 1)
	j.pass(2*time.Minute, true)
	j.want(uptime.VerdictDown, 2, 1)
	if at := j.did.Opened[1].At; at != resumed.Add(65*time.Minute) {
		t.Errorf("silent from %v on, resumed at %v", at.Time(), resumed.Time())
	}
}

func TestALaterIntervalIsNotJudgedByTheOldOne(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	j.take(finish(uptime.OutcomePass, morning))
	j.pass(50*time.Minute, true)
	j.m.Revision, j.m.Interval = 2, 10*time.Minute
	j.s.Configure(&j.m, &j.f, j.now, &j.did)
	j.pass(14*time.Minute, true)
	j.want(uptime.VerdictUp, 0, 0)
	j.take(finish(uptime.OutcomePass, j.now)) // of whatever revision
	j.pass(16*time.Minute, true)
	j.want(uptime.VerdictDown, 1, 0)
}

func TestSpell(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0 ms", 250 * time.Millisecond: "250 ms", 5 * time.Second: "5 s", 90 * time.Second: "1 min 30 s",
		time.Hour: "1 h", 25*time.Hour + time.Minute: "1 d 1 h", 36 * time.Hour: "1 d 12 h", 24*time.Hour + time.Minute: "1 d",
		time.Minute + 100*time.Millisecond: "1 min", 366 * 24 * time.Hour: "366 d",
	} {
		if got := spell(d); got != want {
			t.Errorf("spell(%v) = %q, want %q", d, got, want)
		}
	}
}
