//go:build integration

package httpapi_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

type apiKey struct {
	ID, Name, Prefix, Key string
	Scopes                []string
	ExpiresAt             *time.Time `json:"expires_at"`
	LastUsedAt            *time.Time `json:"last_used_at"`
	RevokedAt             *time.Time `json:"revoked_at"`
	OverlapUntil          *time.Time `json:"overlap_until"`
}

// keyring checks the keys of the database, as the api does.
type keyring struct{ keys *auth.Keys }

func (k keyring) Forget(prefix string) { k.keys.Forget(prefix) }

func (k keyring) Authenticate(ctx context.Context, text string) (httpapi.Caller, error) {
	key, err := k.keys.Check(ctx, text)
	if errors.Is(err, auth.ErrDenied) {
		err = httpapi.ErrDenied
	}
	return httpapi.Caller{
		Org: key.OrgID, Key: key.ID, Name: key.Name, Prefix: key.Prefix, Scopes: key.Scopes,
		WebsiteIDs: key.WebsiteIDs, Tags: key.Tags,
	}, err
}

// clock is a time that the test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// withKeys makes the api check the keys of the database by a clock.
func withKeys(c *clock) func(*httpapi.Config) {
	return func(cfg *httpapi.Config) {
		cfg.Now, cfg.Auth = c.now, keyring{auth.NewKeys(cfg.Store, c.now)}
	}
}

// replica returns a second api on the engines of the first.
func (f *fleet) replica(change ...func(*httpapi.Config)) *fleet {
	f.t.Helper()
	jobs, err := postgres.NewJobs(f.store)
	f.ok(err)
	cfg := httpapi.Config{Store: f.store, Queue: f.queue, Jobs: jobs, Box: f.box, Auth: f, Log: slog.New(slog.DiscardHandler), Shards: 2}
	for _, c := range change {
		c(&cfg)
	}
	server, err := httpapi.New(cfg)
	f.ok(err)
	listening := httptest.NewServer(server)
	f.t.Cleanup(listening.Close)
	g := *f
	g.url = listening.URL
	return &g
}

// firstKey returns the api called with a key of every scope, made as a command does.
func (f *fleet) firstKey() *fleet {
	f.t.Helper()
	text, err := auth.MakeKey(f.t.Context(), f.store, "first")
	f.ok(err)
	return f.as(text)
}

func TestKeysAreMadeAndShownOnce(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Now().Add(time.Minute)} // after what commands made
	f := newFleet(t, withKeys(c)).firstKey()
	var k apiKey
	f.call("POST", "/v1/api-keys", map[string]any{"name": "ci", "scopes": []string{"write"}, "expires_at": c.now().Add(time.Hour)}).want(201, &k)
	if prefix, err := auth.ParseKey(k.Key); err != nil || prefix != k.Prefix || !cmp.Equal(k.Scopes, []string{"write"}) || k.ExpiresAt == nil || k.LastUsedAt != nil {
		t.Errorf("made %+v, %v", k, err)
	}
	f.as(k.Key).call("POST", "/v1/websites", map[string]any{"url": "a.example"}).want(201, nil)
	f.as(k.Key).call("GET", "/v1/api-keys", nil).problem(403)
	f.as(k.Key).call("POST", "/v1/api-keys", map[string]any{"name": "more", "scopes": []string{"admin"}}).problem(403)
	var got apiKey
	a := f.call("GET", "/v1/api-keys/"+k.ID, nil).want(200, &got)
	if strings.Contains(string(a.body), k.Key) || got.LastUsedAt == nil {
		t.Errorf("shown later: %s", a.body)
	}
	var all pageOf[apiKey]
	f.call("GET", "/v1/api-keys?limit=1", nil).want(200, &all)
	if len(all.Items) != 1 || all.Items[0].Name != "first" || all.NextCursor == nil {
		t.Fatalf("first page %+v", all)
	}
	a = f.call("GET", "/v1/api-keys?cursor="+*all.NextCursor, nil).want(200, &all)
	if len(all.Items) != 1 || all.Items[0].ID != k.ID || all.NextCursor != nil || strings.Contains(string(a.body), k.Key[len(k.Key)-40:]) {
		t.Errorf("second page %s", a.body)
	}
	stored, err := f.store.APIKeyByPrefix(t.Context(), k.Prefix)
	f.ok(err)
	if string(stored.Hash) != string(auth.Hash(k.Key)) {
		t.Error("what is stored is not the hash")
	}
	c.pass(time.Hour)
	f.as(k.Key).call("GET", "/v1/websites", nil).problem(401)
	for body, pointers := range map[string][]string{
		`{}`: {"#/name", "#/scopes"}, `{"name":"","scopes":[]}`: {"#/name", "#/scopes"},
		`{"name":"x","scopes":["root"]}`: {"#/scopes/0"}, `{"name":"x","scopes":["read","read"]}`: {"#/scopes/1"},
		`{"name":"x","scopes":["read"],"expires_at":"2001-01-01T00:00:00Z"}`: {"#/expires_at"}, `{"name":"x","scopes":["read"],"key":"pf_x"}`: {"#/key"},
	} {
		f.call("POST", "/v1/api-keys", body).invalid(pointers...)
	}
}

func TestRotationOverlaps(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Now().Add(time.Minute)} // after what commands made
	f := newFleet(t, withKeys(c)).firstKey()
	g := f.replica(withKeys(c))
	var made, rotated, again apiKey
	f.call("POST", "/v1/api-keys", map[string]any{"name": "ci", "scopes": []string{"read"}}).want(201, &made)
	status := func(f *fleet, key string) int { return f.as(key).call("GET", "/v1/websites", nil).status }
	if status(f, made.Key) != 200 || status(g, made.Key) != 200 {
		t.Fatal("a fresh key does not work")
	}
	f.call("POST", "/v1/api-keys/"+made.ID+"/rotate", map[string]any{"overlap_seconds": 3600}).want(200, &rotated)
	if rotated.Key == made.Key || rotated.ID != made.ID || rotated.Prefix != made.Prefix || rotated.OverlapUntil == nil {
		t.Errorf("rotated: %+v", rotated)
	}
	c.pass(time.Second) // another replica looks again no more often
	for _, key := range []string{made.Key, rotated.Key} {
		if a, b := status(f, key), status(g, key); a != 200 || b != 200 {
			t.Errorf("during the overlap: %d, of another replica %d", a, b)
		}
	}
	c.pass(time.Hour)
	if a, b := status(f, made.Key), status(f, rotated.Key); a != 401 || b != 200 {
		t.Errorf("after the overlap the old one gets %d, the new one %d", a, b)
	}
	// Without an overlap the one before ends at once, where it was rotated.
	f.call("POST", "/v1/api-keys/"+made.ID+"/rotate", nil).want(200, &again)
	if a, b := status(f, rotated.Key), status(f, again.Key); a != 401 || b != 200 || again.OverlapUntil != nil {
		t.Errorf("without an overlap the old one gets %d, the new one %d", a, b)
	}
	f.call("POST", "/v1/api-keys/"+made.ID+"/rotate", `{"overlap_seconds":2592001}`).invalid("#/overlap_seconds")
	// Whatever overlaps, a revoked key is at its end.
	f.call("POST", "/v1/api-keys/"+made.ID+"/rotate", `{"overlap_seconds":60}`).want(200, &rotated)
	f.call("DELETE", "/v1/api-keys/"+made.ID, nil).want(204, nil)
	f.call("DELETE", "/v1/api-keys/"+made.ID, nil).want(204, nil)
	if a, b := status(f, again.Key), status(f, rotated.Key); a != 401 || b != 401 {
		t.Errorf("revoked: the old one gets %d, the new one %d", a, b)
	}
	c.pass(15 * time.Second)
	if status(g, rotated.Key) != 401 {
		t.Error("another replica believes a revoked key for longer than it says")
	}
	var got apiKey
	f.call("GET", "/v1/api-keys/"+made.ID, nil).want(200, &got)
	if got.RevokedAt == nil {
		t.Errorf("revoked: %+v", got)
	}
	f.call("POST", "/v1/api-keys/"+made.ID+"/rotate", nil).problem(409)
	f.call("PATCH", "/v1/api-keys/"+made.ID, `{"name":"x"}`).problem(409)
}

func TestTheLastAdminKeyStays(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Now().Add(time.Minute)} // after what commands made
	f := newFleet(t, withKeys(c)).firstKey()
	var all pageOf[apiKey]
	f.call("GET", "/v1/api-keys", nil).want(200, &all)
	first := "/v1/api-keys/" + all.Items[0].ID
	var expired apiKey
	f.call("POST", "/v1/api-keys", map[string]any{"name": "soon over", "scopes": []string{"admin"}, "expires_at": c.now().Add(time.Minute)}).want(201, &expired)
	c.pass(time.Minute)
	f.call("POST", "/v1/api-keys", map[string]any{"name": "writer", "scopes": []string{"write"}}).want(201, nil)
	refused := func() {
		t.Helper()
		for _, a := range []answer{
			f.call("DELETE", first, nil), f.call("PATCH", first, `{"scopes":["read","write"]}`),
			f.call("PATCH", first, map[string]any{"expires_at": c.now().Add(time.Hour)}),
		} {
			if p := a.problem(http.StatusConflict); p.Type != "urn:probefleet:problem:last-admin" {
				t.Errorf("%s: %+v", a.call, p)
			}
		}
	}
	refused()
	f.call("PATCH", first, `{"name":"renamed","scopes":["admin"]}`).want(200, nil)
	var second apiKey
	f.call("POST", "/v1/api-keys", map[string]any{"name": "second", "scopes": []string{"admin"}}).want(201, &second)
	// Two at once cannot each count on the other.
	var both sync.WaitGroup
	statuses := make([]int, 2)
	for i, path := range []string{first, "/v1/api-keys/" + second.ID} {
		both.Go(func() { statuses[i] = f.call("PATCH", path, `{"scopes":["read","admin"],"expires_at":null}`).status })
	}
	both.Wait()
	if statuses[0] != 200 || statuses[1] != 200 {
		t.Errorf("changes that take nothing: %v", statuses)
	}
	ids := []uptime.ID{id(t, all.Items[0].ID), id(t, second.ID)}
	for i := range ids {
		both.Go(func() {
			_, err := f.store.UpdateAPIKey(t.Context(), f.org, ids[i], c.now(), func(k *postgres.APIKey) error {
				k.RevokedAt = c.now()
				return nil
			})
			statuses[i] = 0
			if errors.Is(err, postgres.ErrLastAdminKey) {
				statuses[i] = 1
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if statuses[0]+statuses[1] != 1 {
		t.Errorf("%d of two last keys were kept", statuses[0]+statuses[1])
	}
}

func TestKeysOfAnotherTenant(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	var k apiKey
	f.call("POST", "/v1/api-keys", map[string]any{"name": "mine", "scopes": []string{"read"}}).want(201, &k)
	o := f.as("other")
	for _, a := range []answer{
		o.call("GET", "/v1/api-keys/"+k.ID, nil), o.call("PATCH", "/v1/api-keys/"+k.ID, `{"name":"theirs"}`),
		o.call("DELETE", "/v1/api-keys/"+k.ID, nil), o.call("POST", "/v1/api-keys/"+k.ID+"/rotate", nil),
	} {
		a.problem(404)
	}
	var all pageOf[apiKey]
	o.call("GET", "/v1/api-keys", nil).want(200, &all)
	if len(all.Items) != 0 {
		t.Errorf("another tenant sees %+v", all.Items)
	}
}
