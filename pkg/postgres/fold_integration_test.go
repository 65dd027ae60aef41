//go:build integration

package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/fixture"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// at returns an instant of a fixed day.
func at(d time.Duration) uptime.Instant {
	return uptime.InstantOf(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)).Add(d)
}

func inTx(t *testing.T, s *postgres.Store, f func(pgx.Tx) error) {
	t.Helper()
	if err := s.Tx(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func TestCheckpointIsReadBackAsWritten(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool := pgtest.Pool(t)
	s := postgres.NewStore(pool)
	org := fixture.Org(t, pool)
	m := fixture.Monitor(t, pool, uptime.Monitor{OrgID: org, Regions: []string{"a", "b"}})
	never := fixture.Monitor(t, pool, uptime.Monitor{OrgID: org})
	gone := uptime.NewID(time.Now())
	state := postgres.MonitorState{
		Monitor: m.ID, Revision: 3, Verdict: uptime.VerdictDown, Since: at(0), Reason: uptime.ReasonTimeout,
		Advisory: []string{"a"}, AdvisorySince: at(time.Second), Checkpoint: []byte(`{"round": 7}`),
	}
	vote := postgres.Vote{
		Monitor: m.ID, Region: "a", Revision: 3, Outcome: uptime.OutcomeFail, Reason: uptime.ReasonTimeout,
		Detail: "read: i/o timeout", Since: at(0), Due: at(3 * time.Second), Latency: 2 * time.Second, Code: 200,
		IP: "192.0.2.1", Site: "s", Canary: uptime.CanaryPassed, Exempt: true, Counted: true,
	}
	second := postgres.Vote{Monitor: m.ID, Region: "b", Revision: 3, Outcome: uptime.OutcomePass, Since: at(0), Due: at(0)}
	for range 2 { // The second time updates.
		inTx(t, s, func(tx pgx.Tx) error {
			if err := postgres.UpsertVotes(ctx, tx, []postgres.Vote{second, vote, {Monitor: gone, Region: "a"}}); err != nil {
				return err
			}
			return postgres.UpsertMonitorStates(ctx, tx, []postgres.MonitorState{state, {Monitor: gone}})
		})
	}
	var got []postgres.JudgedMonitor
	_, err := s.JudgedMonitors(ctx, func(uptime.ID) bool { return true }, func(j *postgres.JudgedMonitor) error {
		got = append(got, *j)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []postgres.JudgedMonitor{
		{Watched: watched(m), State: &state, Votes: []postgres.Vote{vote, second}}, {Watched: watched(never)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("checkpoint (-want +got):\n%s", diff)
	}
	inTx(t, s, func(tx pgx.Tx) error {
		return postgres.DeleteVotes(ctx, tx, []postgres.VoteRef{{Monitor: m.ID, Region: "b"}})
	})
	left, err := s.Votes(ctx, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]postgres.Vote{vote}, left); diff != "" {
		t.Errorf("votes after a delete (-want +got):\n%s", diff)
	}
}

func watched(m uptime.Monitor) postgres.Watched {
	m.Target, m.Settings = "", nil
	return postgres.Watched{Monitor: m, TargetRevision: m.Revision}
}

func TestHostileTextDoesNotFailTheBatch(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool := pgtest.Pool(t)
	s := postgres.NewStore(pool)
	m := fixture.Monitor(t, pool, uptime.Monitor{OrgID: fixture.Org(t, pool)})
	inTx(t, s, func(tx pgx.Tx) error {
		return postgres.UpsertVotes(ctx, tx, []postgres.Vote{{Monitor: m.ID, Region: "a", Detail: "a\x00b\xffc"}})
	})
	got, err := s.Votes(ctx, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Detail != "ab�c" {
		t.Errorf("votes are %+v, want one with detail %q", got, "ab�c")
	}
}

func TestTargetRevisionFollowsTheTargetOnly(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool := pgtest.Pool(t)
	s := postgres.NewStore(pool)
	m := fixture.Monitor(t, pool, uptime.Monitor{OrgID: fixture.Org(t, pool)})
	for _, c := range []struct {
		change                   string
		revision, targetRevision int64
	}{
		{"interval_ms = 20000, revision = revision + 1", 2, 1},
		{"target = 'https://other.test', revision = revision + 1", 3, 3},
		{"policy = '{}', revision = revision + 1", 4, 3},
		{"settings = '{\"expect\": 200}'", 5, 5}, // Whoever forgets the revision gets one.
		{"kind = 'tcp', revision = revision + 1", 6, 6},
	} {
		if _, err := pool.Exec(ctx, "UPDATE monitor SET "+c.change+", updated_at = now() WHERE id = $1", m.ID); err != nil {
			t.Fatal(err)
		}
		got, err := s.JudgedByID(ctx, []uptime.ID{m.ID})
		if err != nil || len(got) != 1 {
			t.Fatalf("JudgedByID = %v, %v", got, err)
		}
		if w := got[0].Watched; w.Revision != c.revision || w.TargetRevision != c.targetRevision {
			t.Errorf("after %s: revision %d, target revision %d, want %d, %d",
				c.change, w.Revision, w.TargetRevision, c.revision, c.targetRevision)
		}
	}
}

type span struct {
	Name       string
	Start, End time.Duration // from at(0); End -1 is open
}

func spans(t *testing.T, s *postgres.Store, sql string, id uptime.ID) []span {
	t.Helper()
	rows, err := s.Pool().Query(context.Background(), sql, id)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (span, error) {
		var name string
		var start time.Time
		var end *time.Time
		err := row.Scan(&name, &start, &end)
		sp := span{Name: name, Start: uptime.InstantOf(start).Sub(at(0)), End: -1}
		if end != nil {
			sp.End = uptime.InstantOf(*end).Sub(at(0))
		}
		return sp, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSpansFollowEachOtherWithoutOverlap(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool := pgtest.Pool(t)
	s := postgres.NewStore(pool)
	m := fixture.Monitor(t, pool, uptime.Monitor{OrgID: fixture.Org(t, pool)})
	const sec = time.Second
	for _, sw := range []postgres.SpanSwitch{
		{At: at(0), Verdict: uptime.VerdictUnknown},
		{At: at(5 * sec), Verdict: uptime.VerdictUp},
		{At: at(5 * sec), Verdict: uptime.VerdictUp},   // A replay.
		{At: at(9 * sec), Verdict: uptime.VerdictUp},   // Nothing new.
		{At: at(9 * sec), Verdict: uptime.VerdictDown}, //
		{At: at(7 * sec), Verdict: uptime.VerdictUp},   // The clock went back: the down took no time.
		{At: at(12 * sec), Close: true},
		{At: at(13 * sec), Close: true}, // A replay.
		{At: at(20 * sec), Verdict: uptime.VerdictUp},
	} {
		sw.Monitor = m.ID
		inTx(t, s, func(tx pgx.Tx) error {
			return postgres.SwitchSpans(ctx, tx, []postgres.SpanSwitch{sw, {Monitor: uptime.NewID(time.Now()), At: at(0)}})
		})
	}
	got := spans(t, s, "SELECT verdict, started_at, ended_at FROM span WHERE monitor_id = $1 ORDER BY started_at", m.ID)
	want := []span{{"unknown", 0, 5 * sec}, {"up", 5 * sec, 9 * sec}, {"up", 9 * sec, 12 * sec}, {"up", 20 * sec, -1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}

func TestVoteSpansTakeManySwitchesOfOneVoteInOneBatch(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool := pgtest.Pool(t)
	s := postgres.NewStore(pool)
	m := fixture.Monitor(t, pool, uptime.Monitor{OrgID: fixture.Org(t, pool)})
	const sec = time.Second
	inTx(t, s, func(tx pgx.Tx) error {
		return postgres.SwitchVoteSpans(ctx, tx, []postgres.VoteSpanSwitch{
			{Monitor: m.ID, Region: "a", At: at(0), Outcome: uptime.OutcomePass},
			{Monitor: m.ID, Region: "b", At: at(0), Outcome: uptime.OutcomePass},
			{Monitor: m.ID, Region: "a", At: at(3 * sec), Outcome: uptime.OutcomeFail, Reason: uptime.ReasonDNS},
			{Monitor: m.ID, Region: "a", At: at(4 * sec), Outcome: uptime.OutcomePass},
			{Monitor: m.ID, At: at(6 * sec), Close: true},
			{Monitor: m.ID, Region: "b", At: at(8 * sec), Outcome: uptime.OutcomePass},
		})
	})
	got := spans(t, s, "SELECT region || ' ' || outcome, started_at, ended_at FROM vote_span WHERE monitor_id = $1 ORDER BY region, started_at", m.ID)
	want := []span{
		{"a pass", 0, 3 * sec}, {"a fail", 3 * sec, 4 * sec}, {"a pass", 4 * sec, 6 * sec},
		{"b pass", 0, 6 * sec}, {"b pass", 8 * sec, -1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("vote spans (-want +got):\n%s", diff)
	}
	age := time.Since(at(5 * sec).Time())
	if n, err := s.PurgeVoteSpans(ctx, age); err != nil || n != 2 {
		t.Errorf("PurgeVoteSpans = %d, %v, want the 2 that ended before", n, err)
	}
}

func TestOneIncidentAMonitorAndOneIDForItsOpening(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool := pgtest.Pool(t)
	s := postgres.NewStore(pool)
	m := fixture.Monitor(t, pool, uptime.Monitor{OrgID: fixture.Org(t, pool)})
	opening := func(d time.Duration) postgres.NewIncident {
		return postgres.NewIncident{
			ID: postgres.IncidentID(m.ID, at(d), uptime.VerdictDown), Monitor: m.ID, Severity: uptime.VerdictDown,
			Opened: at(d), Explanation: "down", Evidence: []byte(`{}`), Damped: true,
		}
	}
	open := func(d time.Duration) (n int) {
		inTx(t, s, func(tx pgx.Tx) error {
			got, err := postgres.OpenIncidents(ctx, tx, []postgres.NewIncident{opening(d)})
			n = len(got)
			return err
		})
		return n
	}
	resolve := func() (n int) {
		inTx(t, s, func(tx pgx.Tx) error {
			got, err := postgres.ResolveIncidents(ctx, tx, []postgres.IncidentEnd{{Monitor: m.ID, At: at(time.Hour), Resolution: "paused"}})
			n = len(got)
			return err
		})
		return n
	}
	for i, step := range []struct {
		what      string
		got, want int
	}{
		{"open", open(0), 1},
		{"replay of the opening", open(0), 0},
		{"another while one is open", open(time.Second), 0},
		{"resolve", resolve(), 1},
		{"resolve again", resolve(), 0},
		{"replay of the opening after the end", open(0), 0},
		{"a later one", open(2 * time.Hour), 1},
	} {
		if step.got != step.want {
			t.Errorf("step %d, %s: %d incidents, want %d", i, step.what, step.got, step.want)
		}
	}
	for _, damped := range []bool{true, false} {
		if untold, err := s.UntoldIncidents(ctx, 10); err != nil || len(untold) == 1 != damped {
			t.Errorf("UntoldIncidents = %v, %v, want the monitor: %v", untold, err, damped)
		}
		got, err := s.JudgedByID(ctx, []uptime.ID{m.ID, uptime.NewID(time.Now())})
		if err != nil || len(got) != 1 || got[0].Open == nil {
			t.Fatalf("JudgedByID = %+v, %v, want the monitor with its incident", got, err)
		}
		want := postgres.OpenIncident{
			ID: opening(2 * time.Hour).ID, Monitor: m.ID, Org: m.OrgID, Severity: uptime.VerdictDown, Opened: at(2 * time.Hour), Damped: damped,
		}
		if diff := cmp.Diff(want, *got[0].Open); diff != "" {
			t.Errorf("open incident (-want +got):\n%s", diff)
		}
		inTx(t, s, func(tx pgx.Tx) error {
			told, err := postgres.UndampIncidents(ctx, tx, []uptime.ID{m.ID})
			if len(told) == 1 != damped {
				t.Errorf("UndampIncidents = %v, want the incident: %v", told, damped)
			}
			return err
		})
	}
}

func TestIncidentIDsSortByOpening(t *testing.T) {
	t.Parallel()
	a, b := uptime.NewID(time.Now()), uptime.NewID(time.Now())
	first, second := postgres.IncidentID(a, at(0), uptime.VerdictDown), postgres.IncidentID(b, at(time.Second), uptime.VerdictDown)
	if first.String() >= second.String() {
		t.Errorf("%s opened before %s but does not sort so", first, second)
	}
	if other := postgres.IncidentID(b, at(0), uptime.VerdictDown); other == first {
		t.Error("two monitors' incidents of one instant have one id")
	}
	if got := postgres.IncidentID(a, at(0), uptime.VerdictDown); got != first {
		t.Error("the same opening has two ids")
	}
	if got := postgres.IncidentID(a, at(0), uptime.VerdictDegraded); got == first {
		t.Error("two severities have one id")
	}
}

func TestFleetEventsOpenAndEndOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool := pgtest.Pool(t)
	s := postgres.NewStore(pool)
	fixture.Regions(t, pool, fixture.Org(t, pool), "a")
	e := postgres.FleetEvent{ID: uptime.NewID(time.Now()), Kind: postgres.FleetSick, Region: "a", Opened: at(0), Explanation: "a is sick"}
	inTx(t, s, func(tx pgx.Tx) error {
		for _, want := range []bool{true, false} {
			e.ID = uptime.NewID(time.Now())
			if got, err := postgres.OpenFleetEvent(ctx, tx, e); err != nil || got != want {
				t.Errorf("OpenFleetEvent = %v, %v, want %v", got, err, want)
			}
		}
		return postgres.SetRegionSick(ctx, tx, "a", at(0))
	})
	if err := s.SaveRegionHealth(ctx, map[string][]byte{"a": []byte(`{"sick": true}`), "gone": []byte(`{}`)}); err != nil {
		t.Error(err)
	}
	regions, err := s.JudgedRegions(ctx)
	if err != nil || len(regions) != 1 || regions[0].SickSince != at(0) || !regions[0].Enabled || string(regions[0].Health) != `{"sick": true}` {
		t.Errorf("JudgedRegions = %+v, %v, want a sick since %d", regions, err, at(0))
	}
	inTx(t, s, func(tx pgx.Tx) error {
		for _, want := range []bool{true, false} {
			got, ended, err := postgres.ResolveFleetEvent(ctx, tx, postgres.FleetSick, "a", at(time.Minute))
			if err != nil || ended != want || want && got.Explanation != e.Explanation {
				t.Errorf("ResolveFleetEvent = %+v, %v, %v, want %v", got, ended, err, want)
			}
		}
		return nil
	})
	if open, err := s.OpenFleetEvents(ctx); err != nil || len(open) != 0 {
		t.Errorf("OpenFleetEvents = %v, %v, want none", open, err)
	}
}

func TestPositionsAddUp(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := postgres.NewStore(pgtest.Pool(t))
	for _, id := range []string{"1-0", "2-0"} {
		inTx(t, s, func(tx pgx.Tx) error {
			return postgres.SavePositions(ctx, tx, 0, []postgres.Position{{Region: "b", LastID: id, Folded: 3}, {Region: "a", LastID: id, Folded: 1}})
		})
	}
	got, err := s.Positions(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []postgres.Position{{Region: "a", LastID: "2-0", Folded: 2}, {Region: "b", LastID: "2-0", Folded: 6}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(postgres.Position{}, "At")); diff != "" {
		t.Errorf("positions (-want +got):\n%s", diff)
	}
	if err := s.SaveRegionStats(ctx, 0, time.Minute, []postgres.RegionStat{{Region: "a", Results: 5, LateP99: time.Second}}); err != nil {
		t.Error(err)
	}
}
