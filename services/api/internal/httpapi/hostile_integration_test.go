//go:build integration

package httpapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

// hostileTexts are what parameters, and text in bodies, are tried with.
var hostileTexts = []string{
	"", " ", "null", "-1", "0", "1e309", "99999999999999999999", "true", "\x00", "\xff\xfe", "a\r\nX-Evil: 1", "' OR 1=1 --", "%s%n%d", "../../etc/passwd",
	"{{.}}", "𝕏\u202e\u0000", "\ud7ff\ufeff", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00Z",
	"00000000-0000-0000-0000-000000000000",
	"http://[::1", "https://\x7f", "(((((((((((a*)*)*)*)*)*)*)*)*)*)*", strings.Repeat("a", 3000), strings.Repeat("é", 20_000),
}

// hostileValues are what each field of a body is tried with, beside the texts.
var hostileValues = []any{
	nil, true, -1, 0, 1, 2.5, json.Number("1e400"), json.Number("-9223372036854775809"), json.Number("4294967296"), []any{}, []any{nil}, []any{[]any{}},
	map[string]any{}, map[string]any{"": map[string]any{"\x00": 1}}, slices.Repeat([]any{"x"}, 2000), deep(500),
}

// hostileBodies are no bodies of any operation.
var hostileBodies = []string{
	"", " ", "{", "}", "[]", "null", `"x"`, "1", "true", "{}{}", `{"a":1,"a":2}`, "\x00", "\xef\xbb\xbf{}", `{"\ud800":1}`, `{"__proto__":{"x":1}}`,
	`{"url":`, "<xml/>", "a=b&c=d", strings.Repeat("[", 20_000), strings.Repeat(`{"a":`, 12_000) + "1" + strings.Repeat("}", 12_000),
	`{"name":"` + strings.Repeat("x", 1<<20) + `"}`, `{"` + strings.Repeat("k", 200_000) + `":1}`,
}

// hostileFiles are CSV that no sound client sends.
var hostileFiles = []string{
	"url", "url\n", "url,url\na,b\n", "colour\nred\n", "url\n\"", "url\n\"a\"b\n", "\ufeff\ufeffurl\na\n", "url\r\ra\r", "url;name\na;b\n", "url\n=1+1\n'=1\n'\n",
	"url,interval_seconds\na,99999999999999999999\na,-1\na,1e9\n", "url,tags,regions\na,;;;," + strings.Repeat("x;", 5000) + "\n", "name\n" + strings.Repeat("é", 50_000) + "\n",
	"external_id,paused\n\x00,\x00\n", strings.Repeat("url,", 20_000) + "\n", "url\n" + strings.Repeat("\"", 99_999), "url\n" + strings.Repeat("ftp://x\n", 20_000),
	"url\n" + strings.Repeat(",", 1<<20), "url,name\n" + strings.Repeat("a,b\n", 3000), strings.Repeat("x", 17<<20),
}

func deep(n int) any {
	var v any = "x"
	for range n {
		v = []any{v}
	}
	return v
}

// attack is one call of a route that no sound client makes.
type attack struct {
	path   string
	body   []byte
	header map[string]string
}

// attacks returns what a route is tried with: its ids, its parameters, its body and its
// fields, one at a time, and headers.
func (e *estate) attacks(t testing.TB, op route) []attack {
	path := e.path(t, op.template)
	valid, err := json.Marshal(e.body(t, op))
	if err != nil {
		t.Fatal(err)
	}
	if op.RequestBody == nil {
		valid = nil
	}
	var out []attack
	for _, p := range op.params {
		for _, text := range hostileTexts {
			switch p.Value.In {
			case "query":
				out = append(out, attack{path: path + "?" + p.Value.Name + "=" + url.QueryEscape(text), body: valid})
			case "header":
				clean := strings.Map(func(r rune) rune {
					if r < ' ' || r == 0x7f {
						return -1 // the client would refuse to send it
					}
					return r
				}, text)
				out = append(out, attack{path: path, body: valid, header: map[string]string{p.Value.Name: clean}})
			case "path":
				hole := strings.NewReplacer("{"+p.Value.Name+"}", url.PathEscape(text)).Replace(op.template)
				out = append(out, attack{path: e.path(t, hole), body: valid})
			}
		}
	}
	query := url.Values{"cursor": {"x", "y"}, strings.Repeat("q", 4000): {""}, "limit[]": {"1"}}
	out = append(out, attack{path: path + "?" + query.Encode(), body: valid}, attack{path: path + "?%zz=%&;=;", body: valid},
		attack{path: path, body: valid, header: map[string]string{
			"Accept": strings.Repeat("a/b;q=x,", 500), "Content-Type": "multipart/form-data; boundary=\"", "X-Request-ID": strings.Repeat("🐘", 100),
			"Last-Event-ID": "99999999999999999999-1", "Range": "bytes=0-0,-1", "X-Forwarded-For": "' OR 1=1, ::::", "If-Match": "\"",
		}})
	if op.RequestBody == nil { // what is sent all the same is not read
		return append(out, attack{path: path, body: []byte(hostileBodies[len(hostileBodies)-1])})
	}
	for _, body := range hostileBodies {
		out = append(out, attack{path: path, body: []byte(body)})
	}
	if op.RequestBody.Value.Content["text/csv"] != nil {
		for _, body := range slices.Concat(hostileFiles, hostileBodies, hostileTexts) {
			out = append(out, attack{path: path, body: []byte(body), header: map[string]string{"Content-Type": "text/csv"}})
		}
	}
	schema := op.RequestBody.Value.Content.Get("application/json").Schema.Value
	for _, change := range changed(e.body(t, op), schema) {
		body, err := json.Marshal(change)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, attack{path: path, body: body})
	}
	return out
}

// changed returns copies of a valid body in each of which one field of the schema, or of
// the objects in it, is not what it should be.
func changed(valid any, schema *openapi3.Schema) []any {
	base, _ := valid.(map[string]any)
	var out []any
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		put := func(v any) {
			body := maps.Clone(base)
			if body == nil {
				body = map[string]any{}
			}
			body[name] = v
			out = append(out, body)
		}
		for _, v := range hostileValues {
			put(v)
		}
		for _, text := range hostileTexts {
			put(text)
		}
		property := schema.Properties[name].Value
		for _, one := range property.AnyOf {
			if len(one.Value.Properties) > 0 {
				property = one.Value
			}
		}
		if len(property.Properties) > 0 {
			for _, inner := range changed(base[name], property) {
				put(inner)
			}
		}
		if property.Items != nil && len(property.Items.Value.Properties) > 0 {
			entry := map[string]any{}
			for _, needed := range property.Items.Value.Required {
				entry[needed] = "http" // a kind, a name and a host
			}
			for _, inner := range changed(entry, property.Items.Value) {
				put([]any{inner})
			}
		}
	}
	return out
}

// TestHostileInput tries every route of the document with what no sound client sends:
// none may break, and each that is refused is told why in a valid problem document.
//
//nolint:paralleltest // it measures the memory of the process
func TestHostileInput(t *testing.T) {
	live, _ := withEvents(t)
	f := newFleet(t, withTicks(t), live, withMail, func(c *httpapi.Config) { c.TestWait = time.Millisecond })
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var calls, refused atomic.Int64
	t.Run("routes", func(t *testing.T) {
		shared := f.newEstate()
		for _, op := range routes(t) {
			e := shared
			if op.method == http.MethodDelete {
				e = f.newEstate()
			}
			t.Run(op.id, func(t *testing.T) {
				t.Parallel()
				g := f.in(t)
				for _, a := range e.attacks(t, op) {
					status := g.attack(op, a)
					calls.Add(1)
					if status >= 400 {
						refused.Add(1)
					}
				}
			})
		}
	})
	runtime.GC()
	runtime.ReadMemStats(&after)
	const most = 64 << 20
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > most {
		t.Errorf("%d bytes more are in use afterwards", grown)
	}
	f.call("GET", "/v1/fleet", nil).want(200, nil)
	t.Logf("%d calls, of which %d were refused", calls.Load(), refused.Load())
	if calls.Load() < 5000 || refused.Load() < calls.Load()/4 {
		t.Errorf("only %d calls, of which %d were refused", calls.Load(), refused.Load())
	}
}

// attack makes a call and judges its answer.
func (f *fleet) attack(op route, a attack) int {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), op.method, f.url+a.path, bytes.NewReader(a.body))
	if err != nil {
		f.t.Fatalf("%s: %.200q: %v", op.id, a.path, err)
	}
	req.Header.Set("Authorization", "Bearer admin")
	for name, value := range a.header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatalf("%s: %.200q: %v", op.id, a.path, err)
	}
	defer res.Body.Close()
	got := answer{t: f.t, call: op.id, status: res.StatusCode, header: res.Header}
	if op.method == http.MethodHead || strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return got.status
	}
	if got.body, err = io.ReadAll(res.Body); err != nil {
		f.t.Fatal(err)
	}
	// A test alert is sent, but there is no notifier in this test.
	if got.status >= 500 && (op.id != "testChannel" || got.status != http.StatusGatewayTimeout) {
		f.t.Errorf("%s: status %d\n%.300q\n%.300q\n%.300s", op.id, got.status, a.path, a.body, got.body)
	}
	if got.status >= 400 {
		got.problem(got.status)
	} else if got.header.Get("Content-Type") == "application/json" && !json.Valid(got.body) {
		f.t.Errorf("%s: status %d without JSON: %.300q", op.id, got.status, got.body)
	}
	return got.status
}
