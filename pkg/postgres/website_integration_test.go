//go:build integration

package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func openWithOrg(t *testing.T) (*postgres.Store, uptime.ID) {
	t.Helper()
	s := postgres.NewStore(pgtest.Pool(t))
	org, err := s.EnsureOrg(context.Background(), postgres.DefaultOrg, "Default")
	if err != nil {
		t.Fatal(err)
	}
	return s, org.ID
}

func newWebsite(org uptime.ID, name string) (postgres.Website, postgres.Monitor) {
	now := time.Now()
	w := postgres.Website{ID: uptime.NewID(now), OrgID: org, Name: name, URL: "https://" + name, URLKey: "https://" + name + "/"}
	m := postgres.Monitor{Monitor: uptime.Monitor{
		ID: uptime.NewID(now), Kind: uptime.KindHTTP, Target: w.URL, Interval: time.Minute, Timeout: 10 * time.Second, Policy: uptime.DefaultPolicy,
	}}
	return w, m
}

// What a list finds by a status is what each website says of itself, for every mixture
// of verdicts, pauses and monitors that are not judged yet.
func TestStatusInSQLIsTheStatusInGo(t *testing.T) {
	t.Parallel()
	s, org := openWithOrg(t)
	ctx := context.Background()
	random := rand.New(rand.NewPCG(1, 2))
	verdicts := []uptime.Verdict{uptime.VerdictUnknown, uptime.VerdictUp, uptime.VerdictUp, uptime.VerdictDegraded, uptime.VerdictDown}
	for i := range 300 {
		w, first := newWebsite(org, fmt.Sprintf("s%d.example", i))
		if _, err := s.CreateWebsite(ctx, w, first); err != nil {
			t.Fatal(err)
		}
		err := s.Tx(ctx, func(tx pgx.Tx) error {
			for range random.IntN(3) {
				if _, err := tx.Exec(ctx, `INSERT INTO monitor (id, org_id, website_id, kind, target, interval_ms, timeout_ms, policy)
					SELECT $1, org_id, website_id, kind, target, interval_ms, timeout_ms, policy FROM monitor WHERE id = $2`, uptime.NewID(time.Now()), first.ID); err != nil {
					return err
				}
			}
			if random.IntN(8) == 0 {
				_, err := tx.Exec(ctx, "DELETE FROM monitor WHERE website_id = $1", w.ID)
				return err
			}
			rows, err := tx.Query(ctx, "SELECT id FROM monitor WHERE website_id = $1", w.ID)
			if err != nil {
				return err
			}
			ids, err := pgx.CollectRows(rows, pgx.RowTo[uptime.ID])
			if err != nil {
				return err
			}
			for _, id := range ids {
				if random.IntN(3) > 0 {
					state := postgres.MonitorState{Monitor: id, Revision: 1, Verdict: verdicts[random.IntN(len(verdicts))], Since: uptime.InstantOf(time.Now())}
					if err := postgres.UpsertMonitorStates(ctx, tx, []postgres.MonitorState{state}); err != nil {
						return err
					}
				}
				for change, odds := range map[string]int{"paused = true": 4, "target = 'https://moved.example'": 8} {
					if random.IntN(odds) == 0 {
						if _, err := tx.Exec(ctx, "UPDATE monitor SET "+change+" WHERE id = $1", id); err != nil {
							return err
						}
					}
				}
			}
			if random.IntN(8) == 0 {
				_, err := tx.Exec(ctx, "UPDATE website SET paused = true WHERE id = $1", w.ID)
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.Websites(ctx, org, postgres.WebsiteFilter{})
	if err != nil || len(all) != 300 {
		t.Fatalf("%d websites, %v", len(all), err)
	}
	found := 0
	for _, status := range []postgres.Status{"pending", "paused", "unknown", "up", "degraded", "down"} {
		var want, got []uptime.ID
		for i := range all {
			if all[i].Status() == status {
				want = append(want, all[i].ID)
			}
		}
		listed, err := s.Websites(ctx, org, postgres.WebsiteFilter{Statuses: []postgres.Status{status}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range listed {
			got = append(got, listed[i].ID)
		}
		if !slices.Equal(want, got) || len(want) == 0 {
			t.Errorf("%s: SQL finds %d, Go %d", status, len(got), len(want))
		}
		found += len(got)
	}
	if found != 300 {
		t.Errorf("the statuses have %d websites together, want 300", found)
	}
	if _, err := s.Websites(ctx, org, postgres.WebsiteFilter{Statuses: []postgres.Status{"fine' OR true --"}}); err == nil {
		t.Error("a status that there is not is taken")
	}
}

func TestVerdictSince(t *testing.T) {
	t.Parallel()
	at := func(minute int) time.Time { return time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC) }
	judged := func(v uptime.Verdict, minute int) postgres.Monitor {
		return postgres.Monitor{Judged: true, Verdict: v, Since: at(minute)}
	}
	paused := judged(uptime.VerdictDown, 1)
	paused.Paused = true
	tests := []struct {
		name     string
		monitors []postgres.Monitor
		verdict  uptime.Verdict
		since    time.Time
	}{
		{"none", nil, uptime.VerdictUnknown, time.Time{}},
		{"not judged", []postgres.Monitor{{}}, uptime.VerdictUnknown, time.Time{}},
		{"up since the last came up", []postgres.Monitor{judged(uptime.VerdictUp, 3), judged(uptime.VerdictUp, 7), judged(uptime.VerdictUp, 5)}, uptime.VerdictUp, at(7)},
		{"down since the first went down", []postgres.Monitor{judged(uptime.VerdictDown, 8), judged(uptime.VerdictUp, 1), judged(uptime.VerdictDown, 6)}, uptime.VerdictDown, at(6)},
		{"paused ones do not count", []postgres.Monitor{paused, judged(uptime.VerdictUp, 4)}, uptime.VerdictUp, at(4)},
	}
	for _, tt := range tests {
		w := postgres.Website{Monitors: tt.monitors}
		if v, since := w.Verdict(); v != tt.verdict || !since.Equal(tt.since) {
			t.Errorf("%s: %v since %v, want %v since %v", tt.name, v, since, tt.verdict, tt.since)
		}
	}
}

// Many at once add the same website: one is made, all others hear which.
func TestOneOfManyAtOnceIsMade(t *testing.T) {
	t.Parallel()
	s, org := openWithOrg(t)
	ctx := context.Background()
	const n = 12
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			w, m := newWebsite(org, "same.example")
			_, errs[i] = s.CreateWebsite(ctx, w, m)
		})
	}
	all.Wait()
	websites, err := s.Websites(ctx, org, postgres.WebsiteFilter{})
	if err != nil || len(websites) != 1 {
		t.Fatalf("%d websites, %v", len(websites), err)
	}
	made := 0
	for _, err := range errs {
		var d *postgres.Duplicate
		switch {
		case err == nil:
			made++
		case !errors.As(err, &d) || !errors.Is(err, postgres.ErrConflict) || d.Existing != websites[0].ID || d.Field != "url":
			t.Errorf("got %v", err)
		}
	}
	if made != 1 {
		t.Errorf("%d calls say that they made it", made)
	}
}

func TestTheFirstOfManyStartsMakesTheKey(t *testing.T) {
	t.Parallel()
	s, org := openWithOrg(t)
	ctx := context.Background()
	var all sync.WaitGroup
	var mu sync.Mutex
	keys, accounts := 0, 0
	for i := range 8 {
		all.Go(func() {
			id := uptime.NewID(time.Now())
			key, errKey := s.CreateFirstAPIKey(ctx, postgres.APIKey{ID: id, OrgID: org, Prefix: fmt.Sprintf("prefix%02d", i), Hash: []byte("x"), Scopes: []string{"read"}})
			account, errAccount := s.CreateFirstAccount(ctx, postgres.Account{ID: id, Email: fmt.Sprintf("a%d@b.example", i), PasswordHash: "x"}, org, "")
			mu.Lock()
			defer mu.Unlock()
			if errKey != nil || errAccount != nil {
				t.Errorf("%v, %v", errKey, errAccount)
			}
			if key {
				keys++
			}
			if account {
				accounts++
			}
		})
	}
	all.Wait()
	if keys != 1 || accounts != 1 {
		t.Errorf("%d keys and %d accounts were made, want one each", keys, accounts)
	}
}

func TestKeysAreTouchedForward(t *testing.T) {
	t.Parallel()
	s, org := openWithOrg(t)
	ctx := context.Background()
	id := uptime.NewID(time.Now())
	k := postgres.APIKey{ID: id, OrgID: org, Name: "n", Prefix: "abcdefgh", Hash: []byte("x"), Scopes: []string{"read"}, ExpiresAt: time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)}
	if _, err := s.CreateAPIKey(ctx, k); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateAPIKey(ctx, postgres.APIKey{ID: uptime.NewID(time.Now()), OrgID: org, Prefix: "abcdefgh", Hash: []byte("y"), Scopes: []string{}}); !errors.Is(err, postgres.ErrConflict) {
		t.Errorf("a prefix twice: %v", err)
	}
	later := time.Now().UTC().Truncate(time.Microsecond)
	for _, at := range []time.Time{later, later.Add(-time.Minute)} {
		if err := s.TouchAPIKey(ctx, id, at); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.APIKeyByPrefix(ctx, "abcdefgh")
	if err != nil || !got.LastUsedAt.Equal(later) || !got.ExpiresAt.Equal(k.ExpiresAt) || !got.RevokedAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	other, err := s.EnsureOrg(ctx, "other", "Other")
	if err != nil {
		t.Fatal(err)
	}
	rename := func(k *postgres.APIKey) error { k.Name = "renamed"; return nil }
	if _, err := s.UpdateAPIKey(ctx, other.ID, id, later, rename); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("another tenant's key: %v", err)
	}
	if got, err := s.UpdateAPIKey(ctx, org, id, later, rename); err != nil || got.Name != "renamed" || got.Prefix != "abcdefgh" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := s.APIKeyByPrefix(ctx, "nothing0"); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("no such key: %v", err)
	}
}

// Many acknowledge at once: one event is written.
func TestAcknowledgedOnce(t *testing.T) {
	t.Parallel()
	s, org := openWithOrg(t)
	ctx := context.Background()
	w, m := newWebsite(org, "a.example")
	if _, err := s.CreateWebsite(ctx, w, m); err != nil {
		t.Fatal(err)
	}
	opened := uptime.InstantOf(time.Now())
	in := postgres.NewIncident{ID: postgres.IncidentID(m.ID, opened, uptime.VerdictDown), Monitor: m.ID, Severity: uptime.VerdictDown, Opened: opened, Explanation: "x", Evidence: []byte("{}")}
	if err := s.Tx(ctx, func(tx pgx.Tx) error {
		_, err := postgres.OpenIncidents(ctx, tx, []postgres.NewIncident{in})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if _, err := s.AcknowledgeIncident(ctx, org, in.ID, fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got, err := s.Incident(ctx, org, in.ID)
	if err != nil || len(got.Events) != 1 || got.Status() != postgres.IncidentAcknowledged {
		t.Errorf("%+v, %v", got, err)
	}
}

// counter counts the queries that reach the database.
type counter struct{ n int }

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n++
	return ctx
}

func (c *counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestAPageCostsTheSameQueriesHoweverLong(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	cfg, err := pgxpool.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	count := &counter{}
	cfg.ConnConfig.Tracer = count
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	s := postgres.NewStore(pool)
	org, err := s.EnsureOrg(ctx, postgres.DefaultOrg, "Default")
	if err != nil {
		t.Fatal(err)
	}
	var some postgres.Website
	for i := range 30 {
		w, m := newWebsite(org.ID, fmt.Sprintf("s%d.example", i))
		if some, err = s.CreateWebsite(ctx, w, m); err != nil {
			t.Fatal(err)
		}
		opened := uptime.InstantOf(time.Now())
		if err := s.Tx(ctx, func(tx pgx.Tx) error {
			_, err := postgres.OpenIncidents(ctx, tx, []postgres.NewIncident{{ID: postgres.IncidentID(m.ID, opened, uptime.VerdictDown), Monitor: m.ID, Severity: uptime.VerdictDown, Opened: opened, Evidence: []byte("{}")}})
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	pages := map[string]func(limit int) (int, error){
		"websites": func(limit int) (int, error) {
			l, err := s.Websites(ctx, org.ID, postgres.WebsiteFilter{Limit: limit, Statuses: []postgres.Status{postgres.StatusPending}})
			return len(l), err
		},
		"incidents": func(limit int) (int, error) {
			l, err := s.Incidents(ctx, org.ID, postgres.IncidentFilter{Limit: limit})
			return len(l), err
		},
		"one website": func(int) (int, error) {
			_, err := s.Website(ctx, org.ID, some.ID)
			return 0, err
		},
	}
	for name, page := range pages {
		want := 3 // websites, their monitors, what ends of these
		if name == "incidents" {
			want = 2
		}
		for _, limit := range []int{1, 30} {
			count.n = 0
			n, err := page(limit)
			if err != nil || n != limit && name != "one website" || count.n != want {
				t.Errorf("%s: a page of %d costs %d queries, want %d, %v", name, n, count.n, want, err)
			}
		}
	}
}
