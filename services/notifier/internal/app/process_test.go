//go:build integration

package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// fleet is a database with a tenant, what the notifier's process is told, and what
// comes out of it.
type fleet struct {
	t     *testing.T
	store *postgres.Store
	org   uptime.ID
	box   *seal.Box
	env   []string
	bin   string
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	url := pgtest.URL(t)
	store, err := postgres.Open(context.Background(), postgres.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	key, text := seal.NewKey()
	box, err := seal.New(key)
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{t: t, store: store, org: uptime.NewID(time.Now()), box: box, bin: filepath.Join(t.TempDir(), "notifier")}
	if out, err := exec.Command("go", "build", "-o", f.bin, "../../cmd/notifier").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	f.env = []string{
		"DATABASE_URL=" + url, "SEAL_KEY=" + text, "PUBLIC_URL=https://status.example.com/", "ALLOW_CIDRS=127.0.0.0/8", "OPS_ADDR=off",
	}
	if _, err := store.Pool().Exec(context.Background(), `INSERT INTO org (id, slug, name) VALUES ($1, 'org', 'Org')`, f.org); err != nil {
		t.Fatal(err)
	}
	return f
}

// start starts the process; the end of the test stops it.
func (f *fleet) start() *exec.Cmd {
	f.t.Helper()
	cmd := exec.Command(f.bin)
	var log bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = f.env, &log, &log
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if f.t.Failed() {
			f.t.Logf("process %d:\n%s", cmd.Process.Pid, log.Bytes())
		}
	})
	return cmd
}

// tell makes a channel and enqueues an alert of the fleet to it.
func (f *fleet) tell(kind, config string) (delivery uptime.ID, key string) {
	f.t.Helper()
	ctx := context.Background()
	spec, err := channelspec.Parse(kind, json.RawMessage(config), channelspec.Options{SMTPConfigured: true})
	if err != nil {
		f.t.Fatal(err)
	}
	c := postgres.Channel{
		ID: uptime.NewID(time.Now()), OrgID: f.org, Name: kind, Kind: kind, Enabled: true, Events: []alert.Event{alert.EventFleet},
	}
	if c.Config, c.SecretsSealed, err = channelspec.Split(f.box, c.OrgID, c.ID, spec); err != nil {
		f.t.Fatal(err)
	}
	if c, err = f.store.CreateChannel(ctx, c); err != nil {
		f.t.Fatal(err)
	}
	jobs, err := postgres.NewJobs(f.store)
	if err != nil {
		f.t.Fatal(err)
	}
	r := postgres.AlertRow{
		ID: uptime.NewID(time.Now()), OrgID: f.org, ChannelID: c.ID, Event: alert.EventFleet, Key: alert.Key("blind", alert.EventFleet, c.ID, 0),
		Message: alert.Message{Event: alert.EventFleet, Explanation: "every region is blind", Since: time.Now()},
	}
	if err := f.store.Tx(ctx, func(tx pgx.Tx) error { return postgres.EnqueueAlert(ctx, tx, jobs, r) }); err != nil {
		f.t.Fatal(err)
	}
	return r.ID, r.Key
}

func (f *fleet) delivered(id uptime.ID) postgres.Delivery {
	f.t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		d, err := f.store.Delivery(context.Background(), f.org, id)
		if err != nil {
			f.t.Fatal(err)
		}
		if d.Status == postgres.DeliveryDelivered {
			return d
		}
		if time.Now().After(end) {
			f.t.Fatalf("not delivered: %+v", d)
		}
	}
}

// inbox is an HTTP endpoint and a mail server that keep what they are sent.
type inbox struct {
	mu    sync.Mutex
	got   []string // bodies and mails
	keys  []string // webhook-id
	onGet func()
}

func (i *inbox) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	i.mu.Lock()
	i.got, i.keys = append(i.got, string(b)), append(i.keys, r.Header.Get("webhook-id"))
	onGet := i.onGet
	i.mu.Unlock()
	if onGet != nil {
		onGet()
	}
}

func (i *inbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &mailSession{i}, nil }

type mailSession struct{ inbox *inbox }

func (*mailSession) Mail(string, *smtp.MailOptions) error { return nil }
func (*mailSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (*mailSession) Reset()                               {}
func (*mailSession) Logout() error                        { return nil }
func (s *mailSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	s.inbox.got = append(s.inbox.got, string(b))
	return err
}

func TestTheProcessDeliversToEveryKindOfChannel(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	in := &inbox{}
	web := httptest.NewServer(in)
	t.Cleanup(web.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(in)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	host, port, _ := net.SplitHostPort(listener.Addr().String())
	f.env = append(f.env, "SMTP_HOST="+host, "SMTP_PORT="+port, "SMTP_SECURITY=none", "SMTP_FROM=alerts@example.com")
	cmd := f.start()
	for kind, config := range map[string]string{
		"email":   `{"to": ["a@example.com"]}`,
		"slack":   `{"webhook_url": "` + web.URL + `/services/x"}`,
		"webhook": `{"url": "` + web.URL + `/in", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}`,
	} {
		id, _ := f.tell(kind, config)
		d := f.delivered(id)
		if d.Attempts != 1 || d.Answer == nil || d.Answer.Code != map[string]int{"email": 250, "slack": 200, "webhook": 200}[kind] {
			t.Errorf("%s: %+v", kind, d)
		}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, text := range in.got {
		if !strings.Contains(text, "every region is blind") || !strings.Contains(text, "https://status.example.com/fleet") {
			t.Errorf("told %s", text)
		}
	}
	if len(in.got) != 3 {
		t.Errorf("%d told, want 3", len(in.got))
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it does not stop well: %v", err)
	}
}

// The process is killed at the worst moment: the endpoint has the message, and nobody
// knows. The next process sends it again, under the same key.
func TestTheProcessIsKilledAfterSending(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	in := &inbox{}
	web := httptest.NewServer(in)
	t.Cleanup(web.Close)
	first := f.start()
	var once sync.Once
	killed := make(chan struct{})
	in.mu.Lock()
	in.onGet = func() {
		once.Do(func() {
			_ = first.Process.Kill()
			close(killed)
		})
	}
	in.mu.Unlock()
	id, key := f.tell("webhook", `{"url": "`+web.URL+`/in"}`)
	<-killed
	// A minute later nobody waits for its lease any more.
	if _, err := f.store.Pool().Exec(context.Background(),
		`UPDATE delivery SET created_at = created_at - interval '1 minute', claimed_until = claimed_until - interval '1 minute'`); err != nil {
		t.Fatal(err)
	}
	f.start()
	if d := f.delivered(id); d.Attempts != 2 {
		t.Errorf("recorded %+v", d)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.keys) != 2 || in.keys[0] != key || in.keys[1] != key {
		t.Errorf("told under the keys %v, want twice %s", in.keys, key)
	}
}
