//go:build integration

package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/pkg/testenv"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/testenv/redistest"
	"github.com/probefleet/probefleet/pkg/uptime"
)

var regions = []string{"ap-south", "eu-west", "us-east"}

// fleet is a database and a Redis with one organisation and three enabled regions, and
// a worker in each that takes everything.
type fleet struct {
	t       *testing.T
	cfg     Config
	store   *postgres.Store
	queue   *queue.Client
	org     uptime.ID
	workers map[string]*queue.Consumer
	seen    []queue.Entry
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{t: t, org: uptime.NewID(time.Now()), workers: map[string]*queue.Consumer{}}
	var err error
	f.cfg, err = config.Load[Config](map[string]string{
		"DATABASE_URL": pgtest.URL(t), "REDIS_URL": redistest.URL(t), "INSTANCE_ID": "pusher-a",
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.store, err = postgres.Open(t.Context(), postgres.Config{URL: f.cfg.Database.URL.Reveal()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.store.Close)
	if f.queue, err = queue.Open(t.Context(), queue.Config{URL: f.cfg.Redis.URL.Reveal(), Block: 10 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.queue.Close() })
	f.exec("INSERT INTO org (id, slug, name) VALUES ($1, 'o', 'O')", f.org)
	for _, region := range regions {
		f.enable(region)
	}
	return f
}

func (f *fleet) enable(region string) {
	f.t.Helper()
	f.exec(`INSERT INTO region (name, org_id, enablement) VALUES ($1, $2, 'enabled')
		ON CONFLICT (name) DO UPDATE SET enablement = 'enabled'`, region, f.org)
	lane := queue.Lane{Region: region}
	if err := f.queue.EnsureLane(f.t.Context(), lane); err != nil {
		f.t.Fatal(err)
	}
	f.workers[region] = f.queue.Consumer(lane, queue.WorkerInfo{ID: "w"})
}

func (f *fleet) exec(sql string, args ...any) {
	f.t.Helper()
	if _, err := f.store.Pool().Exec(f.t.Context(), sql, args...); err != nil {
		f.t.Fatal(err)
	}
}

// add makes a website with one monitor.
func (f *fleet) add(url string, interval time.Duration) (website, monitor uptime.ID) {
	f.t.Helper()
	website, monitor = uptime.NewID(time.Now()), uptime.NewID(time.Now())
	f.exec("INSERT INTO website (id, org_id, name, url, url_key) VALUES ($1, $2, $3, $3, $3)", website, f.org, url)
	f.exec(`INSERT INTO monitor (id, org_id, website_id, kind, target, interval_ms, timeout_ms, policy)
		VALUES ($1, $2, $3, 'http', $4, $5, 5000, '{}')`, monitor, f.org, website, url, interval.Milliseconds())
	return website, monitor
}

// pusher is one that runs.
type pusher struct {
	*App
	env  *service.Env
	stop func()
}

// run starts a pusher.
func (f *fleet) run(change func(*Config)) *pusher {
	f.t.Helper()
	cfg := f.cfg
	if change != nil {
		change(&cfg)
	}
	env := &service.Env{
		Name: "pusher", Version: "test", Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Metrics: prometheus.NewRegistry(), Health: service.NewHealth(),
	}
	runner, err := New(f.t.Context(), env, cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(f.t.Context())
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Errorf("the pusher ended with %v", err)
		}
	})
	f.t.Cleanup(stop)
	return &pusher{App: runner.(*App), env: env, stop: stop}
}

// metrics is what the pusher shows of itself.
func (p *pusher) metrics() string {
	w := httptest.NewRecorder()
	p.env.Handler(false).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

// work takes and finishes what is queued everywhere and returns what was new.
func (f *fleet) work() []queue.Entry {
	f.t.Helper()
	var fresh []queue.Entry
	for _, region := range slices.Sorted(maps.Keys(f.workers)) {
		w := f.workers[region]
		entries, err := w.Read(f.t.Context(), 1000, 1000)
		if err != nil {
			f.t.Fatal(err)
		}
		var done []queue.Finished
		for _, e := range entries {
			done = append(done, queue.Finished{Entry: e, Result: uptime.Result{Monitor: e.Check.Monitor, Due: e.Check.Due, Outcome: uptime.OutcomePass}})
		}
		if _, err := w.Commit(f.t.Context(), done); err != nil {
			f.t.Fatal(err)
		}
		fresh = append(fresh, entries...)
	}
	f.seen = append(f.seen, fresh...)
	return fresh
}

// count returns how many checks of a monitor were seen since an index of seen that match.
func (f *fleet) count(from int, match func(queue.Entry) bool) (n int) {
	for _, e := range f.seen[from:] {
		if match(e) {
			n++
		}
	}
	return n
}

func urgentOf(id uptime.ID, revision int64) func(queue.Entry) bool {
	return func(e queue.Entry) bool { return e.Urgent && e.Check.Monitor == id && e.Check.Revision == revision }
}

func scheduledOf(id uptime.ID) func(queue.Entry) bool {
	return func(e queue.Entry) bool { return !e.Urgent && e.Check.Monitor == id }
}

// await works until so many checks match.
func (f *fleet) await(what string, from, want int, match func(queue.Entry) bool) {
	f.t.Helper()
	waitFor(f.t, what, func() bool {
		f.work()
		return f.count(from, match) >= want
	})
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// settled works until a pusher has sent slots for a while longer.
func (f *fleet) settled(d time.Duration) {
	f.t.Helper()
	now, err := f.queue.Time(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	waitFor(f.t, "the pusher to go on", func() bool {
		f.work()
		for _, region := range regions {
			_, cursor, err := f.queue.Cursor(f.t.Context(), queue.Lane{Region: region})
			if err != nil || cursor.Time().Before(now.Add(d)) {
				return false
			}
		}
		return true
	})
}

func TestNewWebsiteIsCheckedAtOnceInEveryRegionAndThenOnItsSlots(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.run(nil)
	f.settled(0)
	_, id := f.add("http://a.test/", 5*time.Second)
	began := time.Now()
	f.await("the first checks", 0, 3, urgentOf(id, 1))
	t.Logf("first checks in three regions after %v", time.Since(began))
	f.await("scheduled checks", 0, 6, scheduledOf(id))
	due := map[string][]uptime.Instant{}
	for _, e := range f.seen {
		if e.Check.Target != "http://a.test/" || e.Check.Interval != 5*time.Second {
			t.Errorf("check %+v", e.Check)
		}
		if !e.Urgent {
			due[e.Check.Region] = append(due[e.Check.Region], e.Check.Due)
		}
	}
	for region, dues := range due {
		holes := int64(0)
		for i := 1; i < len(dues); i++ {
			gap := dues[i].Sub(dues[i-1])
			if gap <= 0 || gap%(5*time.Second) != 0 {
				t.Errorf("%s: slots %v apart", region, gap)
			}
			holes += int64(gap/(5*time.Second)) - 1
		}
		if s, err := f.queue.LaneStats(t.Context(), queue.Lane{Region: region}); err != nil || holes > s.Ledger.Missed {
			t.Errorf("%s: %d slots are left out, %d counted as missed, %v", region, holes, s.Ledger.Missed, err)
		}
	}
	if f.count(0, urgentOf(id, 1)) != 3 || len(due) != 3 {
		t.Errorf("%d urgent checks, %d regions", f.count(0, urgentOf(id, 1)), len(due))
	}
}

func TestChangesReachTheRegions(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	website, id := f.add("http://a.test/", 5*time.Second)
	_, other := f.add("http://b.test/", 5*time.Second)
	p := f.run(nil)
	f.await("both monitors' checks", 0, 1, scheduledOf(id))
	f.await("both monitors' checks", 0, 1, scheduledOf(other))

	f.exec("UPDATE monitor SET target = 'http://c.test/', revision = revision + 1, updated_at = now() WHERE id = $1", id)
	f.await("the changed monitor's checks", 0, 3, urgentOf(id, 2))

	f.exec("UPDATE website SET paused = true, paused_until = now() + interval '3 seconds' WHERE id = $1", website)
	mark := len(f.seen)
	f.await("the pause to end by itself", mark, 3, urgentOf(id, 4))
	for _, e := range f.seen[mark:] {
		if e.Check.Monitor == id && e.Check.Revision == 3 {
			t.Error("a paused monitor was checked")
		}
	}
	f.exec("DELETE FROM website WHERE id = $1", website)
	waitFor(t, "the monitor to be forgotten", func() bool { return !p.roster.Has(id) })
	f.settled(300 * time.Millisecond)
	mark = len(f.seen)
	f.await("the other's next slots", mark, 6, scheduledOf(other))
	if n := f.count(mark, scheduledOf(id)); n != 0 {
		t.Errorf("%d checks of a deleted monitor", n)
	}
}

// Workers are away, and meanwhile a website is deleted: what is queued for it goes, and
// nothing else.
func TestDeletedWebsitesQueueEntriesGoAndOthersStay(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	website, id := f.add("http://a.test/", 5*time.Second)
	_, other := f.add("http://b.test/", 5*time.Second)
	f.run(nil)
	queued := func(of uptime.ID) (n int) {
		for _, region := range regions {
			ids, err := f.queue.FindMonitors(t.Context(), queue.Lane{Region: region}, func(id uptime.ID) bool { return id == of })
			if err != nil {
				t.Fatal(err)
			}
			n += len(ids)
		}
		return n
	}
	waitFor(t, "both to be queued everywhere", func() bool { return queued(id) == 3 && queued(other) == 3 })
	f.exec("DELETE FROM website WHERE id = $1", website)
	waitFor(t, "the deleted one's entries to go", func() bool { return queued(id) == 0 })
	if n := queued(other); n != 3 {
		t.Errorf("the other is queued in %d regions, want 3", n)
	}
	for _, region := range regions {
		s, err := f.queue.LaneStats(t.Context(), queue.Lane{Region: region})
		if err != nil || s.Ledger.Balance() != 0 || s.Urgent.Balance() != 0 || s.Ledger.Dropped+s.Urgent.Dropped == 0 {
			t.Errorf("%s: %+v, %v", region, s.Ledger, err)
		}
	}
}

func TestSecondPusherTakesOverAndNoSlotIsLost(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	for n := range 30 {
		f.add(fmt.Sprintf("http://%d.test/", n), 5*time.Second)
	}
	p := f.run(nil)
	f.settled(500 * time.Millisecond)
	first := map[string]uptime.Instant{}
	for _, e := range f.seen {
		if at, ok := first[e.Check.Region]; !e.Urgent && (!ok || e.Check.Due < at) {
			first[e.Check.Region] = e.Check.Due
		}
	}
	f.run(func(c *Config) { c.InstanceID = "pusher-b" })
	f.settled(time.Second)
	p.stop()
	f.settled(3 * time.Second)
	seen := map[string]int{}
	for _, e := range f.seen {
		if !e.Urgent {
			seen[fmt.Sprint(e.Check.Region, e.Check.Monitor, e.Check.Due)]++
		}
	}
	for slot, n := range seen {
		if n > 1 {
			t.Errorf("slot %s was sent %d times", slot, n)
		}
	}
	f.balanced(first)
	leases, err := f.store.Leases(t.Context())
	if err != nil || len(leases) != 1 || leases[0].Owner != "pusher-b" || leases[0].Epoch != 2 {
		t.Errorf("leases %+v, %v", leases, err)
	}
}

// balanced makes sure that from its first slot on each region got every slot of every
// monitor, or counted it.
func (f *fleet) balanced(first map[string]uptime.Instant) {
	f.t.Helper()
	for _, region := range regions {
		s, err := f.queue.LaneStats(f.t.Context(), queue.Lane{Region: region})
		if err != nil || s.Ledger.Balance() != 0 {
			f.t.Errorf("%s: %+v, %v", region, s.Ledger, err)
		}
		if first[region] == 0 {
			continue
		}
		// 30 monitors every 5 s: 6 a second.
		elapsed := s.Cursor.Sub(first[region])
		if want := int64(elapsed.Seconds()*6) - 30; s.Ledger.Scheduled+s.Ledger.Missed < want {
			f.t.Errorf("%s: %d scheduled and %d missed in %v, want at least %d", region, s.Ledger.Scheduled, s.Ledger.Missed, elapsed, want)
		}
	}
}

// reachable lets everybody connect to the database or throws everybody out.
func (f *fleet) reachable(yes bool) {
	f.t.Helper()
	u, err := url.Parse(f.cfg.Database.URL.Reveal())
	if err != nil {
		f.t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	admin, err := postgres.Open(f.t.Context(), postgres.Config{URL: testenv.Require(f.t, testenv.DatabaseURL)})
	if err != nil {
		f.t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.Pool().Exec(f.t.Context(), fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS %v", name, yes)); err != nil {
		f.t.Fatal(err)
	}
	if !yes {
		if _, err := admin.Pool().Exec(f.t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name); err != nil {
			f.t.Fatal(err)
		}
	}
}

func TestPusherGoesOnWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	_, id := f.add("http://a.test/", 5*time.Second)
	f.run(nil)
	f.await("the first slot", 0, 1, scheduledOf(id))
	f.reachable(false)
	mark := len(f.seen)
	f.settled(8 * time.Second) // longer than the lease
	if n := f.count(mark, scheduledOf(id)); n < 3 {
		t.Errorf("%d checks in 8 s without a database, want 3 at least", n)
	}
	f.reachable(true)
	_, fresh := f.add("http://b.test/", 5*time.Second)
	f.await("a website added afterwards", 0, 3, urgentOf(fresh, 1))
}

func TestRegionsAnnounceThemselvesAndAreEnabled(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	_, id := f.add("http://a.test/", 5*time.Second)
	p := f.run(nil)
	if err := f.queue.Announce(t.Context(), "sa-east"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the region to be known", func() bool {
		all, err := f.store.RosterRegions(t.Context())
		return err == nil && slices.Contains(all, uptime.Region{Name: "sa-east"})
	})
	f.settled(time.Second)
	f.enable("sa-east")
	f.await("checks in the new region", 0, 1, func(e queue.Entry) bool { return e.Check.Region == "sa-east" && e.Check.Monitor == id })
	f.exec("UPDATE region SET enablement = 'disabled' WHERE name = 'sa-east'")
	waitFor(t, "the region's loop to end", func() bool { return !strings.Contains(p.metrics(), `cursor_lag_seconds{region="sa-east"}`) })
	f.work()
	mark := len(f.seen)
	f.settled(6 * time.Second)
	if n := f.count(mark, func(e queue.Entry) bool { return e.Check.Region == "sa-east" }); n != 0 {
		t.Errorf("%d checks in a region that is disabled", n)
	}
}

func TestWebsiteAddedWhileNobodyPushesIsCheckedAtTheStart(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.add("http://a.test/", time.Hour)
	p := f.run(nil)
	f.settled(0)
	p.stop()
	waitFor(t, "more time to pass than the two clocks may differ", func() bool {
		_, cursor, err := f.queue.Cursor(t.Context(), queue.Lane{Region: regions[0]})
		now, _ := f.queue.Time(t.Context())
		return err == nil && now.Sub(cursor.Time()) > 5100*time.Millisecond
	})
	_, fresh := f.add("http://b.test/", time.Hour)
	f.run(nil)
	f.await("the first checks", 0, 3, urgentOf(fresh, 1))
}

func TestReconcileRepairsWhatNotificationsMissed(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	_, kept := f.add("http://kept.test/", time.Hour)
	_, gone := f.add("http://gone.test/", time.Hour)
	p := f.run(nil)
	f.settled(0)
	// Behind the back of triggers, and with times at which no poll looks.
	f.exec("ALTER TABLE monitor DISABLE TRIGGER USER")
	f.exec("DELETE FROM monitor WHERE id = $1", gone)
	f.exec("UPDATE monitor SET target = 'http://new.test/', revision = 7, updated_at = now() - interval '1 day' WHERE id = $1", kept)
	_, fresh := f.add("http://fresh.test/", time.Hour)
	f.exec("UPDATE monitor SET updated_at = now() - interval '1 day' WHERE id = $1", fresh)
	ghost := uptime.Monitor{ID: uptime.NewID(time.Now()), Kind: uptime.KindHTTP, Timeout: time.Second}
	if err := f.queue.PushUrgent(t.Context(), queue.Lane{Region: "eu-west"}, ghost.UrgentCheck("eu-west", uptime.InstantOf(time.Now()), ghost.ID)); err != nil {
		t.Fatal(err)
	}
	if err := p.upkeep.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.roster.Has(gone) || !p.roster.Has(fresh) || p.roster.Len() != 2 {
		t.Errorf("the roster has %d monitors, the deleted one %v, the new one %v", p.roster.Len(), p.roster.Has(gone), p.roster.Has(fresh))
	}
	f.await("checks of what was found", 0, 3, urgentOf(kept, 7))
	f.await("checks of what was found", 0, 3, urgentOf(fresh, 1))
	if n := f.count(0, func(e queue.Entry) bool { return e.Check.Monitor == ghost.ID }); n > 0 {
		t.Error("a check of a monitor that does not exist was left in the queue")
	}
	metrics := p.metrics()
	for _, want := range []string{
		`probefleet_pusher_reconcile_differences_total{kind="added"} 1`, `probefleet_pusher_reconcile_differences_total{kind="changed"} 1`,
		`probefleet_pusher_reconcile_differences_total{kind="removed"} 1`,
		`probefleet_pusher_reconcile_differences_total{kind="dropped"} 1`, "probefleet_pusher_roster_monitors 2", "probefleet_pusher_leases_held 1",
		`probefleet_pusher_cursor_lag_seconds{region="eu-west"}`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics does not say %s", want)
		}
	}
}
