//go:build integration

package app

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestImportsAreTaken brings other monitors' files into an api, which takes all of them and
// finds nothing to do when they come again.
func TestImportsAreTaken(t *testing.T) {
	t.Parallel()
	const data = "../sources/testdata/"
	for _, args := range [][]string{{"gatus", data + "gatus.yaml"}, {"statusd", data + "manifest.json", data + "notifiers.json"}} {
		f := newFleet(t) // of its own: two sources may know one address by ids of their own
		run := func(more ...string) ran {
			return f.run(append(append([]string{"SHOP_TOKEN=abc", "OAUTH_SECRET=def", "import"}, args...), more...)...)
		}
		run("--apply").want(t, ExitUsage, "say --yes")
		run("--apply", "--yes", "--managed-by", args[0]).want(t, ExitOK, "note: ", "added, 0 changed")
		run("--apply", "--dry-run", "--detect-drift", "--prune", "--managed-by", args[0]).want(t, ExitOK, "0 to add, 0 to change, 0 to remove")
		out := filepath.Join(t.TempDir(), "fleet.yaml")
		run("-o", out).want(t, ExitOK, "monitors")
		f.run("SHOP_TOKEN=abc", "OAUTH_SECRET=def", "apply", "-f", out, "--dry-run", "--detect-drift").want(t, ExitOK, "0 to add")
	}
	f := &fleet{t: t, home: t.TempDir()}
	f.run("import", "gatus", data+"gatus.yaml", "--apply", "--yes").want(t, ExitUsage, "the variable SHOP_TOKEN is not set")
	f.run("import", "uptime-kuma", filepath.Join(t.TempDir(), "none.db")).want(t, ExitUsage, "no such file")
	notKuma := filepath.Join(t.TempDir(), "kuma.db")
	if err := os.WriteFile(notKuma, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.run("import", "uptime-kuma", notKuma).want(t, ExitUsage, "no database of Uptime Kuma")
}

func TestIncidents(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.run("apply", "--yes", "-f", f.file("fleet.yaml", "websites:\n  - {name: Here, url: 'https://a.example'}\n")).want(t, ExitOK)
	conn, err := pgx.Connect(t.Context(), f.database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	const id = "01890a5d-ac96-774b-bcce-b302099a8057"
	_, err = conn.Exec(t.Context(), `INSERT INTO incident (id, org_id, website_id, monitor_id, severity, opened_at, explanation, evidence)
		SELECT $1, org_id, website_id, id, 'down', now(), 'all regions: refused', '{"round": 1, "quorum": {}, "votes": []}' FROM monitor`, id)
	if err != nil {
		t.Fatal(err)
	}
	f.run("get", "incidents", "--status", "open").want(t, ExitOK, id, "all regions: refused")
	f.run("incident", "ack", id).want(t, ExitOK, "acknowledged")
	f.run("incident", "comment", id, "the", "cable", "is", "out").want(t, ExitOK, "commented")
	f.run("get", "incidents", id, "-o", "yaml").want(t, ExitOK, "the cable is out", "acknowledged_by")
	f.run("incident", "comment", id).want(t, ExitUsage)
	f.run("incident", "ack", "01890a5d-ac96-774b-bcce-b302099a8058").want(t, ExitFailed, "404")
}
