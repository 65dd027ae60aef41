// Package app wires the api: settings, engines, the first start, the server, and the
// cleaner beside it.
package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/probefleet/probefleet/migrations"
	"github.com/probefleet/probefleet/pkg/fleettime"
	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/watchdog"
	"github.com/probefleet/probefleet/services/api/internal/auth"
	"github.com/probefleet/probefleet/services/api/internal/cleanup"
	"github.com/probefleet/probefleet/services/api/internal/heartbeat"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
	"github.com/probefleet/probefleet/services/api/internal/stream"
	"github.com/probefleet/probefleet/services/api/internal/webui"
)

// Limits of the server. A request's head and body come quickly or not at all; an
// answer may take as long as the longest check on demand.
const (
	headTime  = 10 * time.Second
	readTime  = 30 * time.Second
	writeTime = 90 * time.Second
	idleTime  = 2 * time.Minute
	drainTime = 20 * time.Second
	maxHead   = 64 << 10
	maxConns  = 16 // of the database: requests are short
)

var errNoSchema = errors.New("the database has no schema yet, or an older one: run `api migrate`")

// App is the api.
type App struct {
	env      *service.Env
	cfg      Config
	store    *postgres.Store
	queue    *queue.Client
	ticks    *tsdb.Client // nil without InfluxDB
	box      *seal.Box
	clock    *fleettime.Clock
	desk     *heartbeat.Desk
	events   *stream.Hub     // serves live events
	tell     *live.Publisher // tells of changes
	cleaner  *cleanup.Cleaner
	watchdog *watchdog.Watchdog
	listener net.Listener
	server   *http.Server
	ready    atomic.Bool   // the schema is there, and what the first start makes
	opened   chan struct{} // closed when ready
}

// New builds the api and listens. It waits for no engine: Run does.
func New(ctx context.Context, env *service.Env, cfg Config) (service.Runner, error) {
	a := &App{env: env, cfg: cfg, opened: make(chan struct{})}
	if err := a.open(ctx); err != nil {
		a.close()
		return nil, err
	}
	handler, err := a.handler() //nolint:contextcheck // each request has a context of its own
	if err != nil {
		a.close()
		return nil, err
	}
	a.server = &http.Server{
		Handler: handler, ReadHeaderTimeout: headTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHead,
	}
	addr := net.JoinHostPort(strings.Trim(cfg.Bind, "[]"), strconv.Itoa(cfg.Port))
	if a.listener, err = net.Listen("tcp", addr); err != nil { //nolint:noctx // it does not wait
		a.close()
		return nil, fmt.Errorf("listen (BIND, PORT): %w", err)
	}
	return a, nil
}

// open makes the clients of the engines.
func (a *App) open(ctx context.Context) error {
	var err error
	if a.box, err = box(a.cfg.Keys); err != nil {
		return err
	}
	a.store, err = postgres.Open(ctx, postgres.Config{URL: a.cfg.Database.URL.Reveal(), AppName: "probefleet-api", MaxConns: maxConns})
	if err != nil {
		return err
	}
	a.store.LimitTenants(postgres.Quotas(a.cfg.Quotas))
	a.queue, err = queue.Open(ctx, queue.Config{URL: a.cfg.Redis.URL.Reveal(), CA: a.cfg.CA, Name: "probefleet-api", Log: a.env.Log})
	if err != nil {
		return err
	}
	if a.cfg.Enabled() {
		a.ticks, err = tsdb.Open(tsdb.Config{
			URL: a.cfg.Influx.URL, Org: a.cfg.Organisation(), Token: a.cfg.Token.Reveal(),
			Retention: tsdb.Retention{Raw: a.cfg.Raw, FiveMinutes: a.cfg.FiveMinutes, Hour: a.cfg.Hour},
		})
		if err != nil {
			return err
		}
	}
	return errors.Join(a.store.Collect(a.env.Metrics), a.queue.Collect(a.env.Metrics))
}

func (a *App) close() {
	if a.store != nil {
		a.store.Close()
	}
	if a.queue != nil {
		_ = a.queue.Close() // Nothing is written any more.
	}
	if a.ticks != nil {
		a.ticks.Close()
	}
}

// handler builds the server's routes.
func (a *App) handler() (http.Handler, error) {
	jobs, err := postgres.NewJobs(a.store)
	if err != nil {
		return nil, err
	}
	clean := cleanup.Config{Calls: a.store, Shards: a.cfg.Shards.Shards, Log: a.env.Log}
	if a.ticks != nil {
		clean.Ticks = a.ticks
	}
	a.cleaner = cleanup.New(a.store, a.queue, clean)
	a.clock = fleettime.New(a.queue.Time, fleettime.Config{Log: a.env.Log})
	a.desk, err = heartbeat.New(heartbeat.Config{
		Store: a.store, Queue: a.queue, Clock: a.clock, Shards: a.cfg.Shards.Shards, Gate: a.gate, Log: a.env.Log,
	})
	if err != nil {
		return nil, err
	}
	a.tell = live.NewPublisher(a.queue, a.env.Metrics, a.env.Log)
	a.events = stream.New(stream.Config{
		Queue: a.queue, Shards: a.cfg.Shards.Shards, Regions: a.regions, Metrics: a.env.Metrics, Log: a.env.Log,
	})
	a.watchdog = watchdog.New(a.store, a.queue, jobs, watchdog.Config{
		Service: a.env.Name, Version: a.env.Version, Shards: a.cfg.Shards.Shards, PingURL: a.cfg.PingURL,
		Metrics: watchdog.NewMetrics(a.env.Metrics), Log: a.env.Log, Live: a.tell,
	})
	a.env.Health.Check("postgres", a.store.Ping)
	a.env.Health.Check("redis", a.queue.Ping)
	a.env.Health.Check("schema", func(context.Context) error { return a.gate() })
	return httpapi.New(httpapi.Config{
		Store: a.store, Queue: a.queue, Ticks: a.ticks, Jobs: jobs, Box: a.box,
		Auth: authenticator{auth.NewKeys(a.store, nil)}, Desk: a.desk, Events: a.events, Tell: a.tell, Cleaner: a.cleaner, Metrics: a.env.Metrics, Log: a.env.Log,
		Live: a.env.Health.Live(), Ready: a.env.Health.Ready(), Web: webui.Handler(), Shards: a.cfg.Shards.Shards, MonitorMetrics: a.cfg.MonitorMetrics == "on",
		SMTPConfigured: a.cfg.SMTPHost != "", TrustedProxies: a.cfg.TrustedProxies, Gate: a.gate,
		PublicURL: strings.TrimRight(a.cfg.PublicURL, "/"), SignUpOpen: a.cfg.SignUp == signUpOpen, Version: a.env.Version,
		Origins: a.cfg.Origins, RateLimit: a.cfg.RateLimit, PublicRateLimit: a.cfg.PublicRateLimit,
	})
}

// gate says why nothing can be served yet.
func (a *App) gate() error {
	if !a.ready.Load() {
		return errNoSchema
	}
	return nil
}

// Run implements [service.Runner].
func (a *App) Run(ctx context.Context) error {
	defer a.close()
	a.env.Log.InfoContext(ctx, "listening", "addr", a.listener.Addr().String())
	if httpapi.InsecureCookies(a.cfg.PublicURL) {
		a.env.Log.WarnContext(ctx, "PUBLIC_URL is http: whoever is on the way can read passwords and sessions; put https in front")
	}
	// What the last requests change is told, too.
	telling, told := context.WithCancel(context.WithoutCancel(ctx))
	defer told()
	serve := func(ctx context.Context) error {
		defer told()
		return a.serve(ctx)
	}
	tell := func(context.Context) error { return a.tell.Run(telling) }
	return service.Group(ctx, serve, tell, a.events.Run, a.prepare, a.cleaner.Run, a.clock.Run, a.desk.Listen, a.watch)
}

// prepare waits for the schema, makes what the first start makes, and opens the gate.
func (a *App) prepare(ctx context.Context) error {
	err := service.Await(ctx, a.env.Log, "the database and its schema", func(ctx context.Context) error {
		current, err := migrations.Current(ctx, a.store.Pool())
		if err == nil && !current {
			err = errNoSchema
		}
		if err != nil {
			return err
		}
		return a.bootstrap(ctx)
	})
	if err != nil {
		return nil //nolint:nilerr // it ends only because the process is stopping
	}
	// The first password's hash took 46 MiB. Until the collector has seen that they are
	// free, it lets three times as much grow: clients that come at once would make it so.
	debug.FreeOSMemory()
	a.ready.Store(true)
	close(a.opened)
	a.cleaner.Wake()
	return nil
}

// watch looks after the fleet once there is a schema, and says that the api lives.
func (a *App) watch(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-a.opened:
	}
	return service.Group(ctx, a.watchdog.Run, func(ctx context.Context) error {
		return watchdog.Sign(ctx, a.store, postgres.StageAPI, a.env.Log)
	})
}

func (a *App) bootstrap(ctx context.Context) error {
	ctx = postgres.WithActor(ctx, postgres.Actor{Kind: postgres.ActorSystem, Name: "start of the api", Operation: "bootstrap"})
	err := auth.Bootstrap(ctx, a.store, a.env.Log, auth.First{
		APIKey: a.cfg.APIKey.Reveal(), AdminEmail: a.cfg.AdminEmail, AdminPassword: a.cfg.AdminPassword.Reveal(),
	})
	if err != nil {
		return err
	}
	regions, err := a.cfg.regions()
	if err != nil {
		return err
	}
	if err := bootstrapRegions(ctx, a.store, a.box, a.env.Log, regions); err != nil {
		return err
	}
	apart, err := a.store.KeepsTenantsApart(ctx)
	if err == nil && !apart {
		a.env.Log.WarnContext(ctx, "the database user may not make the role probefleet_tenant: organisations are kept apart "+
			"by the api's own checks only, and keys cannot be confined; see docs/tenancy.md")
	}
	return err
}

// serve answers requests until ctx is cancelled, and those that are under way to
// their end.
func (a *App) serve(ctx context.Context) error {
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		stopped <- a.server.Shutdown(drain)
	}()
	err := a.server.Serve(a.listener)
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	if err := <-stopped; err != nil {
		return fmt.Errorf("requests did not end in time: %w", errors.Join(err, a.server.Close()))
	}
	return nil
}

// regions names the regions in whose results there are ticks.
func (a *App) regions(ctx context.Context) ([]string, error) {
	regions, err := a.store.JudgedRegions(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(regions))
	for i := range regions {
		names[i] = regions[i].Name
	}
	return names, nil
}

// Addr returns where the API listens.
func (a *App) Addr() net.Addr { return a.listener.Addr() }

// authenticator checks keys for the server.
type authenticator struct{ keys *auth.Keys }

// Forget implements [httpapi.Authenticator].
func (a authenticator) Forget(prefix string) { a.keys.Forget(prefix) }

// Authenticate implements [httpapi.Authenticator].
func (a authenticator) Authenticate(ctx context.Context, text string) (httpapi.Caller, error) {
	key, err := a.keys.Check(ctx, text)
	switch {
	case errors.Is(err, auth.ErrDenied):
		return httpapi.Caller{}, fmt.Errorf("%w: %w", httpapi.ErrDenied, err)
	case err != nil:
		return httpapi.Caller{}, err
	}
	return httpapi.Caller{
		Org: key.OrgID, Key: key.ID, Name: key.Name, Prefix: key.Prefix, Scopes: key.Scopes,
		WebsiteIDs: key.WebsiteIDs, Tags: key.Tags,
	}, nil
}
