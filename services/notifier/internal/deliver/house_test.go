//go:build integration

package deliver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/alert/webhookbody"
	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/notifier/internal/channel/webhook"
	"github.com/probefleet/probefleet/services/notifier/internal/deliver"
	"github.com/probefleet/probefleet/services/notifier/internal/post"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

// enough is how long a message may take to be sent, below the job's own time.
const enough = 12 * time.Second

const token = "tok3n-that-nobody-may-read"

// house is a database with a tenant and a website, and an endpoint that alerts go to.
type house struct {
	*postgres.Store
	t        *testing.T
	org      uptime.ID
	website  uptime.ID
	box      *seal.Box
	endpoint *endpoint
	log      *logBuffer
	metrics  *prometheus.Registry
}

func newHouse(t *testing.T) *house {
	t.Helper()
	key, _ := seal.NewKey()
	box, err := seal.New(key)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{
		Store: postgres.NewStore(pgtest.Pool(t)), t: t, org: newID(), box: box,
		endpoint: newEndpoint(t), log: new(logBuffer), metrics: prometheus.NewRegistry(),
	}
	h.exec(`INSERT INTO org (id, slug, name) VALUES ($1, 'org', 'An org')`, h.org)
	h.website = h.newWebsite("shop")
	t.Cleanup(func() {
		if bytes.Contains(h.log.bytes(), []byte(token)) {
			t.Error("the log tells a secret")
		}
		if t.Failed() {
			t.Logf("log:\n%s", h.log.bytes())
		}
	})
	return h
}

func newID() uptime.ID { return uptime.NewID(time.Now()) }

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.Pool().Exec(context.Background(), sql, args...); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
}

func (h *house) count(sql string, args ...any) (n int) {
	h.t.Helper()
	if err := h.Pool().QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// eventually waits for a condition.
func (h *house) eventually(what string, ok func() bool) {
	h.t.Helper()
	for end := time.Now().Add(patience); ; {
		if ok() {
			return
		}
		if time.Now().After(end) {
			h.t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (h *house) newWebsite(name string) uptime.ID {
	h.t.Helper()
	id := newID()
	h.exec(`INSERT INTO website (id, org_id, name, url, url_key) VALUES ($1, $2, $3, 'https://shop.test/', $3)`, id, h.org, name)
	return id
}

// incident opens an incident of a new monitor of the website.
func (h *house) incident() uptime.ID { return h.incidentOf(h.website) }

func (h *house) incidentOf(website uptime.ID) uptime.ID {
	h.t.Helper()
	monitor, id := newID(), newID()
	h.exec(`INSERT INTO monitor (id, org_id, website_id, kind, target, interval_ms, timeout_ms, policy)
	        VALUES ($1, $2, $3, 'http', 'https://shop.test/', 10000, 5000, '{}')`, monitor, h.org, website)
	h.exec(`INSERT INTO incident (id, org_id, website_id, monitor_id, severity, opened_at, explanation, evidence)
	        VALUES ($1, $2, $3, $4, 'down', now(), 'DOWN', '{}')`, id, h.org, website, monitor)
	return id
}

func (h *house) resolve(incident uptime.ID) {
	h.t.Helper()
	h.exec(`UPDATE incident SET resolved_at = now() WHERE id = $1`, incident)
}

// channel makes a webhook channel to the endpoint.
func (h *house) channel(change func(*postgres.Channel)) postgres.Channel {
	h.t.Helper()
	return h.channelTo(h.endpoint.URL+"/in?token="+token, change)
}

func (h *house) channelTo(url string, change func(*postgres.Channel)) postgres.Channel {
	h.t.Helper()
	c := postgres.Channel{ID: newID(), OrgID: h.org, Name: "ops", Kind: "webhook", Enabled: true, Events: alert.DefaultEvents}
	var err error
	c.Config, c.SecretsSealed, err = channelspec.Split(h.box, c.OrgID, c.ID, channelspec.Config{
		Kind: channelspec.KindWebhook, Webhook: &channelspec.Webhook{URL: url},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if change != nil {
		change(&c)
	}
	if c, err = h.CreateChannel(context.Background(), c); err != nil {
		h.t.Fatal(err)
	}
	return c
}

// tell enqueues one alert as the aggregator would, and returns its delivery's id.
func (h *house) tell(c postgres.Channel, incident uptime.ID, event alert.Event) uptime.ID {
	h.t.Helper()
	r := h.row(c, incident, event)
	h.enqueue(r)
	return r.ID
}

func (h *house) row(c postgres.Channel, incident uptime.ID, event alert.Event) postgres.AlertRow {
	r := postgres.AlertRow{
		ID: newID(), OrgID: h.org, ChannelID: c.ID, IncidentID: incident, WebsiteID: h.website, Event: event,
		Key: alert.Key(incident.String(), event, c.ID, 0),
		Message: alert.Message{
			Event: event, IncidentID: incident, WebsiteID: h.website, Website: "shop", URL: "https://shop.test/",
			Verdict: uptime.VerdictDown, Explanation: "DOWN: 3 of 3", Reason: uptime.ReasonStatus, Since: time.Now().Add(-time.Minute),
		},
	}
	if event == alert.EventRecovered {
		r.Message.Until, r.Message.Verdict = time.Now(), uptime.VerdictUp
	}
	return r
}

func (h *house) enqueue(rows ...postgres.AlertRow) {
	h.t.Helper()
	err := h.Tx(context.Background(), func(tx pgx.Tx) error {
		return postgres.EnqueueAlert(context.Background(), tx, h.jobs(), rows...)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) jobs() postgres.Jobs {
	h.t.Helper()
	jobs, err := postgres.NewJobs(h.Store)
	if err != nil {
		h.t.Fatal(err)
	}
	return jobs
}

func (h *house) delivery(id uptime.ID) postgres.Delivery {
	h.t.Helper()
	d, err := h.Delivery(context.Background(), h.org, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

// becomes waits until a delivery has the status.
func (h *house) becomes(id uptime.ID, want postgres.DeliveryStatus) postgres.Delivery {
	h.t.Helper()
	h.eventually("delivery becomes "+string(want), func() bool { return h.delivery(id).Status == want })
	return h.delivery(id)
}

// start runs a notifier and returns what stops it and waits for it; the end of the
// test does so, too.
func (h *house) start(change func(*deliver.Config)) (stop func()) {
	h.t.Helper()
	cfg := deliver.Config{
		Box: h.box, PublicURL: "https://status.example.com", Step: 0.01,
		Log:     slog.New(slog.NewTextHandler(h.log, nil)),
		Senders: map[channelspec.Kind]deliver.Sender{channelspec.KindWebhook: sender(enough)},
	}
	if change != nil {
		change(&cfg)
	}
	if cfg.Metrics == nil {
		reg := prometheus.NewRegistry()
		cfg.Metrics, h.metrics = deliver.NewMetrics(reg), reg
	}
	d := deliver.New(h.Store, h.jobs(), cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				h.t.Errorf("Run: %v", err)
			}
		})
	}
	h.t.Cleanup(stop)
	return stop
}

// leasesEnd ends what a notifier that was killed had claimed.
func (h *house) leasesEnd(killed *atomic.Bool) {
	h.t.Helper()
	h.eventually("the notifier is killed", killed.Load)
	h.exec(`UPDATE delivery SET claimed_until = now() - interval '1 second' WHERE claimed_until > now()`)
}

func sender(timeout time.Duration) *webhook.Sender {
	guard := egress.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	return webhook.New(post.New(guard, "probefleet/test", timeout), time.Now)
}

// endpoint keeps what it is sent, and answers as it is told.
type endpoint struct {
	*httptest.Server
	mu     sync.Mutex
	got    []told
	answer http.HandlerFunc
}

type told struct {
	id   string // webhook-id
	body webhookbody.Body
}

func newEndpoint(t *testing.T) *endpoint {
	t.Helper()
	e := &endpoint{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		one := told{id: r.Header.Get("webhook-id")}
		if err != nil || json.Unmarshal(b, &one.body) != nil {
			return // the request was cut off
		}
		e.mu.Lock()
		e.got = append(e.got, one)
		answer := e.answer
		e.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(e.Server.Close)
	return e
}

// answers sets how the endpoint answers; nil is 200.
func (e *endpoint) answers(f http.HandlerFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = f
}

func (e *endpoint) told() []told {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]told(nil), e.got...)
}

// events are the events that it was told, in order.
func (e *endpoint) events() (events []string) {
	for _, one := range e.told() {
		events = append(events, one.body.Data.Event)
	}
	return events
}

// status answers with a status, and with a header.
func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.b.Bytes())
}
