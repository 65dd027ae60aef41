//go:build integration

package app

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/testenv/fixture"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// heartbeat adds a job that is due every 20 s with 5 s of grace.
func (f *fleet) heartbeat(settings string) uptime.Monitor {
	f.Helper()
	return fixture.Monitor(f, f.store.Pool(), uptime.Monitor{
		OrgID: f.org, Kind: uptime.KindHeartbeat, Interval: 20 * time.Second, Settings: json.RawMessage(settings),
	})
}

// ping has a job call in at an instant; set may be nil.
func (f *fleet) ping(m uptime.Monitor, o uptime.Outcome, at uptime.Instant, set func(*uptime.Result)) {
	f.Helper()
	r := uptime.Result{
		Monitor: m.ID, Revision: m.Revision, Region: uptime.RegionHeartbeat, Due: at, Started: at, Outcome: o,
	}
	if o == uptime.OutcomeFail {
		r.Reason = uptime.ReasonReported
	}
	if set != nil {
		set(&r)
	}
	if err := f.queue.WriteCall(f.Context(), 0, &r); err != nil {
		f.Fatal(err)
	}
}

func begins(r *uptime.Result) {
	r.Outcome, r.Reason, r.Begins = uptime.OutcomeNone, uptime.ReasonNone, true
}

// listen marks that the api is able to take calls.
func (f *fleet) listen() {
	f.Helper()
	if err := f.queue.MarkListening(f.Context(), 1, f.now()); err != nil {
		f.Fatal(err)
	}
}

// elapse lets time pass in which the api can take calls.
func (f *fleet) elapse(d time.Duration) {
	f.Helper()
	f.listen()
	for d > 0 {
		step := min(d, 5*time.Second)
		d -= step
		f.skip(step)
		f.listen()
	}
}

func (f *fleet) becomes(m uptime.Monitor, verdict string) {
	f.Helper()
	f.await("verdict "+verdict, func() bool { return f.verdict(m) == verdict })
}

// incidents returns how many of a monitor are open and over.
func (f *fleet) incidents(m uptime.Monitor) [2]int {
	f.Helper()
	return [2]int{
		len(f.column("SELECT 1 FROM incident WHERE monitor_id = $1 AND resolved_at IS NULL", m.ID)),
		len(f.column("SELECT 1 FROM incident WHERE monitor_id = $1 AND resolved_at IS NOT NULL", m.ID)),
	}
}

func (f *fleet) explanation(m uptime.Monitor) string {
	f.Helper()
	return f.one("SELECT explanation FROM incident WHERE monitor_id = $1 ORDER BY id DESC LIMIT 1", m.ID)
}

func TestAHeartbeatFromItsFirstCallToTheRecovery(t *testing.T) {
	t.Parallel()
	f := newFleet(t) // a fleet without a single region will do
	m := f.heartbeat(`{"grace_seconds":5}`)
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered")
	f.aggregate(nil)
	f.elapse(2 * time.Minute)
	if v := f.verdict(m); v != "unknown" && v != "pending" || f.incidents(m) != [2]int{} {
		t.Fatalf("a job that never called is %s with incidents %v", v, f.incidents(m))
	}
	first := f.now()
	f.ping(m, uptime.OutcomePass, first, func(r *uptime.Result) { r.Phases.Total, r.Detail = 90*time.Minute, "42 files" })
	f.becomes(m, "up")
	f.await("what came last", func() bool { return f.one("SELECT last_at FROM heartbeat WHERE monitor_id = $1", m.ID) != "" })
	row := f.one("SELECT to_jsonb(h) FROM heartbeat h WHERE monitor_id = $1", m.ID)
	got := decode[struct {
		LastOK      bool      `json:"last_ok"`
		LastAt      time.Time `json:"last_at"`
		LateAt      time.Time `json:"late_at"`
		LastMessage string    `json:"last_message"`
		DurationMS  int64     `json:"duration_ms"`
	}](t, row)
	if !got.LastOK || got.LastMessage != "42 files" || got.DurationMS != 5_400_000 ||
		!got.LastAt.Equal(first.Time()) || !got.LateAt.Equal(first.Add(25*time.Second).Time()) {
		t.Errorf("heartbeat %s, want the call at %v", row, first.Time())
	}

	f.elapse(20 * time.Second)
	f.ping(m, uptime.OutcomePass, f.now(), nil)
	f.elapse(20 * time.Second)
	if f.verdict(m) != "up" {
		t.Fatalf("down in time:\n%s", f.picture())
	}
	last := f.now().Add(-20 * time.Second)
	f.elapse(15 * time.Second)
	f.becomes(m, "down")
	want := "No call since " + last.Time().Format("15:04:05") + " UTC; one was due every 20 s with 5 s of grace"
	if text := f.explanation(m); text != want {
		t.Errorf("explained as %q, want %q", text, want)
	}
	evidence := decode[consensus.Evidence](t, f.one("SELECT evidence FROM incident WHERE monitor_id = $1", m.ID))
	if len(evidence.Votes) != 1 || evidence.Votes[0].Reason != uptime.ReasonSilent || evidence.Votes[0].Region != "heartbeat" {
		t.Errorf("evidence %+v", evidence)
	}
	if vote := f.one("SELECT outcome || ' ' || reason || ' ' || counted FROM vote WHERE monitor_id = $1", m.ID); vote != "fail silent true" {
		t.Errorf("vote %q", vote)
	}
	f.ping(m, uptime.OutcomePass, f.now(), nil)
	f.becomes(m, "up")
	if diff := cmp.Diff(map[string]int{"down": 1, "recovered": 1}, f.alerts()); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"unknown", "up", "down", "up"},
		f.column("SELECT verdict FROM span WHERE monitor_id = $1 ORDER BY started_at", m.ID)); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	f.consistent()
}

func TestAHeartbeatThatReportsItsFailure(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "eu-west")
	m := f.heartbeat(`{"grace_seconds":5}`)
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered")
	f.aggregate(nil)
	f.listen()
	at := f.now()
	f.ping(m, uptime.OutcomeFail, at, func(r *uptime.Result) { r.Detail = "disk \x00full" })
	f.becomes(m, "down")
	f.await("an incident", func() bool { return f.incidents(m) == [2]int{1, 0} })
	if text := f.explanation(m); text != "The job reported a failure: disk full" {
		t.Errorf("explained as %q", text)
	}
	f.ping(m, uptime.OutcomePass, at.Add(-time.Second), nil) // of an older run, late
	f.ping(m, uptime.OutcomePass, at, nil)                   // the same instant
	f.elapse(time.Minute)
	f.settledBeats()
	if f.verdict(m) != "down" || f.incidents(m) != [2]int{1, 0} {
		t.Errorf("a late call counts:\n%s", f.picture())
	}
	// Good and bad again before anybody looks: both are told of.
	f.ping(m, uptime.OutcomePass, f.now(), nil)
	f.ping(m, uptime.OutcomeFail, f.now()+1, nil)
	f.ping(m, uptime.OutcomePass, f.now()+2, nil)
	f.await("two incidents, both over", func() bool { return f.incidents(m) == [2]int{0, 2} })
	f.becomes(m, "up")
	f.consistent()
}

// settledBeats waits until every call and mark is folded and durable.
func (f *fleet) settledBeats() {
	f.Helper()
	f.await("all calls acknowledged", func() bool {
		s := f.laneStats(uptime.RegionHeartbeat)
		return s.Aggregator.Pending == 0 && s.Aggregator.OldestAge == 0
	})
}

func TestARunThatIsStartedAndNotFinished(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	m := f.heartbeat(`{"grace_seconds":5,"max_run_seconds":60}`)
	f.aggregate(nil)
	f.listen()
	start := f.now()
	f.ping(m, uptime.OutcomeNone, start, begins)
	f.await("the start", func() bool { return f.one("SELECT started_at FROM heartbeat WHERE monitor_id = $1", m.ID) != "" })
	f.elapse(50 * time.Second)
	f.ping(m, uptime.OutcomePass, start.Add(50*time.Second), nil)
	f.becomes(m, "up")
	if ms := f.one("SELECT duration_ms FROM heartbeat WHERE monitor_id = $1", m.ID); ms != "50000" {
		t.Errorf("a run of %s ms, want the time since its start", ms)
	}
	start = f.now()
	f.ping(m, uptime.OutcomeNone, start, begins)
	f.elapse(55 * time.Second)
	f.settledBeats()
	if f.verdict(m) != "up" {
		t.Errorf("%s while it runs", f.verdict(m))
	}
	f.elapse(10 * time.Second)
	f.becomes(m, "down")
	want := "Started at " + start.Time().Format("15:04:05") + " UTC and has not finished within 1 min"
	if text := f.explanation(m); text != want {
		t.Errorf("explained as %q, want %q", text, want)
	}
	f.consistent()
}

func TestAnOutageOfTheApiIsUnknownAndDeadlinesStartAnew(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	m, other := f.heartbeat(`{"grace_seconds":5}`), f.heartbeat(`{"grace_seconds":600}`)
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered")
	f.aggregate(nil)
	f.listen()
	f.ping(m, uptime.OutcomePass, f.now(), nil)
	f.ping(other, uptime.OutcomePass, f.now(), nil)
	f.becomes(m, "up")
	f.elapse(10 * time.Second)
	f.skip(2 * time.Minute)
	f.becomes(m, "unknown")
	f.elapse(20 * time.Second)
	f.settledBeats()
	if f.verdict(m) != "unknown" || f.verdict(other) != "up" || f.incidents(m) != [2]int{} {
		t.Errorf("%s and %s after the outage, want unknown and up:\n%s", f.verdict(m), f.verdict(other), f.picture())
	}
	f.elapse(10 * time.Second)
	f.becomes(m, "down")
	if text := f.explanation(m); !strings.Contains(text, "5 s of grace from ") {
		t.Errorf("explained as %q, want from when it was due", text)
	}
	if diff := cmp.Diff(map[string]int{"down": 1}, f.alerts()); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
	f.consistent()
}

// The aggregator is away while a job is late and calls again: what happened meanwhile is
// judged as of then.
func TestARestartOfTheAggregatorChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	late, good := f.heartbeat(`{"grace_seconds":5}`), f.heartbeat(`{"grace_seconds":5}`)
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered")
	first := f.aggregate(nil)
	f.listen()
	called := f.now()
	f.ping(late, uptime.OutcomePass, called, nil)
	f.ping(good, uptime.OutcomePass, called, nil)
	f.becomes(late, "up")
	f.becomes(good, "up")
	f.settledBeats()
	f.elapse(10 * time.Second)
	first.stop()
	f.elapse(10 * time.Second)
	f.ping(good, uptime.OutcomePass, f.now(), nil)
	f.elapse(20 * time.Second)
	f.ping(good, uptime.OutcomePass, f.now(), nil)
	f.ping(late, uptime.OutcomePass, f.now(), nil)
	f.elapse(5 * time.Second)
	second := f.aggregate(nil)
	f.await("the incident of the meantime", func() bool { return f.incidents(late) == [2]int{0, 1} })
	f.becomes(late, "up")
	opened := decode[time.Time](t, `"`+f.one("SELECT to_char(opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM incident")+`"`)
	if want := called.Add(25 * time.Second).Time(); !opened.Equal(want) {
		t.Errorf("opened at %v, want at the deadline, %v\n%v", opened, want, f.column("SELECT to_jsonb(s) FROM span s ORDER BY started_at"))
	}
	if f.verdict(good) != "up" || f.incidents(good) != [2]int{} {
		t.Errorf("the other job is %s with incidents %v", f.verdict(good), f.incidents(good))
	}
	// Silent across another restart: no gap, no second incident, one recovery.
	f.elapse(30 * time.Second)
	f.becomes(late, "down")
	second.stop()
	f.elapse(30 * time.Second)
	f.aggregate(nil)
	f.elapse(10 * time.Second)
	f.settledBeats()
	if f.incidents(late) != [2]int{1, 1} || f.incidents(good) != [2]int{1, 0} {
		t.Errorf("incidents %v and %v:\n%s", f.incidents(late), f.incidents(good), f.picture())
	}
	f.ping(late, uptime.OutcomePass, f.now(), nil)
	f.becomes(late, "up")
	f.consistent()
}

func TestAPausedHeartbeatStartsAnew(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	m := f.heartbeat(`{"grace_seconds":5}`)
	f.aggregate(nil)
	f.listen()
	f.ping(m, uptime.OutcomePass, f.now(), nil)
	f.becomes(m, "up")
	pause := func(paused bool) {
		if _, err := f.store.Pool().Exec(t.Context(), "UPDATE monitor SET paused = $2, revision = revision + 1, updated_at = now() WHERE id = $1", m.ID, paused); err != nil {
			t.Fatal(err)
		}
	}
	pause(true)
	f.becomes(m, "unknown")
	f.ping(m, uptime.OutcomeFail, f.now(), nil)
	f.elapse(time.Minute)
	f.settledBeats()
	pause(false)
	f.await("the resumption", func() bool {
		return len(f.column("SELECT 1 FROM span WHERE monitor_id = $1 AND ended_at IS NULL AND verdict = 'unknown'", m.ID)) == 1
	})
	f.elapse(20 * time.Second)
	f.settledBeats()
	if f.verdict(m) != "unknown" || f.incidents(m) != [2]int{} {
		t.Errorf("%s after a pause:\n%s", f.verdict(m), f.picture())
	}
	f.elapse(10 * time.Second)
	f.becomes(m, "down")

	// Another grace is no other job: the incident stays open until it calls.
	if _, err := f.store.Pool().Exec(t.Context(), `UPDATE monitor SET settings = '{"grace_seconds":7}', updated_at = now() WHERE id = $1`, m.ID); err != nil {
		t.Fatal(err)
	}
	f.elapse(10 * time.Second)
	f.settledBeats()
	if f.incidents(m) != [2]int{1, 0} {
		t.Errorf("incidents %v after a change of its grace", f.incidents(m))
	}
	f.ping(m, uptime.OutcomePass, f.now(), nil)
	f.becomes(m, "up")
	f.consistent()
}
