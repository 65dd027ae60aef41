package smtpprobe_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/testenv/targets/smtpserver"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
	"github.com/probefleet/probefleet/services/worker/internal/probe/smtpprobe"
)

var kind = probetest.Kind{Kind: uptime.KindSMTP, New: smtpprobe.New}

const login = `"auth":{"username":"probe","password":"hunter22"}`

// says greets, then answers each command by its first word; one without an answer is
// not answered.
func says(greeting string, answers map[string]string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, greeting)
		for r := bufio.NewReader(c); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			command, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			_, _ = io.WriteString(c, answers[command])
		}
	}
}

const banner = "220 mail.test ESMTP\r\n"

func TestReasons(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	env := probetest.Env()
	env.Roots = ca.Pool
	good := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, MinVersion: tls.VersionTLS12}
	expired := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour)})}, MinVersion: tls.VersionTLS12}
	full := smtpserver.Config{TLS: good, Mechanisms: []string{"PLAIN", "LOGIN"}, Username: "probe", Password: "hunter22"}
	implicit, old, strange := full, full, full
	implicit.Implicit = true
	old.Mechanisms = []string{"LOGIN"}
	strange.Mechanisms = []string{"XOAUTH2"}
	fullAddr, plainAddr := smtpserver.New(t, full), smtpserver.New(t, smtpserver.Config{})
	raw := func(greeting string, answers map[string]string) string {
		return targets.Raw(t, says(greeting, answers))
	}
	ehlo := map[string]string{"EHLO": "250-mail.test\r\n250 STARTTLS\r\n", "STARTTLS": "220 go\r\n", "QUIT": "221 bye\r\n"}
	with := func(more map[string]string) map[string]string {
		out := map[string]string{}
		for k, v := range ehlo {
			out[k] = v
		}
		for k, v := range more {
			out[k] = v
		}
		return out
	}

	kind.Table(t, env, []probetest.Case{
		{Name: "STARTTLS", Target: fullAddr, Code: 250},
		{Name: "in the clear", Target: plainAddr, Settings: `{"security":"none"}`, Code: 250},
		{Name: "TLS from the start", Target: smtpserver.New(t, implicit), Settings: `{"security":"tls"}`, Code: 250},
		{Name: "login", Target: fullAddr, Settings: "{" + login + "}", Code: 235},
		{Name: "login by LOGIN", Target: smtpserver.New(t, old), Settings: "{" + login + "}", Code: 235},
		{Name: "login by LOGIN, asked for", Target: fullAddr, Settings: `{"auth":{"username":"probe","password":"hunter22","mechanism":"login"}}`, Code: 235},
		{Name: "login with TLS from the start", Target: smtpserver.New(t, implicit), Settings: `{"security":"tls",` + login + `}`, Code: 235},
		{Name: "wrong password", Target: fullAddr, Settings: `{"auth":{"username":"probe","password":"hunter23"}}`, Reason: uptime.ReasonAuth, Code: 535, Detail: "login: 535"},
		{Name: "wrong password by LOGIN", Target: smtpserver.New(t, old), Settings: `{"auth":{"username":"probe","password":"hunter23"}}`, Reason: uptime.ReasonAuth, Code: 535, Detail: "login: 535"},
		{Name: "no mechanism of ours", Target: smtpserver.New(t, strange), Settings: "{" + login + "}", Reason: uptime.ReasonAuth, Code: 250, Detail: "offers XOAUTH2, not LOGIN"},
		{Name: "no login there", Target: smtpserver.New(t, smtpserver.Config{TLS: good}), Settings: "{" + login + "}", Reason: uptime.ReasonAuth, Code: 250, Detail: "no login"},
		{Name: "login, try later", Target: targets.RawTLS(t, good, says(banner, map[string]string{"EHLO": "250-mail.test\r\n250 AUTH=PLAIN\r\n", "AUTH": "454 later\r\n"})),
			Settings: `{"security":"tls",` + login + `}`, Reason: uptime.ReasonStatus, Code: 454, Detail: "login: 454 later"},
		{Name: "STARTTLS not offered", Target: plainAddr, Reason: uptime.ReasonTLS, Code: 250, Detail: "STARTTLS: the server does not offer it", Attempts: 1},
		{Name: "STARTTLS refused", Target: raw(banner, with(map[string]string{"STARTTLS": "454 not now\r\n"})), Reason: uptime.ReasonTLS, Code: 454, Detail: "refuses it: 454 not now"},
		{Name: "injected before TLS", Target: raw(banner, with(map[string]string{"STARTTLS": "220 go\r\n250 evil\r\n"})), Reason: uptime.ReasonProtocol, Code: 220, Detail: "before the handshake"},
		{Name: "expired", Target: smtpserver.New(t, smtpserver.Config{TLS: expired}), Reason: uptime.ReasonCertExpired, Code: 220, Detail: "STARTTLS: the certificate"},
		{Name: "self-signed", Target: smtpserver.New(t, smtpserver.Config{TLS: &tls.Config{Certificates: []tls.Certificate{targets.SelfSigned(t, targets.Identity{})}, MinVersion: tls.VersionTLS12}}),
			Reason: uptime.ReasonCertUntrusted, Code: 220},
		{Name: "no TLS there", Target: plainAddr, Settings: `{"security":"tls"}`, Reason: uptime.ReasonTLS, Detail: "does not look like"},

		{Name: "busy", Target: raw("421 try later\r\n", nil), Reason: uptime.ReasonStatus, Code: 421, Detail: "banner: 421 try later", Attempts: 1},
		{Name: "refuses us", Target: raw("554 no\r\n", nil), Reason: uptime.ReasonStatus, Code: 554},
		{Name: "refuses our name", Target: raw(banner, map[string]string{"EHLO": "550 who?\r\n"}), Reason: uptime.ReasonStatus, Code: 550, Detail: "EHLO: 550 who?"},
		{Name: "old server", Target: raw(banner, map[string]string{"EHLO": "502 what?\r\n", "HELO": "250 hi\r\n"}), Settings: `{"security":"none"}`, Code: 250},
		{Name: "not SMTP", Target: raw("SSH-2.0-OpenSSH\r\n", nil), Reason: uptime.ReasonProtocol, Detail: `not a reply of SMTP: "SSH-2.0`},
		{Name: "says nothing", Target: raw("", nil), Timeout: probetest.Short, Reason: uptime.ReasonTimeout, Detail: "banner: no answer"},
		{Name: "falls silent", Target: raw(banner, nil), Timeout: probetest.Short, Reason: uptime.ReasonTimeout, Code: 220, Detail: "EHLO: no complete answer"},
		{Name: "hangs up", Target: targets.Raw(t, func(net.Conn) {}), Reason: uptime.ReasonReset, Detail: "banner: connection closed"},
		{Name: "refused", Target: targets.HostPort(targets.Refused(t)), Reason: uptime.ReasonConnectRefused},
		{Name: "dropped", Target: targets.HostPort(targets.Full(t)), Timeout: probetest.Short, Reason: uptime.ReasonConnectTimeout},
		{Name: "blocked", Target: "172.16.0.1:25", Reason: uptime.ReasonBlockedTarget},
		{Name: "no lookup", Target: "nowhere.invalid", Reason: uptime.ReasonDNS},

		{Name: "assertion", Target: plainAddr, Settings: `{"security":"none","assertions":[{"source":"payload","comparison":"contains","target":"PIPELINING"},{"source":"status","comparison":"equals","target":250}]}`, Code: 250},
		{Name: "assertion fails", Target: plainAddr, Settings: `{"security":"none","assertions":[{"source":"payload","comparison":"contains","target":"Postfix"}]}`, Code: 250, Reason: uptime.ReasonAssertion, Detail: "payload is"},
		{Name: "degraded", Target: fullAddr, Settings: `{"assertions":[{"source":"certificate","comparison":"greater_than","target":120,"severity":"degraded"}]}`, Code: 250, Reason: uptime.ReasonAssertion, Degraded: true, Detail: "certificate is"},
	})
}

func TestHostile(t *testing.T) {
	t.Parallel()
	forever := func(first, piece string, pause time.Duration) string {
		return targets.Raw(t, func(c net.Conn) {
			_, err := io.WriteString(c, first)
			for err == nil {
				_, err = io.WriteString(c, piece)
				time.Sleep(pause)
			}
		})
	}
	kind.Table(t, probetest.Env(), []probetest.Case{
		{Name: "never-ending line", Target: forever("220 ", strings.Repeat("x", 4096), 0), Reason: uptime.ReasonProtocol, Detail: "a line of more than 2 KiB"},
		{Name: "never-ending reply", Target: forever("", "220-more\r\n", 0), Reason: uptime.ReasonBodyTooLarge, Detail: "a reply of more than 200 lines"},
		{Name: "long lines", Target: forever("", "220-"+strings.Repeat("x", 2000)+"\r\n", 0), Reason: uptime.ReasonBodyTooLarge, Detail: "more than 64 KiB"},
		{Name: "drip", Target: forever("2", "2", 20*time.Millisecond), Timeout: probetest.Short, Reason: uptime.ReasonTimeout, Detail: "no complete answer"},
		{Name: "codes that change", Target: forever("", "220-a\r\n250 b\r\n", time.Millisecond), Reason: uptime.ReasonProtocol},
	})
}

// A server that repeats what it is told does not make us tell others.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	env := probetest.Env()
	env.Roots = ca.Pool
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, MinVersion: tls.VersionTLS12}
	echo := targets.RawTLS(t, cfg, func(c net.Conn) {
		_, _ = io.WriteString(c, banner)
		for r := bufio.NewReader(c); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			answer := "250-mail.test\r\n250 AUTH PLAIN\r\n"
			if strings.HasPrefix(line, "AUTH") {
				answer = "535 hunter22 " + line
			}
			_, _ = io.WriteString(c, answer)
		}
	})
	f := kind.Run(t, env, echo, `{"security":"tls",`+login+`}`, probetest.Long)
	all, err := json.Marshal(f.Evidence)
	if err != nil {
		t.Fatal(err)
	}
	sent := base64.StdEncoding.EncodeToString([]byte("\x00probe\x00hunter22"))
	if text := f.Detail + string(all); f.Reason != uptime.ReasonAuth || strings.Contains(text, "hunter22") || strings.Contains(text, sent) {
		t.Errorf("%s %s", f.Reason, text)
	}
}

// The server is told goodbye.
func TestLeaves(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 8)
	addr := targets.Raw(t, func(c net.Conn) {
		_, _ = io.WriteString(c, banner)
		for r := bufio.NewReader(c); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				close(heard)
				return
			}
			heard <- strings.TrimSpace(line)
			_, _ = io.WriteString(c, "250 ok\r\n")
		}
	})
	kind.Run(t, probetest.Env(), addr, `{"security":"none","helo":"probe.example.org"}`, probetest.Long)
	var all []string
	for line := range heard {
		all = append(all, line)
	}
	if got := strings.Join(all, " | "); got != "EHLO probe.example.org | QUIT" {
		t.Errorf("heard %s", got)
	}
}

// A login goes by the mechanism that the monitor names, else by PLAIN where that is
// offered.
func TestMechanisms(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	env := probetest.Env()
	env.Roots = ca.Pool
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, MinVersion: tls.VersionTLS12}
	for _, tt := range []struct{ wants, offers, takes string }{
		{"auto", "LOGIN PLAIN", "PLAIN"}, {"auto", "LOGIN", "LOGIN"}, {"login", "PLAIN LOGIN", "LOGIN"}, {"plain", "LOGIN PLAIN", "PLAIN"},
		{"plain", "LOGIN", ""}, {"login", "PLAIN", ""},
	} {
		heard := make(chan string, 1)
		answers := says(banner, map[string]string{"EHLO": "250-mail.test\r\n250 AUTH " + tt.offers + "\r\n"})
		addr := targets.RawTLS(t, cfg, func(c net.Conn) {
			defer close(heard)
			answers(listened{c, heard})
		})
		f := kind.Run(t, env, addr, `{"security":"tls","auth":{"username":"probe","password":"hunter22","mechanism":"`+tt.wants+`"}}`, probetest.Short)
		if got := <-heard; got != tt.takes || (f.Reason == uptime.ReasonAuth) != (tt.takes == "") {
			t.Errorf("%s of %s: %q, %s %s", tt.wants, tt.offers, got, f.Reason, f.Detail)
		}
	}
}

// listened hears which mechanism a client takes.
type listened struct {
	net.Conn
	heard chan string
}

// Read implements [net.Conn].
func (l listened) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if rest, ok := strings.CutPrefix(string(b[:n]), "AUTH "); ok {
		mechanism, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		l.heard <- mechanism
	}
	return n, err
}
