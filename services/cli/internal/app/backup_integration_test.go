//go:build integration

package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/testenv"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// answer returns what an api says, without what is another with each answer.
func (f *fleet) answer(base, path string) string {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, base+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+testKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		f.t.Fatalf("%s: status %d, %v: %s", path, res.StatusCode, err, text)
	}
	return string(text)
}

// TestBackupThroughTheProgram runs backup and restore as people do, and asks an api on
// either database for the same figures. Ticks have a test of their own.
func TestBackupThroughTheProgram(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.run("SHOP_PASSWORD=hunter22", "apply", "-f", f.file("fleet.yaml", shopAndBlog), "--yes").want(t, ExitOK)
	var sites []struct {
		ID       string
		Monitors []struct{ ID string }
	}
	if err := json.Unmarshal([]byte(f.run("get", "websites", "-o", "json").out), &sites); err != nil {
		t.Fatal(err)
	}
	ctx, now := t.Context(), time.Now().UTC().Truncate(time.Hour)
	conn, err := pgx.Connect(ctx, f.database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `INSERT INTO span (monitor_id, org_id, started_at, ended_at, verdict, reason)
		SELECT id, org_id, $2::timestamptz - interval '9 hours', $2::timestamptz - interval '8 hours', 'up', '' FROM monitor WHERE id = $1 UNION ALL
		SELECT id, org_id, $2::timestamptz - interval '8 hours', $2::timestamptz - interval '7 hours', 'down', 'status' FROM monitor WHERE id = $1 UNION ALL
		SELECT id, org_id, $2::timestamptz - interval '7 hours', NULL, 'up', '' FROM monitor WHERE id = $1`, sites[0].Monitors[0].ID, now)
	if err != nil {
		t.Fatal(err)
	}
	period := url.Values{"from": {now.Add(-9 * time.Hour).Format(time.RFC3339)}, "to": {now.Format(time.RFC3339)}}.Encode()
	paths := []string{
		"/v1/websites/" + sites[0].ID + "/uptime?" + period, "/v1/websites/" + sites[0].ID + "/downtime?" + period,
		"/v1/export", "/v1/incidents", "/v1/audit?limit=50",
	}
	archive := filepath.Join(t.TempDir(), "fleet.tar.zst")
	engines := []string{"DATABASE_URL=" + f.database, "SEAL_KEY=" + f.key}
	f.run("backup", "-o", archive).want(t, ExitUsage, "DATABASE_URL")
	f.run(engines[0], "backup", "-o", archive, "--without-ticks").want(t, ExitUsage, "SEAL_KEY is not set")
	f.run(append(engines, "backup", "-o", archive)...).want(t, ExitUsage, "INFLUXDB_URL is not set")
	f.run(append(engines, "backup", "-o", archive, "--without-ticks")...).want(t, ExitOK, "website: 2 rows", "not encrypted", "schema")

	base, err := url.Parse(testenv.Require(t, testenv.DatabaseURL))
	if err != nil {
		t.Fatal(err)
	}
	name := "t_restore_" + strings.ReplaceAll(uptime.NewID(time.Now()).String(), "-", "")
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	base.Path = "/" + name
	t.Cleanup(func() { dropDatabase(t, name) })
	f.run("DATABASE_URL="+f.database, "SEAL_KEY="+f.key, "restore", archive).want(t, ExitFailed, "not empty")
	f.run("DATABASE_URL="+base.String(), "restore", archive).want(t, ExitFailed, "--seal-key-out")
	f.run("DATABASE_URL="+base.String(), "SEAL_KEY="+f.key, "restore", archive).want(t, ExitOK, "restored")
	restored := f.startAPI(base.String())
	for _, path := range paths {
		if diff := cmp.Diff(f.answer(f.url, path), f.answer(restored, path)); diff != "" {
			t.Errorf("%s differs (-before +after):\n%s", path, diff)
		}
	}
	if text := f.answer(restored, paths[0]); !strings.Contains(text, "88.88") && !strings.Contains(text, "0.888") {
		t.Errorf("eight of nine hours were up: %s", text)
	}
}

func dropDatabase(t *testing.T, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, testenv.Require(t, testenv.DatabaseURL))
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)); err != nil {
		t.Error(err)
	}
}
