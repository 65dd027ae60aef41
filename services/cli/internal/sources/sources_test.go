package sources_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/testenv/golden"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/cli/internal/fleetfile"
	"github.com/probefleet/probefleet/services/cli/internal/sources"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// compare compares what a source comes to, notes and all, and has the fleet's own rules
// look at every monitor.
func compare(t *testing.T, name string, r sources.Result) {
	t.Helper()
	var b strings.Builder
	for _, n := range r.Notes {
		b.WriteString("# " + n.String() + "\n")
	}
	write := fleetfile.Write
	if r.References {
		write = fleetfile.WriteReferences
	}
	text, err := write(r.Estate)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(text)
	golden.Check(t, name+".golden.yaml", []byte(b.String()))
	if _, err := fleetfile.Read(name, text, func(string) (string, bool) { return "secret", true }); err != nil {
		t.Errorf("is no fleet file: %v", err)
	}
	if len(r.Estate.Websites) == 0 {
		t.Error("there are no websites")
	}
	for _, w := range r.Estate.Websites {
		for _, m := range w.Monitors {
			target := m.Target
			if m.Kind == "http" && target == "" {
				target = w.URL
			}
			settings := m.Settings
			if settings == nil {
				settings = json.RawMessage("{}")
			}
			if _, err := monitorspec.Parse(uptime.Kind(m.Kind), target, settings); err != nil {
				t.Errorf("%s: the fleet would refuse %s %s: %v", w.Name, m.Kind, m.Name, err)
			}
		}
	}
}

func TestStatusD(t *testing.T) {
	t.Parallel()
	r, err := sources.StatusD(read(t, "manifest.json"), read(t, "notifiers.json"))
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "statusd", r)
	list, err := sources.StatusD([]byte(`[{"url": "https://a.example", "expected_status": 200}]`), []byte(`[{"type": "slack", "name": "ops"}]`))
	if err != nil || len(list.Estate.Websites) != 1 || len(list.Notes) != 1 {
		t.Errorf("a bare list: %+v, %v", list, err)
	}
	for _, wrong := range []string{"", "{}", `{"assets": 1}`, `[1]`, `{"assets": [{"url": "https://a.example", "interval": true}]}`} {
		if _, err := sources.StatusD([]byte(wrong), nil); err == nil {
			t.Errorf("%q is a manifest", wrong)
		}
	}
	if _, err := sources.StatusD([]byte("[]"), []byte("1")); err == nil {
		t.Error("1 is a list of notifiers")
	}
}

func TestGatus(t *testing.T) {
	t.Parallel()
	r, err := sources.Gatus(read(t, "gatus.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "gatus", r)
	for _, wrong := range []string{"", "a: [", "websites: []", "endpoints: 1"} {
		if _, err := sources.Gatus([]byte(wrong)); err == nil {
			t.Errorf("%q is a configuration", wrong)
		}
	}
}

// kumaDB makes a database with the tables of Uptime Kuma that are read.
func kumaDB(t *testing.T, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kuma #1?.db")
	plain := filepath.Join(t.TempDir(), "kuma.db")
	db, err := sql.Open("sqlite", plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(plain, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestKuma(t *testing.T) {
	t.Parallel()
	const columns = "name, active, interval, timeout, type, url, hostname, port, keyword, invert_keyword, maxretries, ignore_tls, upside_down, maxredirects, " +
		"accepted_statuscodes_json, dns_resolve_type, dns_resolve_server, method, body, headers, basic_auth_user, basic_auth_pass, auth_method, " +
		"json_path, json_path_operator, expected_value, database_connection_string, grpc_url, smtp_security, packet_size, parent"
	row := func(values string) string { return "INSERT INTO monitor (" + columns + ") VALUES (" + values + ")" }
	path := kumaDB(t,
		"CREATE TABLE monitor (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(150), active BOOLEAN DEFAULT 1, interval INTEGER DEFAULT 20, timeout DOUBLE, type VARCHAR(20), url TEXT, hostname VARCHAR(255), port INTEGER, "+
			"keyword VARCHAR(255), invert_keyword BOOLEAN, maxretries INTEGER, ignore_tls BOOLEAN, upside_down BOOLEAN, maxredirects INTEGER, accepted_statuscodes_json TEXT, dns_resolve_type VARCHAR(5), dns_resolve_server VARCHAR(255), "+
			"method TEXT, body TEXT, headers TEXT, basic_auth_user TEXT, basic_auth_pass TEXT, auth_method VARCHAR(250), json_path TEXT, json_path_operator VARCHAR(255), expected_value VARCHAR(255), "+
			"database_connection_string TEXT, grpc_url VARCHAR(255), smtp_security TEXT, packet_size INTEGER, parent INTEGER, http_body_encoding VARCHAR(25))",
		"CREATE TABLE tag (id INTEGER PRIMARY KEY, name VARCHAR(255), color VARCHAR(255))",
		"CREATE TABLE monitor_tag (id INTEGER PRIMARY KEY, monitor_id INTEGER, tag_id INTEGER, value TEXT)",
		"CREATE TABLE notification (id INTEGER PRIMARY KEY, name VARCHAR(255), config VARCHAR(255), active BOOLEAN)",
		"CREATE TABLE maintenance (id INTEGER PRIMARY KEY, title VARCHAR(150))",
		"CREATE TABLE status_page (id INTEGER PRIMARY KEY, slug VARCHAR(255))",
		row("'Shops', 1, 60, 48, 'group', NULL, NULL, NULL, NULL, 0, 0, 0, 0, 10, '[\"200-299\"]', NULL, NULL, 'GET', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 56, NULL"),
		row(`'Shop', 1, 60, 48, 'http', 'https://shop.example/', NULL, NULL, NULL, 0, 2, 1, 0, 0, '["200-299","301"]', NULL, NULL, 'POST', '{"a": 1}', '{"X-One": "1", "Content-Type": "application/json"}', 'me', 'pa ss', 'basic', NULL, NULL, NULL, NULL, NULL, NULL, 56, 1`),
		row(`'Words', 1, 10, 80, 'keyword', 'https://shop.example', NULL, NULL, 'Welcome', 0, 0, 0, 0, 10, '["200-299"]', NULL, NULL, 'GET', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 56, 1`),
		row(`'No words', 0, 60, 30, 'keyword', 'https://blog.example', NULL, NULL, 'error', 1, 0, 0, 1, 3, '["200-299"]', NULL, NULL, 'GET', NULL, 'nonsense', NULL, NULL, 'ntlm', NULL, NULL, NULL, NULL, NULL, NULL, 56, NULL`),
		row(`'Price', 1, 60, 30, 'json-query', 'https://api.example/price', NULL, NULL, NULL, 0, 0, 0, 0, 10, '["200-299"]', NULL, NULL, 'GET', NULL, NULL, NULL, NULL, NULL, '$.shop.price', '<', '10', NULL, NULL, NULL, 56, NULL`),
		row(`'Sum', 1, 60, 30, 'json-query', 'https://api.example/sum', NULL, NULL, NULL, 0, 0, 0, 0, 10, '["200-299"]', NULL, NULL, 'GET', NULL, NULL, NULL, NULL, NULL, '$sum(a.b)', '==', '10', NULL, NULL, NULL, 56, NULL`),
		row(`'SSH', 1, 60, NULL, 'port', NULL, 'db.example', 22, NULL, 0, 0, 0, 0, 10, '[]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 56, NULL`),
		row(`'Ping', 1, 60, NULL, 'ping', NULL, 'db.example', NULL, NULL, 0, 0, 0, 0, 10, '[]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 56, NULL`),
		row(`'Name', 1, 60, NULL, 'dns', NULL, 'shop.example', 53, NULL, 0, 0, 0, 0, 10, '[]', 'MX', '192.0.2.53,192.0.2.54', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 56, NULL`),
		row(`'Nightly job', 1, 3600, NULL, 'push', NULL, NULL, NULL, NULL, 0, 0, 0, 0, 10, '[]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 56, NULL`),
		row(`'Cache', 1, 60, NULL, 'redis', NULL, NULL, NULL, NULL, 0, 0, 0, 0, 10, '[]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'redis://me:secret@cache.example', NULL, NULL, 56, NULL`),
		row(`'Mail', 1, 60, NULL, 'smtp', NULL, 'mail.example', 465, NULL, 0, 0, 0, 0, 10, '[]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'secure', 56, NULL`),
		row(`'Box', 1, 60, NULL, 'docker', NULL, NULL, NULL, NULL, 0, 0, 0, 0, 10, '[]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 56, NULL`),
		"INSERT INTO tag VALUES (1, 'prod', '#fff'), (2, 'Owner', '#000')",
		"INSERT INTO monitor_tag VALUES (1, 2, 1, ''), (2, 2, 2, 'Team A')",
		`INSERT INTO notification VALUES (1, 'Phone', '{"type": "telegram", "telegramBotToken": "secret-of-telegram"}', 1), (2, 'Mail', '{"type": "smtp"}', 1)`,
		"INSERT INTO status_page VALUES (1, 'all')",
	)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := sources.Kuma(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "kuma", r)
	if !r.Secrets {
		t.Error("does not say that there are secrets")
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the database was changed: %v", err)
	}
	if left, _ := filepath.Glob(path[:len(path)-8] + "*"); len(left) > 1 {
		t.Errorf("left behind: %v", left)
	}
	for _, n := range r.Notes {
		if strings.Contains(n.String(), "secret") {
			t.Errorf("tells a secret: %s", n)
		}
	}
}

func TestKumaIsNotAnyDatabase(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "kuma.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, filepath.Join(t.TempDir(), "none.db"), kumaDB(t, "CREATE TABLE other (id INTEGER)")} {
		if _, err := sources.Kuma(context.Background(), path); err == nil {
			t.Errorf("%s is a Kuma's", path)
		}
	}
}
