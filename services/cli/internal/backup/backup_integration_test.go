//go:build integration

package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/probefleet/probefleet/migrations"
	"github.com/probefleet/probefleet/pkg/testenv"
	"github.com/probefleet/probefleet/pkg/testenv/fixture"
	"github.com/probefleet/probefleet/pkg/testenv/influxtest"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const sealKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// emptyDatabase returns a database without any schema.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	base := testenv.Require(t, testenv.DatabaseURL)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, base)
	if err != nil {
		t.Fatal(err)
	}
	name := "t_backup_" + strings.ReplaceAll(uptime.NewID(time.Now()).String(), "-", "")
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func open(t *testing.T, database string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func must(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func configOf(t *testing.T, database string, ticks *tsdb.Config) Config {
	return Config{Database: database, Ticks: ticks, SealKey: sealKey, Version: "test", Now: time.Now, Tell: t.Logf}
}

// content returns what an archive holds of the engines: tables as they stand, ticks in any
// order.
func content(t *testing.T, path, passphrase string) map[string]string {
	t.Helper()
	r, err := openArchive(path, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	out := map[string]string{}
	err = r.each(func(name string, in io.Reader) error {
		text, err := io.ReadAll(in)
		if strings.HasPrefix(name, ticksPrefix) {
			lines := strings.Split(string(text), "\n")
			slices.Sort(lines)
			text = []byte(strings.Join(lines, "\n"))
		}
		out[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	delete(out, manifestName) // which says when it was made
	delete(out, sumsName)
	return out
}

// seed fills engines with something of everything that is hard to bring back.
func seed(t *testing.T, pool *pgxpool.Pool, ticks tsdb.Config) (monitor uptime.ID, now time.Time) {
	t.Helper()
	now = time.Now().UTC().Truncate(time.Hour)
	org := fixture.Org(t, pool)
	fixture.Regions(t, pool, org, "eu", "us")
	m := fixture.Monitor(t, pool, uptime.Monitor{OrgID: org})
	must(t, pool, "INSERT INTO span (monitor_id, org_id, started_at, ended_at, verdict, reason) VALUES ($1, $2, $3, $4, 'down', 'connect_timeout'), ($1, $2, $4, NULL, 'up', '')",
		m.ID, org, now.Add(-2*time.Hour), now.Add(-time.Hour))
	incident := uptime.NewID(now)
	must(t, pool, "INSERT INTO incident (id, org_id, website_id, monitor_id, severity, opened_at, explanation, evidence) VALUES ($1, $2, $3, $4, 'down', $5, $6, '{\"round\": 1}')",
		incident, org, m.WebsiteID, m.ID, now, "tabs\tand \\N and\nlines — ünïcode")
	channel := fixture.Channel(t, pool, org, "down")
	digest := uptime.NewID(now)
	for i := range 3 { // the first one names the last, which comes later
		id := uptime.NewID(now)
		if i == 2 {
			id = digest
		}
		must(t, pool, "INSERT INTO delivery (id, org_id, channel_id, incident_id, transition, idempotency_key, payload) VALUES ($1, $2, $3, $4, 'down', $5, '{}')",
			id, org, channel, incident, fmt.Sprint(i))
	}
	must(t, pool, "UPDATE delivery SET digest_id = $1 WHERE id <> $1", digest)
	client, err := tsdb.Open(ticks)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var results []uptime.Result
	for i := range 240 { // four hours of a check a minute in two regions
		for _, region := range []string{"eu", "us"} {
			r := uptime.Result{
				Monitor: m.ID, Region: region, Due: uptime.InstantOf(now.Add(time.Duration(i-240) * time.Minute)), Outcome: uptime.OutcomePass, Code: 200,
				Phases: uptime.Phases{Total: time.Duration(100+i) * time.Millisecond, DNS: 1500 * time.Microsecond},
			}
			if i%10 == 0 {
				r.Outcome, r.Reason, r.Code = uptime.OutcomeFail, uptime.ReasonStatus, 503
			}
			results = append(results, r)
		}
	}
	if err := client.Write(t.Context(), results); err != nil {
		t.Fatal(err)
	}
	if _, err := client.RollUp(t.Context(), tsdb.Level5m, now.Add(-4*time.Hour), now); err != nil {
		t.Fatal(err)
	}
	if _, err := client.RollUp(t.Context(), tsdb.Level1h, now.Add(-4*time.Hour), now); err != nil {
		t.Fatal(err)
	}
	if err := client.SetProgress(t.Context(), tsdb.Level5m, now); err != nil {
		t.Fatal(err)
	}
	return m.ID, now
}

func series(t *testing.T, cfg tsdb.Config, monitor uptime.ID, now time.Time) tsdb.Series {
	t.Helper()
	client, err := tsdb.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	s, err := client.Latency(t.Context(), tsdb.SeriesQuery{Monitor: monitor, From: now.Add(-4 * time.Hour), To: now, Resolution: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Regions) != 2 {
		t.Fatalf("%d regions have ticks", len(s.Regions))
	}
	return s
}

func TestWhatIsRestoredIsWhatWasThere(t *testing.T) {
	t.Parallel()
	from, ticks := pgtest.URL(t), influxtest.Config(t)
	monitor, now := seed(t, open(t, from), ticks)
	path := filepath.Join(t.TempDir(), "fleet.tar.zst")
	cfg := configOf(t, from, &ticks)
	cfg.Passphrase = "correct horse"
	if _, err := Create(t.Context(), cfg, path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if text, err := os.ReadFile(path); err != nil || bytes.Contains(text, []byte(sealKey)) || !bytes.HasPrefix(text, []byte(ageMagic)) {
		t.Errorf("is not encrypted: %v", err)
	}
	to, others := emptyDatabase(t), influxtest.Config(t)
	target := configOf(t, to, &others)
	if _, err := Restore(t.Context(), target, path, RestoreOptions{}); !errors.Is(err, ErrPassphrase) {
		t.Errorf("without the passphrase: %v", err)
	}
	target.Passphrase = "correct horse"
	if _, err := Restore(t.Context(), target, path, RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "again.tar.zst")
	if _, err := Create(t.Context(), target, again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(content(t, path, "correct horse"), content(t, again, "correct horse")); diff != "" {
		t.Errorf("the second archive is another one:\n%s", diff)
	}
	if diff := cmp.Diff(series(t, ticks, monitor, now), series(t, others, monitor, now)); diff != "" {
		t.Errorf("charts differ:\n%s", diff)
	}

	pool := open(t, to)
	if current, err := migrations.Current(t.Context(), pool); err != nil || !current {
		t.Errorf("the schema is not current: %v", err)
	}
	var before, after int64
	if err := pool.QueryRow(t.Context(), "SELECT max(seq) FROM delivery").Scan(&before); err != nil {
		t.Fatal(err)
	}
	err := pool.QueryRow(t.Context(), `INSERT INTO delivery (id, org_id, channel_id, transition, idempotency_key, payload)
		SELECT gen_random_uuid(), org_id, channel_id, 'test', 'later', '{}' FROM delivery LIMIT 1 RETURNING seq`).Scan(&after)
	if err != nil || after <= before {
		t.Errorf("the next delivery has number %d after %d: %v", after, before, err)
	}
	var disabled int
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D'").Scan(&disabled); err != nil || disabled > 0 {
		t.Errorf("%d triggers sleep, %v", disabled, err)
	}

	if _, err := Restore(t.Context(), target, path, RestoreOptions{}); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("into what is not empty: %v", err)
	}
	if _, err := Restore(t.Context(), target, path, RestoreOptions{Force: true}); err != nil {
		t.Errorf("by force: %v", err)
	}
	onlyTicks := configOf(t, emptyDatabase(t), &others)
	onlyTicks.Passphrase = "correct horse"
	if _, err := Restore(t.Context(), onlyTicks, path, RestoreOptions{}); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("into ticks of others: %v", err)
	}
}

func TestSealingKeyComesAlong(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fleet.tar.zst")
	if _, err := Create(t.Context(), configOf(t, pgtest.URL(t), nil), path); err != nil {
		t.Fatal(err)
	}
	cfg := configOf(t, emptyDatabase(t), nil)
	cfg.SealKey = "another"
	if _, err := Restore(t.Context(), cfg, path, RestoreOptions{}); !errors.Is(err, ErrSealKey) {
		t.Errorf("with another key: %v", err)
	}
	if v, err := migrations.VersionOf(t.Context(), open(t, cfg.Database)); err != nil || v != (migrations.Version{}) {
		t.Errorf("something was done: %v, %v", v, err)
	}
	out := filepath.Join(t.TempDir(), "key")
	if _, err := Restore(t.Context(), cfg, path, RestoreOptions{SealKeyOut: out}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(out)
	text, err2 := os.ReadFile(out)
	if err != nil || err2 != nil || info.Mode().Perm() != 0o600 || strings.TrimSpace(string(text)) != sealKey {
		t.Errorf("the key's file: %v %v %v", info, err, err2)
	}
	rotated := configOf(t, emptyDatabase(t), nil)
	rotated.SealKey = "bmV3ZXI=," + sealKey
	if _, err := Restore(t.Context(), rotated, path, RestoreOptions{}); err != nil {
		t.Errorf("with the key among others: %v", err)
	}
}

// TestAnOlderArchive restores one of the time when accounts belonged to one organisation.
func TestAnOlderArchive(t *testing.T) {
	t.Parallel()
	from := emptyDatabase(t)
	pool := open(t, from)
	newest := pgtest.Pool(t)
	v, err := migrations.VersionOf(t.Context(), newest)
	if err != nil {
		t.Fatal(err)
	}
	v.Schema = 6
	if err := migrations.To(t.Context(), pool, v); err != nil {
		t.Fatal(err)
	}
	org := fixture.Org(t, pool)
	must(t, pool, "INSERT INTO account (id, org_id, email, password_hash, role) VALUES (gen_random_uuid(), $1, 'me@example.org', 'x', 'admin')", org)
	path := filepath.Join(t.TempDir(), "old.tar.zst")
	if _, err := Create(t.Context(), configOf(t, from, nil), path); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), configOf(t, pgtest.URL(t), nil), path, RestoreOptions{}); err == nil || !strings.Contains(err.Error(), "schema") {
		t.Errorf("into a newer schema: %v", err)
	}
	to := emptyDatabase(t)
	if _, err := Restore(t.Context(), configOf(t, to, nil), path, RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	var role string
	err = open(t, to).QueryRow(t.Context(), "SELECT role FROM membership JOIN account ON account.id = account_id WHERE email = 'me@example.org' AND membership.org_id = $1", org).Scan(&role)
	if err != nil || role != "admin" {
		t.Errorf("role %q, %v", role, err)
	}
	if err := migrations.To(t.Context(), open(t, emptyDatabase(t)), migrations.Version{Schema: 9999}); !errors.Is(err, migrations.ErrUnknownVersion) {
		t.Errorf("a schema of the future: %v", err)
	}
}

func TestNothingComesFromADamagedArchive(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fleet.tar.zst")
	from := pgtest.URL(t)
	fixture.Org(t, open(t, from))
	if _, err := Create(t.Context(), configOf(t, from, nil), path); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := configOf(t, emptyDatabase(t), nil)
	for name, text := range map[string][]byte{
		"cut": whole[:len(whole)/2], "without its end": whole[:len(whole)-40], "empty": nil, "something else": []byte("hello"),
		"changed": bytes.Join([][]byte{whole[:len(whole)/2], {whole[len(whole)/2] ^ 0x40}, whole[len(whole)/2+1:]}, nil),
	} {
		bad := filepath.Join(t.TempDir(), "bad")
		if err := os.WriteFile(bad, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(t.Context(), to, bad, RestoreOptions{}); err == nil {
			t.Errorf("%s: was restored", name)
		}
	}
	if v, err := migrations.VersionOf(t.Context(), open(t, to.Database)); err != nil || v != (migrations.Version{}) {
		t.Errorf("something was done: %v, %v", v, err)
	}
	if _, err := Create(t.Context(), configOf(t, emptyDatabase(t), nil), filepath.Join(t.TempDir(), "x")); err == nil {
		t.Error("made a backup of no fleet")
	}
}
