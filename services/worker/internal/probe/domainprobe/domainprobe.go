// Package domainprobe asks the registry of a domain, by RDAP (RFC 9082 and 9083), until
// when it is registered. Registries answer the same all day and refuse those who ask more
// often, so each domain is asked for at most once a day: a cache answers in between, and
// for a while also when the registry cannot be reached.
//
// A registry that cannot be asked, or does not tell, says nothing about the domain: that
// is no vote.
package domainprobe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// Times of the cache.
const (
	// fresh is how long an answer is taken for the registry's present one. It is less than
	// the daily interval of most monitors, so that each of their checks asks.
	fresh = 23 * time.Hour
	// usable is how long an answer will do while the registry cannot be reached.
	usable = 7 * 24 * time.Hour
	// again is the pause after a failure, unless the registry asks for a longer one.
	again = 15 * time.Minute
)

type prober struct {
	rdap  *client
	known *cache
	now   func() time.Time
}

// New returns the prober of kind domain.
func New(env probe.Env) probe.Prober { return newProber(env, time.Now) }

func newProber(env probe.Env, now func() time.Time) *prober {
	url := env.RDAPBootstrap
	if url == "" {
		url = "https://data.iana.org/rdap/dns.json"
	}
	return &prober{
		rdap: &client{
			http: env.Guard.HTTPClient(egress.Config{
				Timeout: time.Minute, MaxRedirects: 3, Resolver: env.Resolver, TLS: &tls.Config{RootCAs: env.Roots, MinVersion: tls.VersionTLS12},
			}),
			userAgent: env.UserAgent, bootstrap: url, now: now, turn: make(chan struct{}, 1),
		},
		known: newCache(maxDomains), now: now,
	}
}

// Probe implements [probe.Prober].
func (p *prober) Probe(ctx context.Context, c *uptime.Check) probe.Finding {
	s, err := monitorspec.Read[monitorspec.Domain](c.Settings)
	if err != nil {
		return probe.Finding{Reason: uptime.ReasonInvalid, Final: true, Detail: "settings: " + err.Error()}
	}
	domain, err := monitorspec.Target(uptime.KindDomain, s, c.Target)
	if err != nil {
		return probe.Finding{Reason: uptime.ReasonInvalid, Final: true, Detail: "target: " + err.Error()}
	}
	start := time.Now()
	r, err := p.registration(ctx, domain)
	f := probe.Finding{Phases: uptime.Phases{Total: time.Since(start)}, Final: true} // nobody is asked twice at once
	var failed *link.Failure
	switch {
	case errors.As(err, &failed):
		f.Reason, f.Detail = failed.Reason, failed.Detail
		return f
	case err != nil:
		f.Reason, f.Detail = uptime.ReasonRegistry, err.Error()
		return f
	}
	now := p.now()
	r.Days = r.Expires.Sub(now).Hours() / 24
	f.Evidence = &probe.Evidence{Registration: &r}
	date := r.Expires.UTC().Format(time.DateOnly)
	switch lost := slices.IndexFunc(r.Status, isLost); {
	case lost >= 0:
		f.Reason, f.Detail = uptime.ReasonDomainExpired, "the registration is over: "+r.Status[lost]
	case !now.Before(r.Expires):
		f.Reason, f.Detail = uptime.ReasonDomainExpired, "the registration expired "+date
	case r.Days < float64(s.MinDays):
		f.Reason, f.Degraded = uptime.ReasonAssertion, true
		f.Detail = fmt.Sprintf("the registration expires %s, in %d days, want at least %d", date, int(r.Days), s.MinDays)
	}
	return f
}

// isLost knows the states of a domain that its owner has let go, in which registries may
// show next year's date (RFC 3915).
func isLost(status string) bool {
	return status == "redemption period" || status == "pending delete"
}

// registration returns what the registry says, now or at its last answer.
func (p *prober) registration(ctx context.Context, domain string) (probe.Registration, error) {
	e := p.known.get(domain)
	if err := e.lock(ctx); err != nil {
		return probe.Registration{}, err
	}
	defer e.unlock()
	now := p.now()
	if now.Sub(e.asked) < fresh && (e.answer != nil || e.failed != nil) {
		return e.say()
	}
	if now.Before(e.notBefore) {
		return e.stale(now, e.excuse)
	}
	answer, err := p.rdap.lookup(ctx, domain)
	var failed *link.Failure
	switch {
	case err == nil:
		e.answer, e.failed, e.asked = &answer, nil, now
		return answer, nil
	case errors.As(err, &failed) && (failed.Reason == uptime.ReasonNXDomain || failed.Reason == uptime.ReasonUnsupported):
		// An answer as well: there is no such domain, or no such service.
		e.answer, e.failed, e.asked = nil, failed, now
		return probe.Registration{}, failed
	case ctx.Err() != nil:
		err = link.Failf(uptime.ReasonRegistry, "no answer of the registry within the timeout")
	}
	e.excuse, e.notBefore = err, now.Add(again)
	var busy *busyError
	if errors.As(err, &busy) {
		e.notBefore = now.Add(min(max(busy.after, again), fresh))
	}
	return e.stale(now, err)
}
