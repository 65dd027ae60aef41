//go:build integration

package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// rosterDB has one organisation with one website per monitor.
type rosterDB struct {
	*postgres.Store
	t   *testing.T
	org uptime.ID
}

func newRosterDB(t *testing.T) *rosterDB {
	db := &rosterDB{Store: postgres.NewStore(pgtest.Pool(t)), t: t, org: uptime.NewID(time.Now())}
	db.exec("INSERT INTO org (id, slug, name) VALUES ($1, 'o', 'O')", db.org)
	return db
}

func (db *rosterDB) exec(sql string, args ...any) {
	db.t.Helper()
	if _, err := db.Pool().Exec(db.t.Context(), sql, args...); err != nil {
		db.t.Fatal(err)
	}
}

// add makes a website and its monitor, whose id it returns.
func (db *rosterDB) add(url string) (website, monitor uptime.ID) {
	db.t.Helper()
	website, monitor = uptime.NewID(time.Now()), uptime.NewID(time.Now())
	db.exec("INSERT INTO website (id, org_id, name, url, url_key) VALUES ($1, $2, $3, $3, $3)", website, db.org, url)
	db.exec(`INSERT INTO monitor (id, org_id, website_id, kind, target, settings, interval_ms, timeout_ms, regions, policy)
		VALUES ($1, $2, $3, 'http', $4, '{"a": 1}', 30000, 5000, '{eu,us}', '{}')`, monitor, db.org, website, url)
	return website, monitor
}

func (db *rosterDB) all() map[uptime.ID]postgres.Scheduled {
	db.t.Helper()
	all := map[uptime.ID]postgres.Scheduled{}
	err := db.Roster(db.t.Context(), func(m *postgres.Scheduled) error { all[m.ID] = *m; return nil })
	if err != nil {
		db.t.Fatal(err)
	}
	return all
}

func TestRosterIsReadWhole(t *testing.T) {
	t.Parallel()
	db := newRosterDB(t)
	website, id := db.add("http://a.test/")
	got := db.all()[id]
	want := uptime.Monitor{
		ID: id, OrgID: db.org, WebsiteID: website, Revision: 1, Kind: uptime.KindHTTP, Target: "http://a.test/",
		Settings: []byte(`{"a": 1}`), Interval: 30 * time.Second, Timeout: 5 * time.Second, Regions: []string{"eu", "us"},
	}
	if diff := cmp.Diff(want, got.Monitor); diff != "" {
		t.Errorf("monitor (-want +got):\n%s", diff)
	}
	if time.Since(got.UpdatedAt).Abs() > time.Hour {
		t.Errorf("updated at %v", got.UpdatedAt)
	}
	// More than a page, of which none may be left out or come twice.
	db.exec(`INSERT INTO monitor (id, org_id, website_id, kind, target, interval_ms, timeout_ms, policy)
		SELECT gen_random_uuid(), $1, $2, 'http', 'x', 60000, 1000, '{}' FROM generate_series(1, 4100)`, db.org, website)
	seen := 0
	if err := db.Roster(t.Context(), func(*postgres.Scheduled) error { seen++; return nil }); err != nil {
		t.Fatal(err)
	}
	if all := db.all(); seen != 4101 || len(all) != 4101 {
		t.Errorf("told %d monitors, %d of them different, want 4101", seen, len(all))
	}
}

func TestPauseOfTheWebsitePausesItsMonitors(t *testing.T) {
	t.Parallel()
	db := newRosterDB(t)
	website, id := db.add("http://a.test/")
	other, _ := db.add("http://b.test/")
	db.exec("UPDATE website SET paused = true, paused_until = now() - interval '1 second' WHERE id = $1", website)
	db.exec("UPDATE website SET paused = true, paused_until = now() + interval '1 hour' WHERE id = $1", other)
	db.exec("UPDATE website SET muted = true, muted_until = now() - interval '1 second' WHERE id = $1", website)
	paused, err := db.RosterByIDs(t.Context(), []uptime.ID{id, uptime.NewID(time.Now())})
	if err != nil || len(paused) != 1 || !paused[0].Paused || paused[0].Revision != 2 {
		t.Fatalf("while paused: %+v, %v", paused, err)
	}
	resumed, unmuted, err := db.ResumeWebsites(t.Context())
	if err != nil || resumed != 1 || unmuted != 1 {
		t.Errorf("resumed %d, unmuted %d, %v, want 1 and 1", resumed, unmuted, err)
	}
	if m := db.all()[id]; m.Paused || m.Revision != 3 {
		t.Errorf("afterwards: paused %v, revision %d", m.Paused, m.Revision)
	}
	if resumed, unmuted, err := db.ResumeWebsites(t.Context()); err != nil || resumed+unmuted != 0 {
		t.Errorf("again: %d, %d, %v, want nothing", resumed, unmuted, err)
	}
}

func TestTouchedMonitorsAreFoundByThePoll(t *testing.T) {
	t.Parallel()
	db := newRosterDB(t)
	_, old := db.add("http://old.test/")
	_, gone := db.add("http://gone.test/")
	since, err := db.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	db.exec("UPDATE monitor SET updated_at = $1::timestamptz - interval '1 hour'", since)
	website, fresh := db.add("http://fresh.test/")
	db.exec("DELETE FROM monitor WHERE id = $1", gone)
	// One statement gives all its rows the same time; the pages must still advance.
	db.exec(`INSERT INTO monitor (id, org_id, website_id, kind, target, interval_ms, timeout_ms, policy)
		SELECT gen_random_uuid(), $1, $2, 'http', 'x', 60000, 1000, '{}' FROM generate_series(1, 8500)`, db.org, website)
	seen := map[uptime.ID]bool{}
	deleted, err := db.RosterTouched(t.Context(), since, func(ids []uptime.ID) error {
		for _, id := range ids {
			seen[id] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 8501 || !seen[fresh] || seen[old] {
		t.Errorf("%d monitors, the fresh one %v, the old one %v", len(seen), seen[fresh], seen[old])
	}
	if diff := cmp.Diff([]uptime.ID{gone}, deleted); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
	db.exec("UPDATE monitor_deleted SET deleted_at = now() - interval '8 days'")
	if n, err := db.PurgeDeleted(t.Context(), 7*24*time.Hour); err != nil || n != 1 {
		t.Errorf("purged %d, %v, want 1", n, err)
	}
}

func TestAnnouncedRegionsBecomePending(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	empty := postgres.NewStore(pgtest.Pool(t))
	if n, err := empty.InsertAnnounced(ctx, []string{"eu"}, 10); err != nil || n != 0 {
		t.Errorf("without an organisation: %d, %v, want 0", n, err)
	}
	db := newRosterDB(t)
	db.exec("INSERT INTO region (name, org_id, enablement) VALUES ('us', $1, 'enabled')", db.org)
	if n, err := db.InsertAnnounced(ctx, []string{"eu", "us", "Not A Region", "eu"}, 10); err != nil || n != 1 {
		t.Errorf("inserted %d, %v, want 1", n, err)
	}
	if n, err := db.InsertAnnounced(ctx, []string{"a", "b"}, 3); err != nil || n != 0 {
		t.Errorf("beyond the bound: %d, %v, want 0", n, err)
	}
	got, err := db.RosterRegions(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]uptime.Region{{Name: "eu"}, {Name: "us", Enabled: true}}, got); diff != "" {
		t.Errorf("regions (-want +got):\n%s", diff)
	}
}

func TestListenTellsChangesAndReconnects(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s, err := postgres.Open(t.Context(), postgres.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan string, 100)
	ended := make(chan error, 1)
	go func() {
		ended <- s.Listen(ctx, []string{"monitor_changed", "region_changed"}, func(channel, payload string) {
			told <- channel + " " + payload
		})
	}()
	expect := func(want string) {
		t.Helper()
		select {
		case got := <-told:
			if got != want {
				t.Errorf("told %q, want %q", got, want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("not told %q", want)
		}
	}
	expect("monitor_changed ") // anything may have changed before
	expect("region_changed ")
	org := uptime.NewID(time.Now())
	if _, err := s.Pool().Exec(ctx, "INSERT INTO org (id, slug, name) VALUES ($1, 'o', 'O')", org); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Pool().Exec(ctx, "INSERT INTO region (name, org_id) VALUES ('eu', $1)", org); err != nil {
		t.Fatal(err)
	}
	expect("region_changed eu")
	_, err = s.Pool().Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'`)
	if err != nil {
		t.Fatal(err)
	}
	expect("monitor_changed ")
	expect("region_changed ")
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Listen returned %v", err)
	}
}
