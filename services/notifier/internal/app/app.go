// Package app wires the notifier: settings, database, channels, the deliverer, and
// what operators are shown.
package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/services/notifier/internal/channel/email"
	"github.com/probefleet/probefleet/services/notifier/internal/channel/slack"
	"github.com/probefleet/probefleet/services/notifier/internal/channel/webhook"
	"github.com/probefleet/probefleet/services/notifier/internal/deliver"
	"github.com/probefleet/probefleet/services/notifier/internal/letters"
	"github.com/probefleet/probefleet/services/notifier/internal/post"
)

// maxConns is enough for the sends that record at the same moment; a send itself
// holds no connection.
const maxConns = 10

// App is the notifier.
type App struct {
	env     *service.Env
	store   *postgres.Store
	deliver *deliver.Deliverer
}

// New builds the notifier. It does not wait for the database: Run does.
func New(ctx context.Context, env *service.Env, cfg Config) (service.Runner, error) {
	box, err := openBox(cfg)
	if err != nil {
		return nil, err
	}
	mail, senders, err := senders(env, cfg)
	if err != nil {
		return nil, err
	}
	store, err := postgres.Open(ctx, postgres.Config{
		URL: cfg.Database.URL.Reveal(), AppName: "probefleet-notifier", MaxConns: maxConns,
	})
	if err != nil {
		return nil, err
	}
	if err := store.Collect(env.Metrics); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	jobs, err := postgres.NewJobs(store)
	if err != nil {
		return nil, err
	}
	env.Health.Check("postgres", store.Ping)
	return &App{env: env, store: store, deliver: deliver.New(store, jobs, deliver.Config{
		Box: box, Senders: senders, PublicURL: strings.TrimRight(cfg.PublicURL, "/"),
		Log: env.Log, Metrics: deliver.NewMetrics(env.Metrics),
		Beside: letters.New(letters.Config{Box: box, Sender: mail, Metrics: letters.NewMetrics(env.Metrics), Log: env.Log}),
	})}, nil
}

// Run implements [service.Runner].
func (a *App) Run(ctx context.Context) error {
	defer a.store.Close()
	working := make(chan struct{})
	a.env.Health.Check("queue", func(context.Context) error {
		select {
		case <-working:
			return nil
		default:
			return errors.New("waits for the database and its schema")
		}
	})
	err := service.Await(ctx, a.env.Log, "the database and its schema", a.store.AlertsReady)
	if err != nil {
		return nil // it gives up only because the process is stopping
	}
	close(working)
	return a.deliver.Run(ctx)
}

func openBox(cfg Config) (*seal.Box, error) {
	keys := make([]seal.Key, len(cfg.Keys))
	for i, k := range cfg.Keys {
		key, err := seal.ParseKey(k.Reveal())
		if err != nil {
			return nil, fmt.Errorf("SEAL_KEY: %w", err)
		}
		keys[i] = key
	}
	return seal.New(keys...)
}

func senders(env *service.Env, cfg Config) (*email.Sender, map[channelspec.Kind]deliver.Sender, error) {
	allow, err := egress.ParseAllow(cfg.AllowCIDRs)
	if err != nil {
		return nil, nil, fmt.Errorf("ALLOW_CIDRS: %w", err)
	}
	roots, err := cfg.roots()
	if err != nil {
		return nil, nil, fmt.Errorf("SMTP_CA: %w", err)
	}
	guard := egress.New(allow)
	client := post.New(guard, "probefleet/"+env.Version, 0)
	mail := email.New(email.Config{
		Fleet: cfg.Server(), Guard: guard, TLS: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
	})
	return mail, map[channelspec.Kind]deliver.Sender{
		channelspec.KindEmail:   mail,
		channelspec.KindSlack:   slack.New(client),
		channelspec.KindWebhook: webhook.New(client, time.Now),
	}, nil
}

// roots returns the certificates to trust: the system's, with SMTP_CA's added; nil
// means the system's alone.
func (m *Mail) roots() (*x509.CertPool, error) {
	if m.CA == "" {
		return nil, nil
	}
	pem := []byte(m.CA)
	if !strings.Contains(m.CA, "-----BEGIN") {
		b, err := os.ReadFile(m.CA)
		if err != nil {
			return nil, errors.New("is neither PEM text nor a file that can be read")
		}
		pem = b
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("holds no certificate")
	}
	return pool, nil
}
