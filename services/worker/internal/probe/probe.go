// Package probe is how the worker looks at targets: what a kind of check has to
// provide ([Prober]), what it may use ([Env]), and all that is the same for every
// kind and therefore not its business: the deadline, the quick retry, panics, the
// operator's exempt ranges, and details fit to be shown. Each kind is a package below
// this one; package kinds lists them.
package probe

import (
	"context"
	"crypto/x509"
	"io"
	"log" //nolint:depguard // to silence those who use it
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Prober runs checks of one kind. It must be safe for concurrent use and must return
// soon after ctx ends, which happens at the check's deadline.
type Prober interface {
	// Probe makes one attempt. It dials through Env.Guard only, fills in what it got to
	// know, and names a failure by its Reason; the rest is done by [Runner.Run].
	Probe(ctx context.Context, c *uptime.Check) Finding
}

// Env is what a kind may use.
type Env struct {
	Guard     *egress.Guard  // every connection goes through its dialer
	Resolver  *net.Resolver  // looks names up
	Roots     *x509.CertPool // authorities to trust; nil: the system's
	UserAgent string         // how the fleet introduces itself
	Box       *seal.Box      // opens what a message sealed for its region; nil without REGION_KEY
	Log       *slog.Logger
	// Assertions keeps compiled assertions; nil: a cache of the default size.
	Assertions *assertion.Cache
	// RDAPBootstrap is the URL of the list of registries' RDAP servers; empty: IANA's.
	RDAPBootstrap string
}

// Dialer returns a dialer behind the guard that looks names up by the resolver.
func (e *Env) Dialer() *net.Dialer {
	d := e.Guard.Dialer()
	d.Resolver = e.Resolver
	return d
}

// Finding is what one attempt found out. A zero Reason means that the target
// answered as it should.
type Finding struct {
	Reason uptime.Reason
	// Degraded makes a failure with a Reason a degradation: the target is up, but not
	// as it should be.
	Degraded bool
	// Final says that trying again at once cannot help, as with a wrong certificate.
	Final  bool
	Detail string // what was wrong, in a few words for people
	Code   int    // status code of the protocol, 0 if none
	Phases uptime.Phases
	IP     netip.Addr // dialled last; invalid if none was
	// Secrets must not show up in the detail though the target may echo them.
	Secrets []string
	// Evidence is what else was seen; nil if nothing was.
	Evidence *Evidence

	Attempts int  // by [Runner.Run]
	Exempt   bool // by [Runner.Run]: the address lies in the operator's own ranges
}

// Outcome returns the vote, or that there is none.
func (f *Finding) Outcome() uptime.Outcome {
	switch {
	case f.Reason == uptime.ReasonNone:
		return uptime.OutcomePass
	case f.Reason == uptime.ReasonUnsupported, f.Reason == uptime.ReasonInvalid, f.Reason == uptime.ReasonRegistry:
		return uptime.OutcomeInvalid // it says nothing about the target
	case f.Degraded:
		return uptime.OutcomeDegraded
	}
	return uptime.OutcomeFail
}

// Kinds maps each kind of check to what makes its prober.
type Kinds map[uptime.Kind]func(Env) Prober

// Bounds of a check's timeout. Messages come from the fleet's own api, which is
// stricter; this is what a worker does whatever the message says.
const (
	DefaultTimeout = 10 * time.Second
	maxTimeout     = 2 * time.Minute
)

// retryPause is between the two attempts: a lost packet or a restarting server is
// often all that a failure was. A second attempt needs at least as much time again.
const retryPause = 50 * time.Millisecond

// Runner runs checks of all kinds.
type Runner struct {
	env     Env
	probers map[uptime.Kind]Prober
	opened  *Memo[sealedKey, []byte]
}

// NewRunner makes a prober of each kind. A nil guard denies all that it can, a nil
// resolver is the system's, a nil log the default one.
func NewRunner(kinds Kinds, env Env) *Runner {
	if env.Guard == nil {
		env.Guard = egress.New(nil)
	}
	if env.Resolver == nil {
		env.Resolver = net.DefaultResolver
	}
	if env.Log == nil {
		env.Log = slog.Default()
	}
	if env.Assertions == nil {
		env.Assertions = assertion.NewCache(0)
	}
	// net/http has a line to say for each odd frame that a server sends, which may be many. What
	// matters of it is in the findings.
	log.SetOutput(io.Discard)
	r := &Runner{env: env, probers: make(map[uptime.Kind]Prober, len(kinds)), opened: NewMemo[sealedKey, []byte]()}
	for kind, build := range kinds {
		r.probers[kind] = build(env)
	}
	return r
}

// Supports tells whether there is a prober of the kind.
func (r *Runner) Supports(kind uptime.Kind) bool {
	_, ok := r.probers[kind]
	return ok
}

// Run probes the target of a check: at most two attempts, both within one deadline of
// c.Timeout from now. A kind that is not supported fails with ReasonUnsupported.
func (r *Runner) Run(ctx context.Context, c *uptime.Check) Finding {
	prober, ok := r.probers[c.Kind]
	if !ok {
		return Finding{Reason: uptime.ReasonUnsupported, Detail: "no prober for kind " + clip(string(c.Kind), 32)}
	}
	c, err := r.unseal(c)
	if err != nil {
		return Finding{Reason: uptime.ReasonUnsupported, Detail: err.Error()}
	}
	timeout := min(c.Timeout, maxTimeout)
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	deadline := time.Now().Add(timeout)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()

	f := r.attempt(ctx, prober, c)
	f.Attempts = 1
	if worthRetrying(&f) && time.Until(deadline) > 2*retryPause && pause(ctx, retryPause) {
		f = r.attempt(ctx, prober, c)
		f.Attempts = 2
	}
	if monitorspec.UpsideDown(c.Settings) {
		f.Invert()
	}
	f.Exempt = r.exempt(c.Target, f.IP)
	f.Detail = presentable(f.Detail, f.Secrets)
	return f
}

// attempt turns a panic of the prober into a failed probe.
func (r *Runner) attempt(ctx context.Context, p Prober, c *uptime.Check) (f Finding) {
	defer func() {
		if v := recover(); v != nil {
			r.env.Log.ErrorContext(ctx, "probe panicked", "kind", string(c.Kind), "monitor", c.Monitor.String(),
				"panic", v, "stack", string(debug.Stack()))
			f = Finding{Reason: uptime.ReasonPanic, Detail: "the probe itself failed; its worker has logged why"}
		}
	}()
	return p.Probe(ctx, c)
}

// worthRetrying tells failures of the network from answers, and those that took the
// whole timeout from those that left some of it.
func worthRetrying(f *Finding) bool {
	if f.Final {
		return false
	}
	switch f.Reason {
	case uptime.ReasonDNS, uptime.ReasonConnectRefused, uptime.ReasonConnect, uptime.ReasonConnectTimeout,
		uptime.ReasonReset, uptime.ReasonTLS, uptime.ReasonServFail:
		return true
	default:
		return false
	}
}

// pause waits and tells whether there is still time afterwards.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// exempt tells whether the target lies in the operator's own ranges, by the address
// that was dialled or, if nothing was, by the one that the target names literally.
func (r *Runner) exempt(target string, dialled netip.Addr) bool {
	if dialled.IsValid() {
		return r.env.Guard.Exempt(dialled)
	}
	addr, err := netip.ParseAddr(hostOf(target))
	return err == nil && r.env.Guard.Exempt(addr)
}
