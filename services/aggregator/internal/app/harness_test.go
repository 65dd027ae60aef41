//go:build integration

package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/pkg/testenv/fixture"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/testenv/redistest"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

// patience is how long a test waits for what must happen; it is never waited out
// where all is well.
const patience = time.Minute

// fleet is a whole fleet but for its pusher and its probes: real engines, workers
// that answer by a script, and the aggregator, which can be killed at any step.
type fleet struct {
	*testing.T
	store   *postgres.Store
	queue   *queue.Client
	url     string // of Redis
	org     uptime.ID
	regions []string
	ahead   atomic.Int64 // µs by which the fleet's clock is ahead of the machine's

	mu      sync.Mutex
	answers map[string]answer // by region
	stopped map[string]bool   // regions without workers
	cursor  map[string]uptime.Instant
}

// answer is what a region's workers find.
type answer struct {
	outcome uptime.Outcome
	reason  uptime.Reason
	canary  uptime.CanaryState
	detail  string
	saw     string // its evidence
}

var (
	pass     = answer{outcome: uptime.OutcomePass, canary: uptime.CanaryPassed}
	fail     = answer{outcome: uptime.OutcomeFail, reason: uptime.ReasonStatus, canary: uptime.CanaryPassed, detail: "status 500"}
	degraded = answer{outcome: uptime.OutcomeDegraded, reason: uptime.ReasonAssertion, canary: uptime.CanaryPassed}
	blind    = answer{outcome: uptime.OutcomeFail, reason: uptime.ReasonConnectTimeout, canary: uptime.CanaryFailed}
)

func newFleet(t *testing.T, regions ...string) *fleet {
	t.Helper()
	f := &fleet{
		T: t, store: postgres.NewStore(pgtest.Pool(t)), url: redistest.URL(t), regions: regions,
		answers: map[string]answer{}, stopped: map[string]bool{}, cursor: map[string]uptime.Instant{},
	}
	f.queue = f.open()
	f.org = fixture.Org(t, f.store.Pool())
	fixture.Regions(t, f.store.Pool(), f.org, regions...)
	ctx, cancel := context.WithCancel(context.Background())
	var workers sync.WaitGroup
	for _, region := range regions {
		f.answers[region] = pass
		lane := queue.Lane{Region: region}
		if err := f.queue.EnsureLane(ctx, lane); err != nil {
			t.Fatal(err)
		}
		workers.Go(func() { f.work(ctx, f.queue.Consumer(lane, queue.WorkerInfo{ID: "w-" + region}), region) })
	}
	t.Cleanup(func() {
		cancel()
		workers.Wait()
	})
	return f
}

func (f *fleet) open() *queue.Client {
	f.Helper()
	q, err := queue.Open(f.Context(), queue.Config{URL: f.url, Block: 50 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = q.Close() })
	return q
}

func (f *fleet) now() uptime.Instant {
	return uptime.InstantOf(time.Now()) + uptime.Instant(f.ahead.Load())
}

// skip lets time pass without anything else happening.
func (f *fleet) skip(d time.Duration) { f.ahead.Add(d.Microseconds()) }

// work answers checks by the script until ctx is cancelled.
func (f *fleet) work(ctx context.Context, c *queue.Consumer, region string) {
	for ctx.Err() == nil {
		f.mu.Lock()
		stopped := f.stopped[region]
		f.mu.Unlock()
		if stopped {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if err := c.Beat(ctx); err != nil && ctx.Err() == nil {
			f.Errorf("beat: %v", err)
		}
		entries, err := c.Read(ctx, 100, 100)
		if err != nil {
			continue
		}
		var done []queue.Finished
		f.mu.Lock()
		for _, e := range entries {
			done = append(done, queue.Finished{Entry: e, Result: f.answers[region].result(&e.Check, f.now())})
		}
		f.mu.Unlock()
		if _, err := c.Commit(ctx, done); err != nil && ctx.Err() == nil {
			f.Errorf("commit: %v", err)
		}
	}
}

func (a answer) result(c *uptime.Check, now uptime.Instant) uptime.Result {
	r := uptime.Result{
		Monitor: c.Monitor, Revision: c.Revision, Region: c.Region, Due: c.Due, Started: max(now, c.Due), Request: c.Request,
		Outcome: a.outcome, Reason: a.reason, Detail: a.detail, Code: 200, Phases: uptime.Phases{Total: 20 * time.Millisecond},
		IP: "192.0.2.7", Site: "site-" + c.Region, Worker: "w", Attempts: 1,
	}
	if a.saw != "" {
		r.Evidence = []byte(a.saw)
	}
	if c.Canary {
		r.Canary = a.canary
	}
	return r
}

// answer sets what regions find from now on; without regions, all of them.
func (f *fleet) answer(a answer, regions ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(regions) == 0 {
		regions = f.regions
	}
	for _, r := range regions {
		f.answers[r] = a
	}
}

// stop ends the workers of regions, or has them start again.
func (f *fleet) stop(stopped bool, regions ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range regions {
		f.stopped[r] = stopped
	}
}

// slot pushes one slot of monitors, as a pusher does: in every region, or in those named.
func (f *fleet) slot(monitors []uptime.Monitor, regions ...string) {
	f.Helper()
	if len(regions) == 0 {
		regions = f.regions
	}
	for _, region := range regions {
		due := max(f.now()/1000*1000, f.cursor[region]+1000)
		var checks [][]byte
		for i := range monitors {
			c := f.monitor(monitors[i].ID).Check(region, due)
			checks = append(checks, wire.EncodeCheck(nil, &c))
		}
		pushed, err := f.queue.PushSlot(f.Context(), queue.Lane{Region: region}, queue.Push{
			Epoch: 1, Prev: f.cursor[region], Slot: due, Checks: checks,
		})
		if err != nil || !pushed.Accepted {
			f.Fatalf("push: %+v, %v", pushed, err)
		}
		f.cursor[region] = due
	}
}

// monitor returns a monitor as the database has it.
func (f *fleet) monitor(id uptime.ID) *uptime.Monitor {
	f.Helper()
	found, err := f.store.RosterByIDs(f.Context(), []uptime.ID{id})
	if err != nil || len(found) != 1 {
		f.Fatalf("monitor %s: %d found, %v", id, len(found), err)
	}
	return &found[0].Monitor
}

// add adds a monitor that resolves after one clean round.
func (f *fleet) add() uptime.Monitor {
	f.Helper()
	return fixture.Monitor(f, f.store.Pool(), uptime.Monitor{OrgID: f.org, Policy: uptime.Policy{
		Quorum: uptime.Quorum{Mode: uptime.QuorumMajority}, RecoveryRounds: 1,
	}})
}

// errKilled is what a failpoint answers that ends the fold.
var errKilled = errors.New("killed here")

// appName is what the aggregator's connections are called.
const appName = "aggregator-under-test"

// aggregator is one life of the aggregator.
type aggregator struct {
	f      *fleet
	app    *App
	lease  postgres.Lease
	cancel context.CancelFunc
	ended  chan struct{}
	err    error
}

// aggregate takes the lease and runs the fold until stopped; failpoint may be nil.
func (f *fleet) aggregate(failpoint func(step string) error) *aggregator {
	f.Helper()
	// Connections of its own, which a test can break.
	store, err := postgres.Open(f.Context(), postgres.Config{URL: f.store.Pool().Config().ConnString(), AppName: appName})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(store.Close)
	jobs, err := postgres.NewJobs(store)
	if err != nil {
		f.Fatal(err)
	}
	a := &App{
		env: &service.Env{Name: "aggregator", Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Health: service.NewHealth()},
		cfg: Config{Shards: config.Shards{Shards: 1}}, instance: "test", store: store, queue: f.open(), jobs: jobs, now: f.now,
		failpoint: failpoint,
	}
	if testing.Verbose() {
		a.env.Log = slog.New(slog.NewTextHandler(f.Output(), nil))
	}
	if err := a.observe(); err != nil {
		f.Fatal(err)
	}
	lease, held, err := f.store.AcquireLease(f.Context(), postgres.RoleAggregator, 0, "test", time.Minute)
	if err != nil || !held {
		f.Fatalf("lease: held %v, %v", held, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	life := &aggregator{f: f, app: a, lease: lease, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(life.ended)
		life.err = a.fold(ctx, lease)
	}()
	f.Cleanup(life.stop)
	return life
}

// stop ends the fold in peace.
func (a *aggregator) stop() {
	a.cancel()
	<-a.ended
}

// died waits for the fold to end at its failpoint; false if it has not by then.
func (a *aggregator) died(within time.Duration) bool {
	select {
	case <-a.ended:
		return errors.Is(a.err, errKilled)
	case <-time.After(within):
		return false
	}
}

// await waits for a condition; it says what it waited for if it does not come about.
func (f *fleet) await(what string, ok func() bool) {
	f.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			f.Fatalf("waited %v for: %s\n%s", patience, what, f.picture())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// picture is what the database says, for a test that failed.
func (f *fleet) picture() string {
	out := ""
	for _, sql := range []string{
		"SELECT to_jsonb(s) - 'checkpoint' FROM monitor_state s", "SELECT to_jsonb(v) FROM vote v",
		"SELECT to_jsonb(i) - 'evidence' FROM incident i", "SELECT to_jsonb(d) - 'payload' FROM delivery d",
		"SELECT to_jsonb(e) FROM fleet_event e",
	} {
		for _, row := range f.column(sql) {
			out += row + "\n"
		}
	}
	return out
}

// column returns the first column of a query as text.
func (f *fleet) column(sql string, args ...any) []string {
	f.Helper()
	rows, err := f.store.Pool().Query(context.Background(), "SELECT x::text FROM ("+sql+") AS q(x)", args...)
	if err != nil {
		f.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[*string])
	if err != nil {
		f.Fatal(err)
	}
	out := make([]string, len(got))
	for i, s := range got {
		if s != nil {
			out[i] = *s
		}
	}
	return out
}

// one returns the only row of a query.
func (f *fleet) one(sql string, args ...any) string {
	f.Helper()
	rows := f.column(sql, args...)
	if len(rows) != 1 {
		f.Fatalf("%s: %d rows, want one", sql, len(rows))
	}
	return rows[0]
}

func (f *fleet) verdict(m uptime.Monitor) string {
	f.Helper()
	rows := f.column("SELECT verdict FROM monitor_state WHERE monitor_id = $1", m.ID)
	if len(rows) == 0 {
		return "pending"
	}
	return rows[0]
}

// healthy brings monitors up.
func (f *fleet) healthy(monitors ...uptime.Monitor) {
	f.Helper()
	f.slot(monitors)
	for _, m := range monitors {
		f.await("verdict up", func() bool { return f.verdict(m) == "up" })
	}
}

// alerts returns how many deliveries there are of each event.
func (f *fleet) alerts() map[string]int {
	f.Helper()
	counts := map[string]int{}
	for _, event := range f.column("SELECT transition FROM delivery") {
		counts[event]++
	}
	return counts
}

// settled waits until every result is acknowledged.
func (f *fleet) settled() {
	f.Helper()
	f.await("all results acknowledged", func() bool {
		for _, region := range f.regions {
			s := f.laneStats(region)
			if s.Checks.Length+s.UrgentQ.Length+s.Aggregator.Pending > 0 || s.Aggregator.OldestAge > 0 {
				return false
			}
		}
		return true
	})
}

// consistent checks what must hold whatever happened: the ledger balances, each
// delivery has its job, spans do not overlap, open incidents and verdicts agree.
func (f *fleet) consistent() {
	f.Helper()
	for _, region := range f.regions {
		s := f.laneStats(region)
		if s.Ledger.Balance() != 0 || s.Urgent.Balance() != 0 {
			f.Errorf("%s: ledger %+v, urgent %+v do not balance", region, s.Ledger, s.Urgent)
		}
	}
	for what, sql := range map[string]string{
		"a delivery without its job": `SELECT d.id FROM delivery d WHERE NOT EXISTS
			(SELECT FROM river_job j WHERE j.kind = 'deliver' AND j.args->>'delivery_id' = d.id::text)`,
		"a job without its delivery": `SELECT j.id FROM river_job j WHERE j.kind = 'deliver' AND NOT EXISTS
			(SELECT FROM delivery d WHERE j.args->>'delivery_id' = d.id::text)`,
		"overlapping spans": `SELECT a.started_at FROM span a JOIN span b ON a.monitor_id = b.monitor_id AND a.started_at < b.started_at
			WHERE a.ended_at IS NULL OR a.ended_at > b.started_at`,
		"overlapping vote spans": `SELECT a.started_at FROM vote_span a JOIN vote_span b ON a.monitor_id = b.monitor_id AND a.region = b.region
			AND a.started_at < b.started_at WHERE a.ended_at IS NULL OR a.ended_at > b.started_at`,
		"a down monitor without an open incident": `SELECT s.monitor_id FROM monitor_state s WHERE s.verdict = 'down' AND NOT EXISTS
			(SELECT FROM incident i WHERE i.monitor_id = s.monitor_id AND i.resolved_at IS NULL)`,
		"an incident of a monitor that is up": `SELECT i.id FROM incident i JOIN monitor_state s ON s.monitor_id = i.monitor_id
			WHERE i.resolved_at IS NULL AND s.verdict = 'up'`,
		"a verdict other than its span's": `SELECT s.monitor_id FROM monitor_state s JOIN monitor m ON m.id = s.monitor_id JOIN website w ON w.id = m.website_id
			LEFT JOIN span p ON p.monitor_id = s.monitor_id AND p.ended_at IS NULL
			WHERE NOT m.paused AND NOT w.paused AND p.verdict IS DISTINCT FROM s.verdict`,
	} {
		if rows := f.column(sql); len(rows) > 0 {
			f.Errorf("%s: %v\n%s", what, rows, f.picture())
		}
	}
}

func (f *fleet) laneStats(region string) queue.LaneStats {
	f.Helper()
	s, err := f.queue.LaneStats(f.Context(), queue.Lane{Region: region})
	if err != nil {
		f.Fatal(err)
	}
	return s
}

func decode[T any](t testing.TB, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// rawResult puts bytes on a results stream that no worker of ours wrote; id "*" is now.
func (f *fleet) rawResult(lane queue.Lane, id string, payload []byte) {
	f.Helper()
	opt, err := redis.ParseURL(f.url)
	if err != nil {
		f.Fatal(err)
	}
	c := redis.NewClient(opt)
	defer c.Close()
	err = c.XAdd(f.Context(), &redis.XAddArgs{
		Stream: "pf:{" + lane.String() + "}:results", ID: id, Values: []any{"r", payload, "n", 1},
	}).Err()
	if err != nil {
		f.Fatal(err)
	}
}
