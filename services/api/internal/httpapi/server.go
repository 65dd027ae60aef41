// Package httpapi is the face of the fleet over HTTP: the routes of the document,
// what they do, and how they say no. Handlers are split by noun; what a request may
// look like is checked against the document before they see it.
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/oapi-codegen/nullable"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
	"github.com/probefleet/probefleet/services/api/internal/heartbeat"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/past"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/pulse"
	"github.com/probefleet/probefleet/services/api/internal/stream"
	"github.com/probefleet/probefleet/services/api/internal/vault"
)

// Bounds of what one process does at once: each of these calls holds a connection to
// Redis or polls the database for seconds.
const (
	maxChecks = 32
	maxTests  = 16
)

// Caller is who calls: a machine with a key, or a person with a session.
type Caller struct {
	Org     uptime.ID
	Key     uptime.ID // zero: a person
	Account uptime.ID // zero: a machine
	Session uptime.ID // that the person calls with
	Role    string    // of the person in the organisation
	Name    string    // for the histories
	Prefix  string    // of the key, for the logs
	Scopes  []string
	// The websites that a key is confined to, beside those that have one of the tags;
	// both nil: to none.
	WebsiteIDs []uptime.ID
	Tags       []string
}

// Authenticator finds out who calls. The error for a key that may not is ErrDenied;
// any other means that it could not be found out. It may remember a key for some seconds.
type Authenticator interface {
	Authenticate(ctx context.Context, key string) (Caller, error)
	// Forget drops what is remembered of the key with a prefix: it has changed.
	Forget(prefix string)
}

// ErrDenied is an [Authenticator]'s answer to a key that may not call.
var ErrDenied = errors.New("denied")

// Cleaner removes what is left of deleted monitors in the background.
type Cleaner interface {
	// Wake tells that there is something to clean.
	Wake()
}

// Config is what a server works with. Fields without a default are needed.
type Config struct {
	Store *postgres.Store
	Queue *queue.Client
	Ticks *tsdb.Client // nil: no charts, and their routes say so
	Jobs  postgres.Jobs
	Box   *seal.Box
	Auth  Authenticator
	Desk  *heartbeat.Desk // nil: calls of heartbeats are not taken

	Sessions  *auth.Sessions  // nil: one over the store
	Passwords *auth.Passwords // nil: one of its own

	Events *stream.Hub     // nil: live events are not served
	Tell   *live.Publisher // nil: nobody is told of changes

	Cleaner Cleaner               // nil: nobody
	Metrics prometheus.Registerer // nil: nowhere
	Log     *slog.Logger          // nil: slog.Default()
	Now     func() time.Time      // nil: time.Now

	Live, Ready http.Handler // /healthz and /readyz; nil: not there
	Web         http.Handler // everything that no route has; nil: not found

	Shards         int    // below 1: 1
	MonitorMetrics bool   // Prometheus may read the monitors' states
	PublicURL      string // where clients reach the API, for its document
	Version        string // of the software
	SignUpOpen     bool   // everybody may make an account
	SMTPConfigured bool
	BeatEvery      time.Duration  // of a stream's heartbeats; 0: 15 s
	TestWait       time.Duration  // how long a test alert is waited for, at most; 0: 15 s
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	Origins        []string       // whose pages may call with a key, as https://app.example.com
	// How often one key or session, and one address without either, may call within a
	// minute; 0: as often as they like.
	RateLimit, PublicRateLimit int
	// Gate says why nothing can be served yet; nil, or a nil error: it can.
	Gate func() error
}

// Server answers requests. It is an [http.Handler].
type Server struct {
	Config
	log     *slog.Logger
	ops     map[string]*operation // by method and path as Gin has it
	engine  *gin.Engine
	handler http.Handler // the engine, and what is around it
	metrics *metrics
	checks  chan struct{} // slots for checks on demand
	tests   chan struct{} // slots for test alerts
	bulky   chan struct{} // slots for requests with large bodies
	doc     document
	vault   vault.Vault
	cookie  cookieStyle
	origins origins

	pulses *pulse.Reader // nil: no charts
	past   *past.Reader
	wholes recall[nullable.Nullable[float64]]
	sites  recall[int]
	listed recall[[]api.PublicStatusRef]
	public *publicCache

	perCaller, perAddress *limits
}

// New builds a server.
func New(cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Metrics == nil {
		cfg.Metrics = prometheus.NewRegistry()
	}
	if cfg.TestWait <= 0 {
		cfg.TestWait = defaultTestWait
	}
	if cfg.BeatEvery <= 0 {
		cfg.BeatEvery = defaultBeat
	}
	if cfg.Sessions == nil {
		cfg.Sessions = auth.NewSessions(cfg.Store, cfg.Now)
	}
	if cfg.Passwords == nil {
		cfg.Passwords = auth.NewPasswords()
	}
	cfg.Shards = max(cfg.Shards, 1)
	s := &Server{
		Config: cfg, log: cfg.Log, cookie: cookieFor(cfg.PublicURL), origins: newOrigins(cfg.PublicURL),
		vault: vault.New(cfg.Box), checks: make(chan struct{}, maxChecks), tests: make(chan struct{}, maxTests),
		bulky: make(chan struct{}, maxBulky),
	}
	s.public, s.past = newPublicCache(cfg.Now, s.readPublic), past.New(cfg.Store)
	if cfg.Ticks != nil {
		s.pulses = pulse.New(cfg.Ticks, cfg.Now, cfg.Log)
	}
	var err error
	if s.doc, err = loadDocument(cfg.PublicURL); err != nil {
		return nil, err
	}
	if s.ops, err = s.doc.operations(); err != nil {
		return nil, err
	}
	if s.metrics, err = newMetrics(cfg.Metrics); err != nil {
		return nil, err
	}
	if s.perCaller, err = newLimits(cfg.RateLimit); err != nil {
		return nil, err
	}
	if s.perAddress, err = newLimits(cfg.PublicRateLimit); err != nil {
		return nil, err
	}
	if err := s.route(); err != nil {
		return nil, err
	}
	s.handler, err = compressed(s.engine)
	s.handler = allowOrigins(cfg.Origins, s.handler)
	return s, err
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) route() error {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.ContextWithFallback = true // handlers get the request's context
	proxies := make([]string, len(s.TrustedProxies))
	for i, p := range s.TrustedProxies {
		proxies[i] = p.String()
	}
	if err := e.SetTrustedProxies(proxies); err != nil {
		return fmt.Errorf("trusted proxies: %w", err)
	}
	e.Use(s.identify, s.observe, s.recover, s.harden, s.admit, s.tag, s.repeat)
	e.NoRoute(s.noRoute)
	e.NoMethod(func(c *gin.Context) {
		s.fail(c, &problem{
			status: http.StatusMethodNotAllowed, kind: "method-not-allowed", title: "Method not allowed",
			detail: c.Request.Method + " is not allowed here; see the header Allow.",
		})
	})
	s.serveDocument(e)
	s.serveDocs(e)
	s.serveStatus(e)
	if s.Live != nil {
		e.GET("/healthz", gin.WrapH(s.Live))
	}
	if s.Ready != nil {
		e.GET("/readyz", gin.WrapH(s.Ready))
	}
	strict := api.NewStrictHandlerWithOptions(s, nil, api.StrictGinServerOptions{
		RequestErrorHandlerFunc:  func(c *gin.Context, err error) { s.fail(c, undecoded(err)) },
		HandlerErrorFunc:         s.fail,
		ResponseErrorHandlerFunc: s.fail,
	})
	api.RegisterHandlersWithOptions(e, strict, api.GinServerOptions{
		ErrorHandler: func(c *gin.Context, _ error, _ int) { s.fail(c, malformed("A parameter cannot be read.")) },
	})
	s.engine = e
	return nil
}

// noRoute gives the web pages what no route has, if it may be one.
func (s *Server) noRoute(c *gin.Context) {
	web := c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
	if s.Web == nil || !web || underAPI(c.Request.URL.Path) {
		s.fail(c, notFound("route"))
		return
	}
	c.Status(http.StatusOK) // Gin has set 404 by now
	s.Web.ServeHTTP(c.Writer, c.Request)
}
