package tcpprobe_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
	"github.com/probefleet/probefleet/services/worker/internal/probe/tcpprobe"
)

var kind = probetest.Kind{Kind: uptime.KindTCP, New: tcpprobe.New}

// says greets, then answers each line by f, until the client closes; an empty answer
// closes the connection.
func says(greeting string, f func(line string) string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, greeting)
		r := bufio.NewReader(c)
		for f != nil {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			answer := f(strings.TrimRight(line, "\r\n"))
			if answer == "" {
				return
			}
			_, _ = io.WriteString(c, answer)
		}
		_, _ = io.Copy(io.Discard, c)
	}
}

func steps(all ...string) string { return `{"steps":[` + strings.Join(all, ",") + `]}` }

func expect(expression string) string {
	b, _ := json.Marshal(expression)
	return fmt.Sprintf(`{"expect":%s}`, b)
}

func send(text string) string {
	b, _ := json.Marshal(text)
	return fmt.Sprintf(`{"send":%s}`, b)
}

// mailbox is an IMAP server of three commands, one of which begins TLS.
func mailbox(cfg *tls.Config) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n")
		for r := bufio.NewReader(c); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			tag, command, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch command {
			case "STARTTLS":
				_, _ = io.WriteString(c, tag+" OK begin\r\n")
				c = tls.Server(c, cfg)
				r = bufio.NewReader(c)
			case "LOGOUT":
				_, _ = io.WriteString(c, "* BYE\r\n"+tag+" OK\r\n")
				return
			}
		}
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	env := probetest.Env()
	env.Roots = ca.Pool
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, MinVersion: tls.VersionTLS12}
	untrusted := &tls.Config{Certificates: []tls.Certificate{targets.SelfSigned(t, targets.Identity{})}, MinVersion: tls.VersionTLS12}
	challenge := targets.Raw(t, says("* nonce=4711 user=eve\r\n", func(line string) string {
		if line == "4711 eve 4711 ${1}" {
			return "welcome\r\n"
		}
		return "go away: " + line + "\r\n"
	}))
	mute := targets.Raw(t, says("", nil))
	ssh := targets.Raw(t, says("SSH-2.0-OpenSSH_9.9\r\n", nil))
	binary := targets.Raw(t, says("\x00\xff\x10", func(string) string { return "\xca\xfe" }))
	reset := targets.Raw(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1))
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	})
	imap := targets.Raw(t, mailbox(cfg))
	much := targets.Raw(t, says(strings.Repeat("x", 40<<10)+"\n", nil))
	flood := targets.Raw(t, func(c net.Conn) {
		for line := []byte(strings.Repeat("x", 8<<10)); ; {
			if _, err := c.Write(line); err != nil {
				return
			}
		}
	})
	injected := targets.Raw(t, says("* OK\r\n", func(string) string { return "a OK\r\n* evil\r\n" }))
	tlsPort := targets.RawTLS(t, cfg, says("hello\r\n", nil))

	kind.Table(t, env, []probetest.Case{
		{Name: "open", Target: mute},
		{Name: "banner", Target: ssh, Settings: steps(expect(`^SSH-2\.0-`))},
		{Name: "another banner", Target: ssh, Settings: steps(expect(`^220 `)), Timeout: probetest.Short,
			Reason: uptime.ReasonAssertion, Detail: `step 1: "SSH-2.0-OpenSSH_9.9\r\n" does not match "^220 "`},
		{Name: "silence", Target: mute, Settings: steps(expect(`.`)), Timeout: probetest.Short, Reason: uptime.ReasonTimeout, Detail: "step 1: no answer"},
		{Name: "captures", Target: challenge, Settings: steps(expect(`nonce=(\d+) user=(?P<user>\w+)`), send("${1} ${user} ${1} $${1}\r\n"), expect(`^\r\n`), expect("welcome"))},
		{Name: "names outlive numbers", Target: challenge, Settings: steps(expect(`nonce=(?P<n>\d+)`), expect(`user=(\w+)`), send("${n} ${1} ${n} $${1}\r\n"), expect("welcome"))},
		{Name: "refused by the dialogue", Target: challenge, Settings: steps(expect(`nonce=`), send("mellon\r\n"), expect("welcome")), Timeout: probetest.Short,
			Reason: uptime.ReasonAssertion, Detail: `step 3: "4711 user=eve\r\ngo away: mellon`},
		{Name: "binary", Target: binary, Settings: `{"steps":[{"expect":"^00ff10$","encoding":"hex"},{"send":"0a","encoding":"hex"},{"expect":"cafe","encoding":"hex"}]}`},
		{Name: "closes", Target: targets.Raw(t, func(net.Conn) {}), Settings: steps(expect(`.`)), Reason: uptime.ReasonReset, Detail: "step 1: connection closed", Attempts: 2},
		{Name: "closes in the middle", Target: targets.Raw(t, func(c net.Conn) { _, _ = io.WriteString(c, "hel") }), Settings: steps(expect(`hello`)),
			Reason: uptime.ReasonAssertion, Detail: `"hel" does not match`},
		{Name: "resets", Target: reset, Settings: steps(send("x"), expect(`.`)), Reason: uptime.ReasonReset, Detail: "step 2: ", Attempts: 2},
		{Name: "too much to send back", Target: much, Settings: steps(expect(`(x+)\n`), send("${1}${1}")), Reason: uptime.ReasonBodyTooLarge, Detail: "longer than 64 KiB"},
		{Name: "flood", Target: flood, Settings: steps(expect(`never`)), Reason: uptime.ReasonBodyTooLarge, Detail: "more than 64 KiB"},
		{Name: "refused", Target: targets.HostPort(targets.Refused(t)), Reason: uptime.ReasonConnectRefused, Attempts: 2},
		{Name: "dropped", Target: targets.HostPort(targets.Full(t)), Timeout: probetest.Short, Reason: uptime.ReasonConnectTimeout},
		{Name: "blocked", Target: "192.168.1.1:22", Reason: uptime.ReasonBlockedTarget, Detail: "private network"},
		{Name: "metadata", Target: "169.254.169.254:80", Reason: uptime.ReasonBlockedTarget, Detail: "metadata"},
		{Name: "no lookup", Target: "nowhere.invalid:1", Reason: uptime.ReasonDNS},

		{Name: "TLS from the start", Target: tlsPort, Settings: `{"security":"tls","steps":[{"expect":"hello"}]}`},
		{Name: "TLS from the start, untrusted", Target: targets.RawTLS(t, untrusted, says("", nil)), Settings: `{"security":"tls"}`, Reason: uptime.ReasonCertUntrusted},
		{Name: "TLS to a port without", Target: ssh, Settings: `{"security":"tls"}`, Reason: uptime.ReasonTLS, Detail: "does not look like"},
		{Name: "starttls", Target: imap, Settings: steps(expect(`^\* OK`), send("a1 STARTTLS\r\n"), expect(`(?m)^a1 OK.*\r\n`), `{"starttls":true}`, send("a2 LOGOUT\r\n"), expect(`(?m)^a2 OK`))},
		{Name: "starttls, untrusted", Target: targets.Raw(t, mailbox(untrusted)), Settings: steps(expect(`^\* OK`), send("a1 STARTTLS\r\n"), expect(`(?m)^a1 OK.*\r\n`), `{"starttls":true}`),
			Reason: uptime.ReasonCertUntrusted, Detail: "step 4: "},
		{Name: "injected before TLS", Target: injected, Settings: steps(expect(`OK\r\n`), send("a STARTTLS\r\n"), expect(`a OK\r\n`), `{"starttls":true}`),
			Reason: uptime.ReasonProtocol, Detail: `went on talking before the handshake: "* evil`},

		{Name: "assertion on what it says by itself", Target: ssh, Settings: `{"assertions":[{"source":"payload","comparison":"contains","target":"OpenSSH"}]}`},
		{Name: "assertion on silence", Target: mute, Settings: `{"assertions":[{"source":"payload","comparison":"empty"}]}`, Timeout: probetest.Short},
		{Name: "assertion fails", Target: ssh, Settings: `{"assertions":[{"source":"payload","comparison":"contains","target":"dropbear"}]}`,
			Reason: uptime.ReasonAssertion, Detail: `payload is "SSH-2.0`},
		{Name: "degraded", Target: mute, Settings: `{"assertions":[{"source":"latency","comparison":"less_than","target":0,"severity":"degraded"}]}`,
			Reason: uptime.ReasonAssertion, Degraded: true, Detail: "latency total"},
		{Name: "certificate", Target: tlsPort, Settings: `{"security":"tls","assertions":[{"source":"certificate","comparison":"less_than","target":10}]}`,
			Reason: uptime.ReasonAssertion, Detail: "certificate is 90 days"},
	})
}

func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	echo := targets.Raw(t, says("", func(line string) string { return "wrong: " + line + "\r\n" }))
	for _, step := range []string{`{"send":"PASS hunter22\r\n","secret":true}`, `{"send":"504153532068756e746572323 20d0a","encoding":"hex","secret":true}`} {
		f := kind.RunUntil(t, probetest.Env(), echo, steps(step, expect("never")), probetest.Short, probetest.Because(uptime.ReasonAssertion))
		all, err := json.Marshal(f.Evidence)
		if err != nil {
			t.Fatal(err)
		}
		if f.Reason != uptime.ReasonAssertion || strings.Contains(f.Detail+string(all), "hunter22") {
			t.Errorf("%s: %s %s %s", step, f.Reason, f.Detail, all)
		}
	}
}

// A match whose captures touch the end of what came waits for the rest of a packet.
func TestCapturesAreComplete(t *testing.T) {
	t.Parallel()
	split := targets.Raw(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "nonce 12")
		time.Sleep(5 * time.Millisecond)
		_, _ = io.WriteString(c, "34\r\n")
		answer, _ := bufio.NewReader(c).ReadString('\n')
		_, _ = io.WriteString(c, "you said "+answer)
	})
	f := kind.Run(t, probetest.Env(), split, steps(expect(`nonce (\d+)`), send("${1}\n"), expect("said 1234\n")), probetest.Long)
	if f.Reason != uptime.ReasonNone {
		t.Errorf("%s %s", f.Reason, f.Detail)
	}
}

// A target that drips bytes and an expression that is slow on them do not burn a core,
// and end with the timeout.
func TestDrip(t *testing.T) {
	t.Parallel()
	drip := targets.Raw(t, func(c net.Conn) {
		_, _ = io.WriteString(c, strings.Repeat("ab", 20<<10))
		for {
			if _, err := io.WriteString(c, "a"); err != nil {
				return
			}
			time.Sleep(100 * time.Microsecond)
		}
	})
	f := kind.RunUntil(t, probetest.Env(), drip, steps(expect(`(a|b|ab)*(x|y){40}c$`)), probetest.Short, probetest.Because(uptime.ReasonAssertion))
	if f.Reason != uptime.ReasonAssertion || f.Evidence.Excerpt == "" {
		t.Errorf("%s %s", f.Reason, f.Detail)
	}
}
