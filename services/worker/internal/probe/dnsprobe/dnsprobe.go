// Package dnsprobe asks a name server one question, over UDP (going on over TCP when an
// answer is cut), TCP or TLS, and compares what it answers with what is expected.
//
// A name server that a monitor names passes the guard like any target. Without one the
// question goes to the worker's own name servers, which its operator has chosen and every
// lookup asks anyway; what they answer must then not lead into ranges that the guard
// denies, so that no tenant learns what a private network calls its hosts.
package dnsprobe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

type prober struct {
	env probe.Env
	own func() ([]string, error) // host:port of the worker's own name servers
}

// New returns the prober of kind dns.
func New(env probe.Env) probe.Prober {
	return &prober{env, func() ([]string, error) { return ownServers("/etc/resolv.conf") }}
}

// Probe implements [probe.Prober].
func (p *prober) Probe(ctx context.Context, c *uptime.Check) probe.Finding {
	s, err := monitorspec.Read[monitorspec.DNS](c.Settings)
	if err != nil {
		return probe.Finding{Reason: uptime.ReasonInvalid, Final: true, Detail: "settings: " + err.Error()}
	}
	f := probe.Finding{Secrets: monitorspec.SecretsOf(s), Evidence: &probe.Evidence{}}
	q := query{env: &p.env, settings: s, trace: link.Begin(), hands: &link.Handshakes{}}
	answer, err := p.ask(ctx, &q, c.Target)
	obs := &assertion.Observation{}
	q.hands.Observe(obs, f.Evidence)
	if err != nil {
		q.trace.Fail(ctx, &f, err)
		return f
	}
	q.trace.End(&f)
	f.Code = answer.Rcode
	if err := p.judge(s, answer, obs, p.env.Asserts(c.Kind, s.Assertions, assertion.SourceDNS)); err != nil {
		f.Reason, f.Detail, f.Final = err.Reason, err.Detail, true
		if err.Reason == uptime.ReasonBlockedTarget {
			return f
		}
	}
	f.Evidence.Answers = shown(obs.DNS)
	p.env.Judge(ctx, &f, c.Kind, s.Assertions, obs)
	return f
}

// ask puts the question to the name server, or to the worker's own one by one.
func (p *prober) ask(ctx context.Context, q *query, target string) (*dns.Msg, error) {
	q.question = dns.Question{Name: dns.Fqdn(target), Qtype: dns.StringToType[q.settings.Record], Qclass: dns.ClassINET}
	if q.settings.Nameserver != "" {
		return q.exchange(ctx, q.settings.Nameserver)
	}
	servers, err := p.own()
	if err != nil {
		return nil, link.Failf(uptime.ReasonUnsupported, "this worker has no name server of its own: %s", err)
	}
	q.own = true
	var answer *dns.Msg
	for i, server := range servers {
		share, cancel := ctx, context.CancelFunc(func() {})
		if deadline, ok := ctx.Deadline(); ok {
			share, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(len(servers)-i))
		}
		var failed error
		answer, failed = q.exchange(share, server)
		cancel()
		if failed == nil && answer.Rcode != dns.RcodeServerFailure && answer.Rcode != dns.RcodeRefused {
			return answer, nil
		}
		err = failed
	}
	return answer, err
}

// ownServers returns host:port of the worker's name servers, at most three, as resolvers do.
func ownServers(path string) ([]string, error) {
	cfg, err := dns.ClientConfigFromFile(path)
	if err != nil {
		return nil, err
	}
	if len(cfg.Servers) == 0 {
		return nil, errors.New(path + " names none")
	}
	var out []string
	for _, s := range cfg.Servers[:min(len(cfg.Servers), 3)] {
		out = append(out, net.JoinHostPort(s, cfg.Port))
	}
	return out, nil
}

// judge compares an answer with what is expected of every answer; assertions come after.
func (p *prober) judge(s *monitorspec.DNS, m *dns.Msg, obs *assertion.Observation, asserted bool) *link.Failure {
	obs.DNS = values(m, s.Record)
	if s.Nameserver == "" {
		if err := p.leaks(s.Record, obs.DNS); err != nil {
			return err
		}
	}
	wanted := dns.StringToRcode[s.Rcode]
	switch {
	case m.Rcode != wanted && m.Rcode == dns.RcodeNameError:
		return link.Failf(uptime.ReasonNXDomain, "NXDOMAIN: the name does not exist")
	case m.Rcode != wanted && m.Rcode == dns.RcodeServerFailure:
		return link.Failf(uptime.ReasonServFail, "SERVFAIL: the name server could not answer")
	case m.Rcode != wanted && m.Rcode == dns.RcodeRefused:
		return link.Failf(uptime.ReasonServFail, "REFUSED: the name server does not answer this question, or not us")
	case m.Rcode != wanted:
		return link.Failf(uptime.ReasonStatus, "%s, want %s", rcodeName(m.Rcode), s.Rcode)
	case wanted != dns.RcodeSuccess:
		return nil
	case s.DNSSEC && !m.AuthenticatedData:
		return link.Failf(uptime.ReasonAssertion, "the name server has not authenticated the answer (no AD flag)")
	case s.Expect != nil:
		return compare(s.Expect, obs.DNS)
	case len(obs.DNS) == 0 && !asserted:
		return link.Failf(uptime.ReasonDNS, "the name has no %s record", s.Record)
	}
	return nil
}

// leaks refuses answers of the worker's own name servers that lead into denied ranges.
func (p *prober) leaks(record string, answers []string) *link.Failure {
	if record != "A" && record != "AAAA" {
		return nil
	}
	for _, a := range answers {
		if addr, err := netip.ParseAddr(a); err == nil && p.env.Guard.Check(addr) != nil {
			return link.Failf(uptime.ReasonBlockedTarget, "the worker's own name server answers with an address that must not be reached; name another one")
		}
	}
	return nil
}

func rcodeName(rcode int) string {
	if name, ok := dns.RcodeToString[rcode]; ok {
		return name
	}
	return fmt.Sprintf("response code %d", rcode)
}

func compare(want *monitorspec.DNSExpect, got []string) *link.Failure {
	missing := slices.DeleteFunc(slices.Clone(want.Values), func(v string) bool { return slices.Contains(got, v) })
	extra := slices.DeleteFunc(slices.Clone(got), func(v string) bool { return slices.Contains(want.Values, v) })
	switch {
	case want.Match == monitorspec.MatchAny && len(missing) < len(want.Values),
		want.Match == monitorspec.MatchAll && len(missing) == 0,
		want.Match == monitorspec.MatchExact && len(missing)+len(extra) == 0:
		return nil
	case len(got) == 0:
		return link.Failf(uptime.ReasonAssertion, "no answers, want %s of %s", want.Match, joined(want.Values))
	case want.Match == monitorspec.MatchExact && len(missing) == 0:
		return link.Failf(uptime.ReasonAssertion, "also answers %s, want exactly %s", joined(extra), joined(want.Values))
	}
	return link.Failf(uptime.ReasonAssertion, "answers %s, want %s of %s", joined(got), want.Match, joined(want.Values))
}

// maxShown is how many answers evidence keeps, and how long each and a list in a
// sentence may be.
const (
	maxShown      = 50
	maxShownBytes = 256
	maxListBytes  = 90
)

func joined(all []string) string {
	s := strings.Join(all[:min(len(all), maxShown)], ", ")
	if len(s) > maxListBytes {
		return strings.ToValidUTF8(s[:maxListBytes], "") + "…"
	}
	return s
}

func shown(answers []string) []string {
	var out []string
	for _, a := range answers[:min(len(answers), maxShown)] {
		out = append(out, probe.Excerpt([]byte(a[:min(len(a), maxShownBytes)]), nil))
	}
	return out
}
