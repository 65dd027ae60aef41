//go:build integration

package tsdb_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/testenv/influxtest"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const day = 24 * time.Hour

// pass makes the result of a check that passed.
func pass(monitor uptime.ID, region string, due time.Time, total time.Duration) uptime.Result {
	return uptime.Result{
		Monitor: monitor, Region: region, Due: uptime.InstantOf(due), Outcome: uptime.OutcomePass, Code: 200,
		Phases: uptime.Phases{TTFB: total / 2, Transfer: total / 2, Total: total}, Late: 3 * time.Millisecond,
	}
}

// fail makes the result of a check that failed.
func fail(monitor uptime.ID, region string, due time.Time, reason uptime.Reason) uptime.Result {
	r := pass(monitor, region, due, 7*time.Millisecond)
	r.Outcome, r.Reason, r.Code = uptime.OutcomeFail, reason, 503
	return r
}

func write(t *testing.T, c *tsdb.Client, ticks ...uptime.Result) {
	t.Helper()
	for i := 0; i < len(ticks); i += 5000 {
		if err := c.Write(t.Context(), ticks[i:min(i+5000, len(ticks))]); err != nil {
			t.Fatal(err)
		}
	}
}

func ticks(t *testing.T, c *tsdb.Client, q tsdb.TickQuery) []tsdb.Tick {
	t.Helper()
	got, err := c.Ticks(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func latency(t *testing.T, c *tsdb.Client, q tsdb.SeriesQuery) tsdb.Series {
	t.Helper()
	got, err := c.Latency(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func newMonitor() uptime.ID { return uptime.NewID(time.Now()) }

func TestTicksComeBackAsWritten(t *testing.T) {
	t.Parallel()
	c, m := influxtest.Client(t), newMonitor()
	now := time.Now().Truncate(time.Second)
	urgent := fail(m, "eu-west", now.Add(-2*time.Minute).Add(123*time.Microsecond), uptime.ReasonConnectTimeout)
	urgent.Request, urgent.Code = uptime.ID{1}, 0
	degraded := pass(m, "us-east", now.Add(-3*time.Minute), 40*time.Millisecond)
	degraded.Outcome, degraded.Reason = uptime.OutcomeDegraded, uptime.ReasonAssertion
	late := pass(m, "eu-west", now.Add(-4*time.Minute), 1234567*time.Microsecond)
	late.Phases = uptime.Phases{DNS: 1001, Connect: 2 * time.Millisecond, TLS: 3 * time.Millisecond, Total: 1234567 * time.Microsecond}
	expired := pass(m, "eu-west", now.Add(-time.Minute), 0)
	expired.Outcome = uptime.OutcomeExpired
	write(t, c, late, expired, degraded, urgent, pass(newMonitor(), "eu-west", now, time.Second))

	got := ticks(t, c, tsdb.TickQuery{Monitor: m, From: now.Add(-time.Hour), To: now.Add(time.Minute)})
	want := []tsdb.Tick{
		{
			Due: urgent.Due, Region: "eu-west", Reason: uptime.ReasonConnectTimeout, Phases: urgent.Phases,
			Late: urgent.Late, Urgent: true,
		},
		{Due: degraded.Due, Region: "us-east", OK: true, Reason: uptime.ReasonAssertion, Code: 200, Phases: degraded.Phases, Late: degraded.Late},
		{Due: late.Due, Region: "eu-west", OK: true, Code: 200, Phases: late.Phases, Late: late.Late},
	}
	want[2].Phases.DNS = time.Microsecond // to which ticks are stored
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got[1].Outcome() != uptime.OutcomeDegraded || got[0].Outcome() != uptime.OutcomeFail || got[2].Outcome() != uptime.OutcomePass {
		t.Errorf("outcomes %s, %s, %s", got[0].Outcome(), got[1].Outcome(), got[2].Outcome())
	}
}

// A replay of the same check overwrites its tick and leaves nothing of the first.
func TestReplayOverwrites(t *testing.T) {
	t.Parallel()
	c, m, due := influxtest.Client(t), newMonitor(), time.Now().Truncate(time.Second)
	write(t, c, fail(m, "eu", due, uptime.ReasonStatus))
	write(t, c, pass(m, "eu", due, time.Millisecond))
	got := ticks(t, c, tsdb.TickQuery{Monitor: m, From: due.Add(-time.Minute), To: due.Add(time.Minute)})
	if len(got) != 1 || !got[0].OK || got[0].Reason != uptime.ReasonNone {
		t.Errorf("got %+v, want the one that passed", got)
	}
}

func TestTickPages(t *testing.T) {
	t.Parallel()
	c, m := influxtest.Client(t), newMonitor()
	now := time.Now().Truncate(time.Minute)
	var all []uptime.Result
	for i := range 3000 { // about two days, with a failure now and then
		for _, region := range []string{"ap", "eu", "us"} {
			if due := now.Add(time.Duration(-i) * time.Minute); i%500 == 499 && region == "eu" {
				all = append(all, fail(m, region, due, uptime.ReasonTimeout))
			} else {
				all = append(all, pass(m, region, due, time.Millisecond))
			}
		}
	}
	write(t, c, all...)

	read := func(q tsdb.TickQuery) (keys []string) {
		q.Monitor, q.From, q.To = m, now.Add(-20*day), now.Add(time.Second)
		for {
			page := ticks(t, c, q)
			for _, tick := range page {
				keys = append(keys, fmt.Sprintf("%d %s", tick.Due, tick.Region))
			}
			if len(page) < q.Limit {
				return keys
			}
			q.Before, q.BeforeRegion = page[len(page)-1].Due, page[len(page)-1].Region
		}
	}
	want := func(keep func(uptime.Result) bool) (keys []string) {
		for _, r := range all { // the order of all is that of pages
			if keep(r) {
				keys = append(keys, fmt.Sprintf("%d %s", r.Due, r.Region))
			}
		}
		return keys
	}
	if diff := cmp.Diff(want(func(uptime.Result) bool { return true }), read(tsdb.TickQuery{Limit: 1000})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want(func(r uptime.Result) bool { return r.Region == "us" }), read(tsdb.TickQuery{Limit: 700, Region: "us"})); diff != "" {
		t.Error(diff)
	}
	no, yes := false, true
	if diff := cmp.Diff(want(func(r uptime.Result) bool { return r.Outcome == uptime.OutcomeFail }), read(tsdb.TickQuery{Limit: 4, OK: &no})); diff != "" {
		t.Error(diff)
	}
	got := ticks(t, c, tsdb.TickQuery{Monitor: m, From: now.Add(-day), To: now.Add(time.Second), OK: &yes, Limit: 7})
	if len(got) != 7 || !got[6].OK || got[6].Due != uptime.InstantOf(now.Add(-2*time.Minute)) {
		t.Errorf("passed ones: %+v", got)
	}
}

func TestLatencyOfRawTicks(t *testing.T) {
	t.Parallel()
	c, m := influxtest.Client(t), newMonitor()
	base := time.Now().Truncate(time.Hour).Add(-2 * time.Hour)
	var all []uptime.Result
	for i := range 60 {
		if i >= 20 && i < 40 {
			continue // a gap of 20 minutes
		}
		due := base.Add(time.Duration(i) * time.Minute)
		all = append(all, pass(m, "eu", due, time.Duration(i+1)*time.Millisecond))
		if i < 10 {
			all = append(all, fail(m, "us", due, uptime.ReasonConnectRefused))
		}
	}
	write(t, c, all...)
	got := latency(t, c, tsdb.SeriesQuery{Monitor: m, From: base, To: base.Add(time.Hour), Resolution: 10 * time.Minute})
	if got.Level != tsdb.LevelRaw || got.Resolution != 10*time.Minute || len(got.Regions) != 2 {
		t.Fatalf("got %+v", got)
	}
	eu, us := got.Regions[0], got.Regions[1]
	if len(eu.Points) != 4 || !eu.Points[2].Time.Equal(base.Add(40*time.Minute)) {
		t.Errorf("eu has %d points, want 4 with a gap: %+v", len(eu.Points), eu.Points)
	}
	want := tsdb.Point{
		Time: base.UTC(), Count: 10, OK: 10, Min: time.Millisecond, Max: 10 * time.Millisecond,
		Mean: 5500 * time.Microsecond, P50: 5 * time.Millisecond, P95: 10 * time.Millisecond,
		Phases: uptime.Phases{TTFB: 2750 * time.Microsecond, Transfer: 2750 * time.Microsecond, Total: 5500 * time.Microsecond},
	}
	if diff := cmp.Diff(want, eu.Points[0]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]tsdb.Point{{Time: base.UTC(), Count: 10}}, us.Points); diff != "" {
		t.Error(diff)
	}
	if one := latency(t, c, tsdb.SeriesQuery{Monitor: m, From: base, To: base.Add(time.Hour), Region: "us"}); len(one.Regions) != 1 {
		t.Errorf("of one region: %+v", one.Regions)
	}
}

// A region out of a request never becomes a part of the query.
func TestRegionIsNotFlux(t *testing.T) {
	t.Parallel()
	c, m := influxtest.Client(t), newMonitor()
	now := time.Now()
	write(t, c, pass(m, "eu", now, time.Millisecond))
	for _, region := range []string{`eu" or r.region != "`, `us") |> yield() //`, "${m}"} {
		if got, err := c.Latency(t.Context(), tsdb.SeriesQuery{Monitor: m, From: now.Add(-time.Hour), To: now.Add(time.Hour), Region: region}); err == nil {
			t.Errorf("latency of %q: %+v", region, got)
		}
		if got, err := c.Ticks(t.Context(), tsdb.TickQuery{Monitor: m, From: now.Add(-time.Hour), To: now.Add(time.Hour), Region: region}); err == nil {
			t.Errorf("ticks of %q: %+v", region, got)
		}
	}
}

// rollUp rolls everything up that a job would have by now.
func rollUp(t *testing.T, c *tsdb.Client, from, to time.Time) {
	t.Helper()
	for _, l := range []tsdb.Level{tsdb.Level5m, tsdb.Level1h} {
		from, to := from.Truncate(time.Hour), to.Truncate(l.Width())
		if _, err := c.RollUp(t.Context(), l, from, to); err != nil {
			t.Fatal(err)
		}
		if err := c.SetProgress(t.Context(), l, to); err != nil {
			t.Fatal(err)
		}
	}
}

// The same ticks read raw, by 5 minutes and by hours tell the same, wherever the
// roll-ups have got to: what they have not reached yet is filled in.
func TestRollUpsTellWhatTicksTell(t *testing.T) {
	t.Parallel()
	c, m := influxtest.Client(t), newMonitor()
	now := time.Now()
	start := now.Add(-14 * day).Truncate(time.Hour)
	random := rand.New(rand.NewPCG(1, 2))
	var all []uptime.Result
	var passed [3]int
	for i, due := 0, start; due.Before(now); i, due = i+1, due.Add(7*time.Minute) {
		region := i % 2
		if i%11 == 0 {
			all = append(all, fail(m, []string{"eu", "us"}[region], due, uptime.ReasonStatus))
			continue
		}
		passed[region]++
		all = append(all, pass(m, []string{"eu", "us"}[region], due, time.Duration(1+random.IntN(200))*time.Millisecond))
	}
	write(t, c, all...)
	rolled := now.Add(-5 * time.Hour) // the job is behind
	rollUp(t, c, start, rolled)

	for _, tt := range []struct {
		span  time.Duration
		level tsdb.Level
	}{{26 * time.Hour, tsdb.LevelRaw}, {3 * day, tsdb.Level5m}, {13 * day, tsdb.Level1h}} {
		from := now.Add(-tt.span)
		got := latency(t, c, tsdb.SeriesQuery{Monitor: m, From: from, To: now})
		if got.Level != tt.level || len(got.Regions) != 2 {
			t.Fatalf("%s: level %s with %d regions, want %s", tt.span, got.Level, len(got.Regions), tt.level)
		}
		for r, region := range got.Regions {
			var count, ok, wantCount, wantOK int
			var sum, wantSum time.Duration
			for _, p := range region.Points {
				count, ok, sum = count+p.Count, ok+p.OK, sum+p.Mean*time.Duration(p.OK)
				if p.P50 < p.Min || p.P95 > p.Max || p.P50 > p.P95 {
					t.Errorf("%s: percentiles out of order: %+v", tt.span, p)
				}
			}
			for _, tick := range all {
				if tick.Region == []string{"eu", "us"}[r] && tick.Due >= uptime.InstantOf(got.From) && tick.Due < uptime.InstantOf(got.To) {
					wantCount++
					if tick.Outcome == uptime.OutcomePass {
						wantOK, wantSum = wantOK+1, wantSum+tick.Phases.Total
					}
				}
			}
			if count != wantCount || ok != wantOK || (sum-wantSum).Abs() > time.Duration(ok)*time.Microsecond {
				t.Errorf("%s, %s: %d ticks, %d passed, %s, want %d, %d, %s", tt.span, region.Region, count, ok, sum, wantCount, wantOK, wantSum)
			}
		}
	}
}

func TestRollUpAgainAfterLateTicks(t *testing.T) {
	t.Parallel()
	c, m := influxtest.Client(t), newMonitor()
	now := time.Now()
	window := now.Add(-3 * day).Truncate(time.Hour)
	write(t, c, pass(m, "eu", window.Add(time.Minute), 10*time.Millisecond))
	rollUp(t, c, window, window.Add(2*time.Hour))
	rollUp(t, c, window, window.Add(2*time.Hour)) // idempotent
	query := tsdb.SeriesQuery{Monitor: m, From: window, To: window.Add(30 * time.Hour)}
	before := latency(t, c, query)
	if len(before.Regions) != 1 || len(before.Regions[0].Points) != 1 || before.Regions[0].Points[0].Count != 1 {
		t.Fatalf("before: %+v", before)
	}
	write(t, c, pass(m, "eu", window.Add(2*time.Minute), 30*time.Millisecond))
	if again := latency(t, c, query); cmp.Diff(before, again) != "" {
		t.Fatalf("the late tick is there before its window is rolled up again: %+v", again)
	}
	rollUp(t, c, window, window.Add(2*time.Hour))
	after := latency(t, c, query).Regions[0].Points
	if len(after) != 1 || after[0].Count != 2 || after[0].Mean != 20*time.Millisecond {
		t.Errorf("after: %+v", after)
	}
}

func TestRollUpRefusesPartsOfWindows(t *testing.T) {
	t.Parallel()
	c := influxtest.Client(t)
	at := time.Now().Truncate(time.Hour).Add(time.Minute)
	if _, err := c.RollUp(t.Context(), tsdb.Level5m, at, at.Add(time.Hour)); err == nil {
		t.Error("rolled up from the middle of a window")
	}
	if _, err := c.RollUp(t.Context(), tsdb.LevelRaw, at, at); err == nil {
		t.Error("rolled up raw ticks")
	}
}

func TestProgressSurvivesTheClient(t *testing.T) {
	t.Parallel()
	cfg := influxtest.Config(t)
	open := func() *tsdb.Client {
		c, err := tsdb.Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	if got, err := open().Progress(t.Context(), tsdb.Level5m); err != nil || !got.IsZero() {
		t.Errorf("of a fresh fleet: %s, %v, want never", got, err)
	}
	until := time.Now().Truncate(5 * time.Minute).UTC()
	if err := open().SetProgress(t.Context(), tsdb.Level5m, until); err != nil {
		t.Fatal(err)
	}
	if got, err := open().Progress(t.Context(), tsdb.Level5m); err != nil || !got.Equal(until) {
		t.Errorf("progress %s, %v, want %s", got, err, until)
	}
}

func TestDeleteMonitor(t *testing.T) {
	t.Parallel()
	c, gone, stays := influxtest.Client(t), newMonitor(), newMonitor()
	now := time.Now()
	window := now.Add(-2 * time.Hour).Truncate(time.Hour)
	write(t, c, pass(gone, "eu", window, time.Millisecond), pass(stays, "eu", window, time.Millisecond))
	rollUp(t, c, window, window.Add(time.Hour))
	if err := c.DeleteMonitor(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	for _, span := range []time.Duration{3 * time.Hour, 5 * day, 30 * day} {
		q := tsdb.SeriesQuery{From: now.Add(-span), To: now}
		q.Monitor = gone
		if got := latency(t, c, q); len(got.Regions) != 0 {
			t.Errorf("%s: deleted monitor has %+v", span, got.Regions)
		}
		q.Monitor = stays
		if got := latency(t, c, q); len(got.Regions) != 1 {
			t.Errorf("%s: the other monitor has %+v", span, got.Regions)
		}
	}
}

// Before anything was ever written there are no ticks, which is no error.
func TestNoBuckets(t *testing.T) {
	t.Parallel()
	cfg := influxtest.Config(t)
	influxtest.Drop(t, cfg)
	c, err := tsdb.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := latency(t, c, tsdb.SeriesQuery{Monitor: newMonitor(), From: time.Now().Add(-3 * day), To: time.Now()}); got.Regions != nil {
		t.Errorf("latency %+v", got)
	}
	if got := ticks(t, c, tsdb.TickQuery{Monitor: newMonitor(), From: time.Now().Add(-day), To: time.Now()}); got != nil {
		t.Errorf("ticks %+v", got)
	}
	if err := c.DeleteMonitor(t.Context(), newMonitor()); err != nil {
		t.Errorf("delete: %v", err)
	}
}

func TestEnsureBucketsSetsRetention(t *testing.T) {
	t.Parallel()
	cfg := influxtest.Config(t)
	cfg.Retention = tsdb.Retention{Raw: 2 * day}
	c, err := tsdb.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.EnsureBuckets(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The server refuses what lies beyond it, and Write does not even try.
	m := newMonitor()
	write(t, c, pass(m, "eu", time.Now().Add(-3*day), time.Millisecond), pass(m, "eu", time.Now().Add(-day), time.Millisecond))
	if got := ticks(t, c, tsdb.TickQuery{Monitor: m, From: time.Now().Add(-9 * day), To: time.Now()}); len(got) != 1 {
		t.Errorf("got %d ticks, want the one within retention", len(got))
	}
	if err := c.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
}

// One bad point in a batch is told apart from a server that is away, and the good
// ones can be written without it.
func TestBadPointIsTold(t *testing.T) {
	t.Parallel()
	c, m := influxtest.Client(t), newMonitor()
	bad := pass(m, "no region", time.Now(), time.Millisecond)
	err := c.Write(t.Context(), []uptime.Result{pass(m, "eu", time.Now(), time.Millisecond), bad})
	if we := (*tsdb.WriteError)(nil); !errors.As(err, &we) || we.Kind != tsdb.WriteBadPoints {
		t.Errorf("got %v, want bad points", err)
	}
}
