//go:build integration

package incident_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/fixture"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/incident"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

type bench struct {
	*testing.T
	store *postgres.Store
	org   uptime.ID
	w     *incident.Writer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, store: postgres.NewStore(pgtest.Pool(t))}
	b.org = fixture.Org(t, b.store.Pool())
	fixture.Regions(t, b.store.Pool(), b.org, "a", "b", "c")
	b.w = b.writer(nil)
	return b
}

func (b *bench) writer(failpoint func(string) error) *incident.Writer {
	b.Helper()
	lease, held, err := b.store.AcquireLease(b.Context(), postgres.RoleAggregator, 0, "test", time.Minute)
	if err != nil || !held {
		b.Fatalf("lease: %v, %v", held, err)
	}
	jobs, err := postgres.NewJobs(b.store)
	if err != nil {
		b.Fatal(err)
	}
	return incident.NewWriter(b.store, jobs, incident.Config{Lease: lease, Log: slog.New(slog.DiscardHandler), Failpoint: failpoint})
}

func (b *bench) monitor() uptime.Monitor {
	b.Helper()
	return fixture.Monitor(b, b.store.Pool(), uptime.Monitor{OrgID: b.org})
}

func (b *bench) count(sql string, args ...any) (n int) {
	b.Helper()
	if err := b.store.Pool().QueryRow(context.Background(), "SELECT count(*) FROM "+sql, args...).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

var start = uptime.InstantOf(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))

func at(d time.Duration) uptime.Instant { return start.Add(d) }

// down is the unit of a monitor that went down.
func down(m uptime.Monitor, since uptime.Instant) unit.Unit {
	return unit.Unit{
		Monitor: m.ID, Target: m.Revision,
		State:    &postgres.MonitorState{Monitor: m.ID, Revision: m.Revision, Verdict: uptime.VerdictDown, Since: since, Reason: uptime.ReasonDNS},
		Votes:    []postgres.Vote{{Monitor: m.ID, Region: "a", Revision: 1, Outcome: uptime.OutcomeFail, Reason: uptime.ReasonDNS, Since: since, Due: since}},
		Spans:    []postgres.SpanSwitch{{Monitor: m.ID, At: since, Verdict: uptime.VerdictDown, Reason: uptime.ReasonDNS}},
		Verdicts: []unit.Change{{VerdictChange: consensus.VerdictChange{From: uptime.VerdictUp, To: uptime.VerdictDown, At: since}}},
		Opened:   []consensus.Open{{At: since, FirstFailure: since - 5, Reason: uptime.ReasonDNS, Explanation: "down"}},
	}
}

func up(m uptime.Monitor, since uptime.Instant) unit.Unit {
	u := down(m, since)
	u.State.Verdict, u.Opened = uptime.VerdictUp, nil
	u.Verdicts = []unit.Change{{VerdictChange: consensus.VerdictChange{From: uptime.VerdictDown, To: uptime.VerdictUp, At: since}}}
	u.Spans = []postgres.SpanSwitch{{Monitor: m.ID, At: since, Verdict: uptime.VerdictUp}}
	u.Resolved = []consensus.Resolve{{At: since, Explanation: "up"}}
	return u
}

func (b *bench) record(units ...unit.Unit) []uptime.ID {
	b.Helper()
	refused, err := b.w.Record(b.Context(), units, nil)
	if err != nil {
		b.Fatal(err)
	}
	return refused
}

func TestAReplayedTransitionIsWrittenOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := b.monitor()
	fixture.Channel(t, b.store.Pool(), b.org, "down", "recovered")
	for range 3 {
		b.record(down(m, at(0)))
	}
	b.record(up(m, at(time.Minute)))
	b.record(down(m, at(0)), up(m, at(time.Minute)))
	if n := b.count("incident"); n != 1 {
		t.Errorf("%d incidents, want one", n)
	}
	if downs, ups := b.count("delivery WHERE transition = 'down'"), b.count("delivery WHERE transition = 'recovered'"); downs != 1 || ups != 1 {
		t.Errorf("%d down and %d recovered alerts, want one each", downs, ups)
	}
	if n := b.count("river_job WHERE kind = 'deliver'"); n != 2 {
		t.Errorf("%d jobs, want one for each alert", n)
	}
	b.record(down(m, at(time.Hour)))
	if n := b.count("incident"); n != 2 {
		t.Errorf("%d incidents after another outage, want two", n)
	}
}

func TestTransitionsOfWhatHasChangedAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	gone := uptime.Monitor{ID: uptime.NewID(time.Now()), Revision: 1}
	paused, retargeted, well := b.monitor(), b.monitor(), b.monitor()
	for _, sql := range []string{
		"UPDATE website SET paused = true WHERE id = '" + paused.WebsiteID.String() + "'",
		"UPDATE monitor SET target = 'https://other.test' WHERE id = '" + retargeted.ID.String() + "'",
	} {
		if _, err := b.store.Pool().Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	refused := b.record(down(gone, at(0)), down(paused, at(0)), down(retargeted, at(0)), down(well, at(0)))
	if diff := cmp.Diff([]uptime.ID{gone.ID, paused.ID, retargeted.ID}, refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if n, of := b.count("incident"), b.count("incident WHERE monitor_id = $1", well.ID); n != 1 || of != 1 {
		t.Errorf("%d incidents, %d of the monitor that did not change, want one", n, of)
	}
	if n := b.count("monitor_state"); n != 1 {
		t.Errorf("%d states written, want that of the monitor that did not change", n)
	}
}

// TestOneBadUnitDoesNotKeepBackTheOthers writes a state that the database will never
// take among good ones.
func TestOneBadUnitDoesNotKeepBackTheOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good, bad, other := b.monitor(), b.monitor(), b.monitor()
	poisoned := down(bad, at(0))
	poisoned.State.Checkpoint = []byte(`"\u0000"`)
	refused, err := b.w.Record(t.Context(), []unit.Unit{down(good, at(0)), poisoned, down(other, at(0))}, []postgres.Position{{Region: "a", LastID: "1-1", Folded: 3}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]uptime.ID{bad.ID}, refused); diff != "" {
		t.Errorf("given up (-want +got):\n%s", diff)
	}
	if n := b.count("incident"); n != 2 {
		t.Errorf("%d incidents, want those of the good ones", n)
	}
	if n := b.count("stream_position WHERE folded = 3"); n != 1 {
		t.Error("the position was not written")
	}
}

func TestARecoveryIsToldToWhoeverHeardOfTheOutage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := b.monitor()
	told := fixture.Channel(t, b.store.Pool(), b.org, "down", "recovered")
	fixture.Channel(t, b.store.Pool(), b.org, "recovered")
	fixture.Channel(t, b.store.Pool(), b.org, "down")
	b.record(down(m, at(0)))
	throttled := fixture.Channel(t, b.store.Pool(), b.org, "down", "recovered")
	b.record(up(m, at(time.Minute)))
	if n := b.count("delivery WHERE transition = 'recovered'"); n != 1 || b.count("delivery WHERE transition = 'recovered' AND channel_id = $1", told) != 1 {
		t.Errorf("%d recoveries told, want one, to the channel that heard of the outage (not %s, which is younger)", n, throttled)
	}
}

func TestAFlappingMonitorIsToldOfOnceItStaysDown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := b.monitor()
	fixture.Channel(t, b.store.Pool(), b.org, "down", "recovered")
	u := down(m, at(0))
	u.Opened[0].Flapping = true
	b.record(u)
	if n := b.count("delivery"); n != 0 {
		t.Fatalf("%d alerts of a flapping monitor, want none", n)
	}
	untold, err := b.store.UntoldIncidents(t.Context(), 10)
	if err != nil || len(untold) != 1 {
		t.Fatalf("UntoldIncidents = %v, %v, want the monitor", untold, err)
	}
	for range 2 {
		later := down(m, at(time.Hour))
		later.Opened, later.Verdicts, later.Spans = nil, nil, nil
		later.Told = &unit.Told{At: at(time.Hour), Explanation: "still down"}
		b.record(later)
	}
	if n := b.count("delivery WHERE transition = 'down' AND payload->>'explanation' = 'still down'"); n != 1 {
		t.Errorf("%d alerts once it stays down, want one", n)
	}
	b.record(up(m, at(2*time.Hour)))
	if n := b.count("delivery WHERE transition = 'recovered'"); n != 1 {
		t.Errorf("%d recoveries told, want one", n)
	}
}

func TestASickRegionIsToldToEveryTenantThatAsked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	fixture.Channel(t, b.store.Pool(), b.org, "fleet")
	fixture.Channel(t, b.store.Pool(), fixture.Org(t, b.store.Pool()), "fleet", "down")
	fixture.Channel(t, b.store.Pool(), b.org, "down")
	sick := unit.Trouble{Kind: postgres.FleetSick, Region: "a", At: at(0), Explanation: "a is sick"}
	silent := unit.Trouble{Kind: postgres.FleetSilent, Region: "b", At: at(0), Explanation: "b is silent", Quiet: true}
	well, back := sick, silent
	well.At, well.Ended, back.At, back.Ended = at(time.Minute), true, at(time.Minute), true
	for i, step := range []struct {
		trouble              unit.Trouble
		alerts, open, isSick int
	}{
		{sick, 2, 1, 1}, {sick, 2, 1, 1}, {silent, 2, 2, 1}, {well, 4, 1, 0}, {well, 4, 1, 0}, {back, 4, 0, 0},
	} {
		if err := b.w.RecordTrouble(t.Context(), []unit.Trouble{step.trouble}); err != nil {
			t.Fatal(err)
		}
		alerts, open := b.count("delivery WHERE transition = 'fleet'"), b.count("fleet_event WHERE resolved_at IS NULL")
		if isSick := b.count("region WHERE sick_since IS NOT NULL"); alerts != step.alerts || open != step.open || isSick != step.isSick {
			t.Errorf("step %d: %d alerts, %d open events, %d sick regions, want %+v", i, alerts, open, isSick, step)
		}
	}
}

func TestAStaleLeaseOrAFailpointEndsTheWriter(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := b.monitor()
	old := b.w
	killed := errors.New("killed")
	for _, step := range []string{incident.StepBegin, incident.StepCommit, incident.StepCommitted} {
		w := b.writer(func(at string) error {
			if at == step {
				return killed
			}
			return nil
		})
		if _, err := w.Record(t.Context(), []unit.Unit{down(m, at(0))}, nil); !errors.Is(err, killed) {
			t.Errorf("at %s: %v, want the failpoint's error", step, err)
		}
		want := 0
		if step == incident.StepCommitted {
			want = 1
		}
		if n := b.count("incident"); n != want {
			t.Errorf("killed at %s: %d incidents, want %d", step, n, want)
		}
	}
	if _, err := old.Record(t.Context(), []unit.Unit{up(m, at(time.Minute))}, nil); !errors.Is(err, postgres.ErrStaleLease) {
		t.Errorf("a stale lease wrote: %v", err)
	}
	if err := old.RecordTrouble(t.Context(), []unit.Trouble{{Kind: postgres.FleetBlind, At: at(0)}}); !errors.Is(err, postgres.ErrStaleLease) {
		t.Errorf("a stale lease wrote trouble: %v", err)
	}
}

// What was judged in a backlog is several transitions of one monitor, which no statement
// can write at once: one transaction does. Whoever is killed leaves all of it or nothing,
// and what is written again changes nothing.
func TestABacklogOfOneMonitorIsWrittenAtOnceOrNotAtAll(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := b.monitor()
	fixture.Channel(t, b.store.Pool(), b.org, "down", "recovered")
	b.record(down(m, at(0)))
	backlog := func() unit.Unit {
		u := down(m, at(2*time.Minute))
		u.Votes[0].Region = "b"
		u.Spans = []postgres.SpanSwitch{
			{Monitor: m.ID, At: at(time.Minute), Verdict: uptime.VerdictUp}, {Monitor: m.ID, At: at(2 * time.Minute), Verdict: uptime.VerdictDown, Reason: uptime.ReasonDNS},
		}
		u.Resolved = []consensus.Resolve{{At: at(time.Minute), Explanation: "up"}}
		return u
	}
	written := func() map[string]int {
		return map[string]int{
			"incidents": b.count("incident"), "open": b.count("incident WHERE resolved_at IS NULL"), "spans": b.count("span WHERE verdict <> 'unknown'"),
			"downs": b.count("delivery WHERE transition = 'down'"), "ups": b.count("delivery WHERE transition = 'recovered'"),
			"newer states": b.count("monitor_state WHERE since = $1", at(2*time.Minute).Time()), "votes": b.count("vote"),
		}
	}
	before := written()
	after := map[string]int{"incidents": 2, "open": 1, "spans": 3, "downs": 2, "ups": 1, "newer states": 1, "votes": 2}
	killed := errors.New("killed")
	for _, c := range []struct {
		step string
		want map[string]int
	}{{incident.StepBegin, before}, {incident.StepCommit, before}, {incident.StepCommitted, after}, {"never", after}} {
		w := b.writer(func(at string) error {
			if at == c.step {
				return killed
			}
			return nil
		})
		if _, err := w.Record(t.Context(), []unit.Unit{backlog()}, nil); errors.Is(err, killed) != (c.step != "never") {
			t.Fatalf("at %s: %v", c.step, err)
		}
		if diff := cmp.Diff(c.want, written()); diff != "" {
			t.Errorf("killed at %s (-want +got):\n%s", c.step, diff)
		}
	}
}
