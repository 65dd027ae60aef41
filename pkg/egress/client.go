package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Config bounds a client of [Guard.HTTPClient]. Zero values are the defaults named.
type Config struct {
	Timeout        time.Duration // of a whole request, body included; 10 s
	DialTimeout    time.Duration // of each connection attempt; 5 s
	MaxHeaderBytes int64         // of an answer; 64 KiB
	MaxRedirects   int           // followed; 0 returns the redirect itself as the answer
	KeepAlive      time.Duration // an idle connection is kept for reuse; 0 keeps none
	TLS            *tls.Config   // nil: the system's roots, TLS 1.2 and up
	Resolver       *net.Resolver // nil: the system's
}

// HTTPClient returns a client whose every connection, redirects included, passes the
// guard. It uses no proxy and follows no redirect from https to http. The caller
// bounds the body.
func (g *Guard) HTTPClient(cfg Config) *http.Client {
	dialer := g.Dialer()
	dialer.Timeout, dialer.Resolver = orDefault(cfg.DialTimeout, 5*time.Second), cfg.Resolver
	return &http.Client{
		Timeout: orDefault(cfg.Timeout, 10*time.Second),
		Transport: &http.Transport{
			Proxy: nil, // a proxy would dial for us, past the guard
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if err := g.CheckHost(hostOf(address)); err != nil {
					return nil, err
				}
				return dialer.DialContext(ctx, network, address)
			},
			TLSClientConfig:        cfg.TLS,
			TLSHandshakeTimeout:    dialer.Timeout,
			DisableKeepAlives:      cfg.KeepAlive <= 0,
			IdleConnTimeout:        cfg.KeepAlive,
			MaxResponseHeaderBytes: orDefault(cfg.MaxHeaderBytes, 64<<10),
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if len(via) > cfg.MaxRedirects {
				if cfg.MaxRedirects == 0 {
					return http.ErrUseLastResponse
				}
				return errors.New("too many redirects")
			}
			if next.URL.Scheme != "https" && via[len(via)-1].URL.Scheme == "https" {
				return errors.New("redirect from https to " + next.URL.Scheme)
			}
			if !strings.EqualFold(next.URL.Host, via[0].URL.Host) {
				// What was meant for one host is not told to another.
				next.Header = http.Header{"User-Agent": via[0].Header["User-Agent"]} //nolint:gosec // G119: it drops all others
			}
			return nil
		},
	}
}

// Resolver is the part of [net.Resolver] that [Guard.Resolve] needs.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Resolve looks a name up and returns the addresses that may be dialled. If none may,
// the error is an [ErrBlocked]; for probes that build their own packets.
func (g *Guard) Resolve(ctx context.Context, r Resolver, host string) ([]netip.Addr, error) {
	if err := g.CheckHost(host); err != nil {
		return nil, err
	}
	addrs, err := r.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	var allowed []netip.Addr
	var blocked error
	for _, a := range addrs {
		if err := g.Check(a); err != nil {
			blocked = err
			continue
		}
		allowed = append(allowed, canonical(a))
	}
	if len(allowed) == 0 {
		if blocked == nil {
			blocked = errors.New("no addresses")
		}
		return nil, blocked
	}
	return allowed, nil
}

func orDefault[T int64 | time.Duration](v, def T) T {
	if v > 0 {
		return v
	}
	return def
}
