//go:build e2e

package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// ear keeps every answer of the API and every alert that the tests were given, and what
// was stored meanwhile. Its zero value is deaf.
type ear struct {
	mu     sync.Mutex
	all    bytes.Buffer
	rows   []byte   // of PostgreSQL
	values []byte   // of Redis
	trials []string // monitors that were tried and never saved
	hears  bool
}

// listen keeps the answers of the API, whichever test asked, until the test ends.
func listen(t *testing.T) *ear {
	t.Helper()
	e := &ear{hears: true}
	listener.Store(e)
	t.Cleanup(func() { listener.Store(nil) })
	return e
}

var listener atomic.Pointer[ear]

// tapped is a transport that lets the listener hear the answers.
type tapped struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t tapped) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	e := listener.Load()
	if err != nil || e == nil {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	e.note(string(body))
	return resp, nil
}

func (e *ear) note(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.hears {
		fmt.Fprintln(&e.all, text)
	}
}

func (e *ear) unsaved(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.trials = append(e.trials, id)
}

// lookEverywhere keeps all that there is of a website and its monitor.
func (e *ear) lookEverywhere(t *testing.T, w website, m checked, hook *inbox) {
	t.Helper()
	if !e.hears {
		return
	}
	for _, path := range []string{
		"/v1/websites", "/v1/websites/" + w.ID, "/v1/websites/" + w.ID + "/monitors", m.path(), m.path() + "/votes", m.path() + "/ticks",
		m.path() + "/latency", m.path() + "/failures", "/v1/incidents", "/v1/deliveries", "/v1/channels", "/v1/fleet",
		"/websites", "/monitor/" + w.ID, "/monitor/" + w.ID + "/downtime",
	} {
		_, _ = tryCall[json.RawMessage](t, http.MethodGet, path)
	}
	for _, in := range w.incidents(t) {
		call[json.RawMessage](t, http.MethodGet, "/v1/incidents/"+in.ID, nil)
	}
	// A wrong change is refused by words that do not repeat it, and a change of another
	// field shows masks.
	var given object
	if err := json.Unmarshal(m.Settings, &given); err != nil {
		t.Fatal(err)
	}
	given["nonsense"] = 1
	refused(t, http.StatusUnprocessableEntity, http.MethodPatch, m.path(), object{"settings": given})
	call[json.RawMessage](t, http.MethodPatch, m.path(), object{"name": "another name"})
	for _, alert := range hook.with("") {
		e.note(alert.body)
	}
	rows, values := tables(t), keys(t)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rows, e.values = append(e.rows, rows...), append(e.values, values...)
}

// hoard are the secrets of all monitors.
type hoard struct {
	mu    sync.Mutex
	all   []string
	shown []string // by the API, to who may write, and by nothing else
}

func (h *hoard) add(secrets ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, secrets...)
}

func (h *hoard) addShown(secrets ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shown = append(h.shown, secrets...)
}

// secretsIn returns the secrets that are in some bytes: as they are, in hex, or in base64
// wherever in a longer text they begin.
func secretsIn(b []byte, secrets []string) []string {
	var found []string
	for _, s := range secrets {
		forms := []string{s, hex.EncodeToString([]byte(s))}
		for skip := range 3 {
			text := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat(".", skip) + s))
			forms = append(forms, text[4:len(text)-4]) // what is beside it changes the ends
		}
		for _, form := range forms {
			if bytes.Contains(b, []byte(form)) {
				found = append(found, s)
				break
			}
		}
	}
	return found
}

// isNowhere looks for the secrets in all that the fleet has said, sent and kept. Each
// place must hold what is no secret, which tells that the looking would find something.
func (h *hoard) isNowhere(t *testing.T, heard *ear) {
	if len(h.all) < 10 {
		t.Fatalf("only %d secrets were told", len(h.all))
	}
	if found := secretsIn(heard.all.Bytes(), h.all); len(found) > 0 {
		t.Errorf("answers and alerts: found %q", found)
	}
	if !bytes.Contains(heard.all.Bytes(), []byte(inTheOpen)) {
		t.Errorf("answers and alerts: %d bytes without %q", heard.all.Len(), inTheOpen)
	}
	everything := slices.Concat(h.all, h.shown)
	look := func(where string, b []byte) {
		if found := secretsIn(b, everything); len(found) > 0 {
			t.Errorf("%s: found %q", where, found)
		}
	}
	holds := func(where string, b []byte, known string) {
		if look(where, b); !bytes.Contains(b, []byte(known)) {
			t.Errorf("%s: %d bytes without %q", where, len(b), known)
		}
	}
	holds("PostgreSQL", heard.rows, inTheOpen)
	holds("Redis", heard.values, "pf:{")
	history := points(t)
	holds("InfluxDB", history, "monitor_id")
	for _, id := range heard.trials {
		if bytes.Contains(history, []byte(id)) {
			t.Errorf("InfluxDB has ticks of a monitor that was only tried")
		}
	}
	home, err := openRedis(t).ConfigGet(t.Context(), "dir").Result()
	if err != nil {
		t.Fatal(err)
	}
	var commands []byte
	logs := 0
	err = filepath.WalkDir(filepath.Dir(home["dir"]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return vanished(err)
		}
		b, err := os.ReadFile(path)
		look(path, b)
		switch {
		case strings.Contains(path, ".aof"):
			commands = append(commands, b...)
		case strings.HasSuffix(path, ".log") && len(b) > 0:
			logs++
		}
		return vanished(err)
	})
	if err != nil {
		t.Fatal(err)
	}
	holds("what Redis was ever told", commands, inTheOpen)
	if services := 7; logs < services {
		t.Errorf("%d logs with something in them, want that of each service", logs)
	}
}

// vanished overlooks files that the engines have removed meanwhile.
func vanished(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// tables returns every row of every table.
func tables(t *testing.T) []byte {
	t.Helper()
	db, err := pgx.Connect(t.Context(), fleet.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	rows, err := db.Query(t.Context(), "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for _, name := range names {
		rows, err := db.Query(t.Context(), "SELECT r::text FROM "+name+" r")
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.Join(texts, "\n")...)
	}
	return out
}

// points returns every point of every bucket.
func points(t *testing.T) []byte {
	t.Helper()
	var out []byte
	for _, bucket := range []string{"website_ticks", "website_ticks_5m", "website_ticks_1h"} {
		query := url.Values{"db": {bucket}, "q": {"SELECT * FROM /.*/"}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fleet.InfluxURL+"/query?"+query.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v", bucket, resp.Status, err)
		}
		out = append(out, b...)
	}
	return out
}

func openRedis(t *testing.T) *redis.Client {
	t.Helper()
	opt, err := redis.ParseURL(fleet.RedisURL)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opt)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// keys returns every key with all that is in it, byte for byte.
func keys(t *testing.T) []byte {
	t.Helper()
	ctx, client := t.Context(), openRedis(t)
	var out bytes.Buffer
	all := client.Scan(ctx, 0, "*", 1000).Iterator()
	for all.Next(ctx) {
		key := all.Val()
		kind, err := client.Type(ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		commands := map[string][]any{
			"string": {"GET", key}, "hash": {"HGETALL", key}, "stream": {"XRANGE", key, "-", "+"}, "none": {"EXISTS", key},
			"set": {"SMEMBERS", key}, "zset": {"ZRANGE", key, 0, -1, "WITHSCORES"}, "list": {"LRANGE", key, 0, -1},
		}
		if commands[kind] == nil {
			t.Fatalf("%s is a %s, which nobody reads here", key, kind)
		}
		v, err := client.Do(ctx, commands[kind]...).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			t.Fatalf("%s: %v", key, err)
		}
		fmt.Fprintln(&out, key, v)
	}
	if err := all.Err(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
