// Package smtpprobe greets a mail server as a client would that has mail for it: banner,
// EHLO, STARTTLS, and a login if it is told to. It then leaves without sending any.
package smtpprobe

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

type prober struct{ env probe.Env }

// New returns the prober of kind smtp.
func New(env probe.Env) probe.Prober { return &prober{env} }

// Probe implements [probe.Prober].
func (p *prober) Probe(ctx context.Context, c *uptime.Check) probe.Finding {
	s, err := monitorspec.Read[monitorspec.SMTP](c.Settings)
	if err != nil {
		return probe.Finding{Reason: uptime.ReasonInvalid, Final: true, Detail: "settings: " + err.Error()}
	}
	f := probe.Finding{Secrets: secrets(s), Evidence: &probe.Evidence{}}
	v := visit{env: &p.env, settings: s, host: link.HostOf(c.Target), trace: link.Begin(), hands: &link.Handshakes{}}
	err = v.run(ctx, c.Target)
	f.Code = v.code
	obs := &assertion.Observation{Status: v.code, Payload: v.heard}
	v.hands.Observe(obs, f.Evidence)
	f.Evidence.Excerpt = probe.Excerpt(v.heard, f.Secrets)
	if err != nil {
		v.trace.Fail(ctx, &f, err)
		if v.doing != "" {
			f.Detail = v.doing + ": " + f.Detail
		}
	} else {
		v.trace.End(&f)
		p.env.Judge(ctx, &f, c.Kind, s.Assertions, obs)
	}
	v.leave(f.Reason)
	return f
}

// secrets are the password in every form in which it is sent.
func secrets(s *monitorspec.SMTP) []string {
	out := monitorspec.SecretsOf(s)
	if a := s.Auth; a != nil {
		out = append(out, base64.StdEncoding.EncodeToString([]byte(a.Password)), plain(a))
	}
	return out
}

// plain is the initial response of mechanism PLAIN (RFC 4616).
func plain(a *monitorspec.SMTPAuth) string {
	return base64.StdEncoding.EncodeToString([]byte("\x00" + a.Username + "\x00" + a.Password))
}

// visit is one attempt.
type visit struct {
	env      *probe.Env
	settings *monitorspec.SMTP
	host     string
	trace    *link.Trace
	hands    *link.Handshakes
	conn     *conn
	raw      *link.Conn
	doing    string // for people: what failed
	code     int    // of the last reply
	heard    []byte // all replies
	offers   []string
}

func (v *visit) run(ctx context.Context, target string) error {
	raw, err := link.Dial(ctx, v.env, v.trace, "tcp", v.settings.IPVersion, target)
	if err != nil {
		return err
	}
	v.raw, v.conn = raw, newConn(raw)
	if v.settings.Security == monitorspec.SecurityTLS {
		if err := v.secure(ctx); err != nil {
			return err
		}
	}
	v.doing = "banner"
	if err := v.expect(220); err != nil {
		return err
	}
	if err := v.greet(); err != nil {
		return err
	}
	if v.settings.Security == monitorspec.SecurityStartTLS {
		if err := v.startTLS(ctx); err != nil {
			return err
		}
	}
	if v.settings.Auth != nil {
		return v.login(v.settings.Auth)
	}
	return nil
}

func (v *visit) secure(ctx context.Context) error {
	secured, err := v.hands.Secure(ctx, v.env, v.trace, v.raw, &v.settings.TLS, v.host)
	if err == nil {
		v.conn = newConn(secured)
	}
	return err
}

// greet says EHLO, or HELO to a server of before 1995, if that is enough.
func (v *visit) greet() error {
	v.doing = "EHLO"
	r, err := v.say("EHLO " + v.settings.Helo)
	if err != nil {
		return err
	}
	if simple := v.settings.Security != monitorspec.SecurityStartTLS && v.settings.Auth == nil; (r.code == 500 || r.code == 502) && simple {
		v.doing = "HELO"
		if r, err = v.say("HELO " + v.settings.Helo); err != nil {
			return err
		}
	}
	if r.code != 250 {
		return v.unexpected(r)
	}
	v.offers = r.lines[1:]
	return nil
}

func (v *visit) startTLS(ctx context.Context) error {
	v.doing = "STARTTLS"
	if _, ok := v.offered("STARTTLS"); !ok {
		return link.Failf(uptime.ReasonTLS, "the server does not offer it")
	}
	r, err := v.say("STARTTLS")
	if err != nil {
		return err
	}
	if r.code != 220 {
		return link.Failf(uptime.ReasonTLS, "the server refuses it: %s", r)
	}
	if n := v.conn.Buffered(); n > 0 {
		// What a man in the middle slips in before the handshake must not count after it.
		return link.Failf(uptime.ReasonProtocol, "the server went on talking before the handshake")
	}
	if err := v.secure(ctx); err != nil {
		return err
	}
	return v.greet() // what was offered before does not count (RFC 3207, section 4.2)
}

// offered returns the parameters of an extension.
func (v *visit) offered(keyword string) ([]string, bool) {
	for _, line := range v.offers {
		fields := strings.Fields(strings.ToUpper(strings.Replace(line, "=", " ", 1))) // AUTH=LOGIN, of old servers
		if len(fields) > 0 && fields[0] == keyword {
			return fields[1:], true
		}
	}
	return nil, false
}

// login uses the mechanism that is asked for, or the first that the server offers.
func (v *visit) login(a *monitorspec.SMTPAuth) error {
	v.doing = "login"
	offered, _ := v.offered("AUTH")
	mechanism := strings.ToUpper(a.Mechanism)
	if mechanism == "AUTO" {
		mechanism = "PLAIN"
		if !slices.Contains(offered, mechanism) {
			mechanism = "LOGIN"
		}
	}
	if !slices.Contains(offered, mechanism) {
		return link.Failf(uptime.ReasonAuth, "the server offers %s, not %s", orNone(offered), mechanism)
	}
	lines := []string{"AUTH PLAIN " + plain(a)}
	if mechanism == "LOGIN" {
		lines = []string{
			"AUTH LOGIN", base64.StdEncoding.EncodeToString([]byte(a.Username)), base64.StdEncoding.EncodeToString([]byte(a.Password)),
		}
	}
	for i, line := range lines {
		r, err := v.say(line)
		if err != nil {
			return err
		}
		last := i == len(lines)-1
		switch {
		case last && r.code == 235:
			return nil
		case !last && r.code == 334:
		case r.code >= 500:
			return link.Failf(uptime.ReasonAuth, "%s", r)
		default:
			return v.unexpected(r)
		}
	}
	return nil
}

func orNone(mechanisms []string) string {
	if len(mechanisms) == 0 {
		return "no login"
	}
	return strings.Join(mechanisms[:min(len(mechanisms), 8)], ", ")
}

// say sends a line and reads the reply.
func (v *visit) say(line string) (reply, error) {
	if err := v.conn.write(line); err != nil {
		return reply{}, err
	}
	return v.listen()
}

func (v *visit) listen() (reply, error) {
	r, err := v.conn.read(func() { v.trace.Enter(link.StageAnswered) })
	for _, line := range r.lines {
		v.heard = append(v.heard, fmt.Sprintf("%d %s\n", r.code, line)...)
	}
	if err == nil {
		v.code = r.code
	}
	return r, err
}

func (v *visit) expect(code int) error {
	r, err := v.listen()
	if err == nil && r.code != code {
		return v.unexpected(r)
	}
	return err
}

func (v *visit) unexpected(r reply) error { return link.Failf(uptime.ReasonStatus, "%s", r) }

// farewell is how long a server gets to say goodbye.
const farewell = 250 * time.Millisecond

// leave says goodbye, since some servers count clients that do not, and closes.
func (v *visit) leave(reason uptime.Reason) {
	if v.conn == nil {
		return
	}
	switch reason {
	case uptime.ReasonNone, uptime.ReasonAssertion, uptime.ReasonStatus, uptime.ReasonAuth:
		if v.raw.SetDeadline(time.Now().Add(farewell)) == nil && v.conn.write("QUIT") == nil {
			_, _ = v.conn.read(func() {})
		}
	default: // it does not speak with us any more
	}
	_ = v.conn.w.Close() // and with it the connection below TLS
}
