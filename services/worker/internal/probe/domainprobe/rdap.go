package domainprobe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// Bounds of what registries may send. IANA's list has about 150 KiB, the answer for a
// domain about 10.
const (
	maxBootstrap = 4 << 20
	maxAnswer    = 512 << 10
)

// client asks registries.
type client struct {
	http      *http.Client
	userAgent string
	bootstrap string // URL of the list of registries' servers (RFC 9224)
	now       func() time.Time

	turn    chan struct{}     // guards what follows, for as long as the list is read
	servers map[string]string // base URLs by top-level domain
	next    time.Time         // when the list is read again
	excuse  error             // why it could not be, the last time
}

// busyError is a registry that wants to be left alone.
type busyError struct {
	text  string
	after time.Duration
}

func (e *busyError) Error() string { return e.text }

// lookup asks the registry of a domain. Errors that are no [link.Failure], and those of
// reason registry, say nothing about the domain.
func (c *client) lookup(ctx context.Context, domain string) (probe.Registration, error) {
	base, err := c.server(ctx, domain)
	if err != nil {
		return probe.Registration{}, err
	}
	target, err := url.JoinPath(base, "domain", domain)
	if err != nil {
		return probe.Registration{}, fmt.Errorf("the registry's address %.80q is no URL", base)
	}
	var answer rdapDomain
	status, err := c.get(ctx, target, maxAnswer, &answer)
	switch {
	case status == http.StatusNotFound:
		return probe.Registration{}, link.Failf(uptime.ReasonNXDomain, "the registry knows no %s: it is not registered, or not the registered domain itself", domain)
	case err != nil:
		return probe.Registration{}, err
	case answer.Name != "" && !strings.EqualFold(strings.TrimSuffix(answer.Name, "."), domain):
		return probe.Registration{}, fmt.Errorf("the registry answers about %.64q", answer.Name)
	}
	expires, ok := answer.expires()
	if !ok {
		return probe.Registration{}, link.Failf(uptime.ReasonUnsupported, "the registry does not tell when the registration ends")
	}
	host := base
	if u, err := url.Parse(base); err == nil {
		host = u.Host
	}
	return probe.Registration{
		Domain: domain, Registrar: answer.registrar(), Status: answer.statuses(), Expires: expires, Asked: c.now().UTC(), Source: host,
	}, nil
}

// server returns the base URL of the registry's server. The list is read once a day; an
// old one will do while it cannot be.
func (c *client) server(ctx context.Context, domain string) (string, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if now := c.now(); !now.Before(c.next) {
		servers, err := c.list(ctx)
		if c.excuse = err; err == nil {
			c.servers, c.next = servers, now.Add(24*time.Hour)
		} else {
			c.next = now.Add(time.Minute) // of all domains, only the first asks
		}
	}
	if c.servers == nil {
		return "", fmt.Errorf("the list of registries cannot be read: %w", c.excuse)
	}
	for suffix := domain; ; {
		_, rest, found := strings.Cut(suffix, ".")
		if !found {
			return "", link.Failf(uptime.ReasonUnsupported, "the registry of .%s has no RDAP server", suffix)
		}
		if base, ok := c.servers[rest]; ok {
			return base, nil
		}
		suffix = rest
	}
}

func (c *client) list(ctx context.Context) (map[string]string, error) {
	var doc struct {
		Services [][][]string `json:"services"`
	}
	if _, err := c.get(ctx, c.bootstrap, maxBootstrap, &doc); err != nil {
		return nil, err
	}
	servers := map[string]string{}
	for _, s := range doc.Services {
		if len(s) != 2 || len(s[1]) == 0 {
			continue
		}
		base := s[1][0]
		for _, candidate := range s[1] {
			if strings.HasPrefix(candidate, "https://") {
				base = candidate
				break
			}
		}
		for _, suffix := range s[0] {
			servers[strings.ToLower(suffix)] = base
		}
	}
	if len(servers) == 0 {
		return nil, errors.New("it names none")
	}
	return servers, nil
}

// get fetches JSON. Its errors are those of the registry, or of the way to it.
func (c *client) get(ctx context.Context, target string, limit int64, into any) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return 0, fmt.Errorf("the address %.80q is no URL", target)
	}
	req.Header.Set("Accept", "application/rdap+json, application/json")
	req.Header.Set("User-Agent", c.userAgent)
	res, err := c.http.Do(req)
	if err != nil {
		return 0, unreachable(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	switch {
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable:
		return res.StatusCode, &busyError{fmt.Sprintf("the registry answers %d", res.StatusCode), retryAfter(res.Header.Get("Retry-After"))}
	case res.StatusCode != http.StatusOK:
		return res.StatusCode, fmt.Errorf("the registry answers %d", res.StatusCode)
	case err != nil:
		return res.StatusCode, unreachable(err)
	case int64(len(b)) > limit:
		return res.StatusCode, fmt.Errorf("the registry answers with more than %d KiB", limit>>10)
	case json.Unmarshal(b, into) != nil:
		return res.StatusCode, errors.New("the registry's answer is not the JSON of RDAP")
	}
	return res.StatusCode, nil
}

// unreachable tells what the guard denies from what cannot be reached.
func unreachable(err error) error {
	var blocked *egress.BlockedError
	if errors.As(err, &blocked) {
		return link.Failf(uptime.ReasonBlockedTarget, "the registry: %s", blocked)
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("the registry cannot be reached: %w", err)
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(text string) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil && n > 0 {
		return time.Duration(min(n, 7*86400)) * time.Second
	}
	if t, err := http.ParseTime(text); err == nil {
		return time.Until(t)
	}
	return 0
}

// rdapDomain is what we read of the answer for a domain (RFC 9083, section 5.3).
type rdapDomain struct {
	Name   string   `json:"ldhName"`
	Status []string `json:"status"`
	Events []struct {
		Action string `json:"eventAction"`
		Date   string `json:"eventDate"`
	} `json:"events"`
	Entities []struct {
		Roles  []string          `json:"roles"`
		Handle string            `json:"handle"`
		VCard  []json.RawMessage `json:"vcardArray"`
	} `json:"entities"`
}

// expires returns when the registration ends: as the registry has it or, failing that,
// the registrar.
func (d *rdapDomain) expires() (time.Time, bool) {
	for _, action := range []string{"expiration", "registrar expiration"} {
		for _, e := range d.Events {
			if !strings.EqualFold(e.Action, action) {
				continue
			}
			for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
				if t, err := time.Parse(layout, strings.TrimSpace(e.Date)); err == nil {
					return t.UTC(), true
				}
			}
		}
	}
	return time.Time{}, false
}

// Bounds of what is kept of an answer.
const (
	maxStatuses = 10
	maxText     = 128
)

func (d *rdapDomain) statuses() []string {
	var out []string
	for _, s := range d.Status[:min(len(d.Status), maxStatuses)] {
		out = append(out, strings.ToLower(text(s)))
	}
	return out
}

// registrar returns the name of the registrar, or its number.
func (d *rdapDomain) registrar() string {
	for _, e := range d.Entities {
		for _, role := range e.Roles {
			if role != "registrar" {
				continue
			}
			var properties [][]any
			if len(e.VCard) == 2 && json.Unmarshal(e.VCard[1], &properties) == nil {
				for _, p := range properties {
					if len(p) < 4 || p[0] != "fn" {
						continue
					}
					if name, ok := p[3].(string); ok && name != "" {
						return text(name)
					}
				}
			}
			return text(e.Handle)
		}
	}
	return ""
}

func text(s string) string { return probe.Excerpt([]byte(s[:min(len(s), maxText)]), nil) }
