//go:build integration

package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/probefleet/probefleet/pkg/fleettime"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/testenv/influxtest"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/testenv/redistest"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/heartbeat"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

// fleet is an api on engines of its own, and a client that holds it to its document.
type fleet struct {
	t      testing.TB
	store  *postgres.Store
	queue  *queue.Client
	ticks  *tsdb.Client
	box    *seal.Box
	url    string
	key    string // sent with every call
	org    uptime.ID
	other  uptime.ID // another tenant, whose key is "other"
	router routers.Router
	woken  chan struct{}
	log    *bytes.Buffer
}

// tokens are the keys that the tests' authenticator knows.
func (f *fleet) Authenticate(_ context.Context, key string) (httpapi.Caller, error) {
	scopes := map[string][]string{
		"admin": {"read", "write", "admin"}, "writer": {"write"}, "reader": {"read"}, "other": {"admin"}, "nothing": {},
	}
	if key == "broken" {
		return httpapi.Caller{}, context.DeadlineExceeded
	}
	s, ok := scopes[key]
	if !ok {
		return httpapi.Caller{}, httpapi.ErrDenied
	}
	c := httpapi.Caller{Org: f.org, Name: key + "'s key", Prefix: key, Scopes: s}
	copy(c.Key[:], key+"................")
	if key == "other" {
		c.Org = f.other
	}
	return c, nil
}

func (f *fleet) Forget(string) {}

func (f *fleet) Wake() {
	select {
	case f.woken <- struct{}{}:
	default:
	}
}

// newFleet starts an api; change may alter its configuration.
func newFleet(t testing.TB, change ...func(*httpapi.Config)) *fleet {
	t.Helper()
	ctx := context.Background()
	f := &fleet{t: t, store: postgres.NewStore(pgtest.Pool(t)), key: "admin", woken: make(chan struct{}, 1), log: &bytes.Buffer{}}
	org, err := f.store.EnsureOrg(ctx, postgres.DefaultOrg, "Default") // the first one gets what announces itself
	f.ok(err)
	other, err := f.store.EnsureOrg(ctx, "other", "Other")
	f.ok(err)
	f.org, f.other = org.ID, other.ID
	f.queue, err = queue.Open(ctx, queue.Config{URL: redistest.URL(t), Block: 100 * time.Millisecond})
	f.ok(err)
	t.Cleanup(func() { _ = f.queue.Close() })
	key, _ := seal.NewKey()
	f.box, err = seal.New(key)
	f.ok(err)
	jobs, err := postgres.NewJobs(f.store)
	f.ok(err)
	cfg := httpapi.Config{
		Store: f.store, Queue: f.queue, Jobs: jobs, Box: f.box, Auth: f, Cleaner: f,
		Log: slog.New(slog.DiscardHandler), Shards: 2,
	}
	clock := fleettime.New(f.queue.Time, fleettime.Config{})
	f.ok(clock.Sync(ctx))
	cfg.Desk, err = heartbeat.New(heartbeat.Config{Store: f.store, Queue: f.queue, Clock: clock, Shards: 2})
	f.ok(err)
	for _, c := range change {
		c(&cfg)
	}
	f.ticks = cfg.Ticks
	server, err := httpapi.New(cfg)
	f.ok(err)
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	f.url = listening.URL
	f.router = documentRouter(t)
	return f
}

// withTicks gives the api an InfluxDB.
func withTicks(t testing.TB) func(*httpapi.Config) {
	t.Helper()
	return func(c *httpapi.Config) { c.Ticks = influxtest.Client(t) }
}

func documentRouter(t testing.TB) routers.Router {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return router
}

func (f *fleet) ok(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// as returns the same api called with another key.
func (f *fleet) as(key string) *fleet {
	g := *f
	g.key = key
	return &g
}

// in returns the same api called by a subtest.
func (f *fleet) in(t testing.TB) *fleet {
	t.Helper()
	g := *f
	g.t = t
	return &g
}

// answer is what a call got.
type answer struct {
	t      testing.TB
	call   string
	status int
	header http.Header
	body   []byte
}

// call sends a request. A body that is text is sent as it is, any other as JSON. The
// answer is checked against the document, and a problem for being one.
func (f *fleet) call(method, path string, body any) answer {
	f.t.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		b, err := json.Marshal(body)
		f.ok(err)
		reader = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, reader)
	f.ok(err)
	if f.key != "" {
		req.Header.Set("Authorization", "Bearer "+f.key)
	}
	res, err := http.DefaultClient.Do(req)
	f.ok(err)
	defer res.Body.Close()
	a := answer{t: f.t, call: method + " " + path, status: res.StatusCode, header: res.Header}
	if req.Method == http.MethodHead || strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return a // without a body, or one that does not end
	}
	a.body, err = io.ReadAll(res.Body)
	f.ok(err)
	f.conforms(req, &a)
	return a
}

// conforms checks an answer against the document.
func (f *fleet) conforms(req *http.Request, a *answer) {
	f.t.Helper()
	if a.status >= 400 {
		a.problem(a.status)
	}
	route, params, err := f.router.FindRoute(req)
	if err != nil {
		return // not of the API
	}
	err = openapi3filter.ValidateResponse(req.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	})
	if err != nil {
		f.t.Errorf("%s: status %d is not as the document says: %v\n%s", a.call, a.status, err, a.body)
	}
}

// problem is RFC 9457's object as a client sees it.
type problem struct {
	Type, Title, Detail string
	Status              int
	RequestID           string `json:"request_id"`
	ExistingID          string `json:"existing_id"`
	Errors              []struct{ Pointer, Detail, In string }
}

// problem checks that the answer is one of the status and returns it.
func (a answer) problem(status int) problem {
	a.t.Helper()
	var p problem
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d: %s", a.call, a.status, status, a.body)
	}
	if ct := a.header.Get("Content-Type"); ct != "application/problem+json" {
		a.t.Fatalf("%s: status %d with content type %q: %s", a.call, a.status, ct, a.body)
	}
	if err := json.Unmarshal(a.body, &p); err != nil {
		a.t.Fatalf("%s: %v: %s", a.call, err, a.body)
	}
	if !strings.HasPrefix(p.Type, "urn:probefleet:problem:") || p.Title == "" || p.Detail == "" || p.Status != status ||
		p.RequestID == "" || p.RequestID != a.header.Get("X-Request-ID") && a.header.Get("Idempotent-Replayed") == "" {
		a.t.Errorf("%s: incomplete problem: %s", a.call, a.body)
	}
	return p
}

// invalid checks that the answer is 422 and names exactly these fields.
func (a answer) invalid(pointers ...string) problem {
	a.t.Helper()
	p := a.problem(http.StatusUnprocessableEntity)
	var got []string
	for _, e := range p.Errors {
		got = append(got, e.Pointer)
		if e.Detail == "" {
			a.t.Errorf("%s: no detail of %s", a.call, e.Pointer)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(pointers) {
		a.t.Errorf("%s: names %v, want %v: %s", a.call, got, pointers, p.Detail)
	}
	return p
}

// want checks the status and decodes the answer into out, unless that is nil.
func (a answer) want(status int, out any) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d: %s", a.call, a.status, status, a.body)
	}
	if out != nil {
		if err := json.Unmarshal(a.body, out); err != nil {
			a.t.Fatalf("%s: %v: %s", a.call, err, a.body)
		}
	}
	return a
}

// The parts of answers that tests look at.
type (
	monitor struct {
		ID, Target, Status, Verdict, Reason string
		WebsiteID                           string `json:"website_id"`
		IntervalSeconds                     int    `json:"interval_seconds"`
		TimeoutMs                           int    `json:"timeout_ms"`
		Regions                             []string
		Policy                              uptime.Policy
		Paused                              bool
		Revision                            int64
	}
	website struct {
		ID, URL, Name, Status, Verdict string
		ExternalID                     *string    `json:"external_id"`
		VerdictSince                   *time.Time `json:"verdict_since"`
		Paused, Muted                  bool
		PausedUntil                    *time.Time `json:"paused_until"`
		MutedUntil                     *time.Time `json:"muted_until"`
		AdvisoryRegions                []string   `json:"advisory_regions"`
		Monitors                       []monitor
	}
	pageOf[T any] struct {
		Items      []T
		NextCursor *string `json:"next_cursor"`
	}
)

func (f *fleet) addRegions(names ...string) {
	f.t.Helper()
	for _, name := range names {
		f.call("POST", "/v1/regions", map[string]any{"name": name}).want(201, nil)
	}
}

// addPrivateRegion makes a region that looks only for the caller's tenant.
func (f *fleet) addPrivateRegion(name string) {
	f.t.Helper()
	slug := map[bool]string{true: "other", false: postgres.DefaultOrg}[f.key == "other"]
	f.as("admin").call("POST", "/v1/regions", map[string]any{"name": name, "organisation": slug, "private": true}).want(201, nil)
}

func (f *fleet) addWebsite(body map[string]any) website {
	f.t.Helper()
	var w website
	f.call("POST", "/v1/websites", body).want(201, &w)
	return w
}

func id(t testing.TB, text string) uptime.ID {
	t.Helper()
	parsed, err := uptime.ParseID(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// until polls for a condition.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
