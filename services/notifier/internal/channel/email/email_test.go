package email_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/alert/webhookbody"
	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/testenv/golden"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
	"github.com/probefleet/probefleet/services/notifier/internal/channel/email"
)

var loopback = egress.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")})

func fleet(box *mailbox, security string) *channelspec.SMTP {
	s := &channelspec.SMTP{Host: "localhost", Port: box.port, Security: security, From: "alerts@example.com"}
	if security != channelspec.SecurityNone {
		s.User, s.Pass = user, password
	}
	return s
}

func to(recipients ...string) *channelspec.Config {
	return &channelspec.Config{Kind: channelspec.KindEmail, Email: &channelspec.Email{To: recipients}}
}

func send(t *testing.T, cfg email.Config, c *channelspec.Config, n *alert.News) (*alert.Answer, *attempt.Failure) {
	t.Helper()
	if cfg.Timeout == 0 {
		cfg.Timeout = 5 * time.Second
	}
	answer, err := email.New(cfg).Send(context.Background(), c, n)
	if err == nil {
		return answer, nil
	}
	var f *attempt.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%v is no failure", err)
	}
	return nil, f
}

// sortedHeader sorts the fields of a mail's header, whose order says nothing and which
// the library draws from a map.
func sortedHeader(mail string) string {
	header, body, _ := strings.Cut(mail, "\n\n")
	fields := strings.Split(strings.NewReplacer("\n ", "\x00 ", "\n\t", "\x00\t").Replace(header), "\n")
	slices.Sort(fields)
	return strings.ReplaceAll(strings.Join(fields, "\n"), "\x00", "\n") + "\n\n" + body
}

func TestRenderings(t *testing.T) {
	t.Parallel()
	box, _ := newMailbox(t, plain)
	samples := webhookbody.Samples()
	combined := samples[2]
	combined.Combined = true
	for i, n := range append(samples, combined) {
		name := string(n.Event)
		if n.Combined {
			name = "combined"
		}
		if n.Event == alert.EventRecovered {
			n.ReplyTo = "ffff0123456789abcdef0123456789ab"
		}
		_, f := send(t, email.Config{Fleet: fleet(box, channelspec.SecurityNone)}, to("a@example.com", "b@example.com"), &n)
		if f != nil {
			t.Fatal(f)
		}
		got := box.taken()[i]
		golden.Check(t, name+".eml", []byte(sortedHeader(strings.ReplaceAll(got.data, "\r\n", "\n"))))
	}
}

// digest is a sample of several monitors of a website, or of many websites.
func digest(websites int) alert.News {
	n := webhookbody.Samples()[0]
	d := &alert.Digest{Event: alert.EventDown, Alerts: 3, Over: 1, Websites: 1, Monitors: 3}
	for _, name := range []string{"API", "Checkout <b>&</b>", "Mail"} {
		l := alert.DigestLine{Message: n.Message}
		l.Monitor = name
		d.Lines = append(d.Lines, l)
	}
	last := &d.Lines[2]
	last.Event, last.Until, last.Combined = alert.EventRecovered, last.Since.Add(20*time.Second), true
	if websites > 1 {
		*d = alert.Digest{Event: alert.EventDown, Alerts: websites, Websites: websites, Monitors: websites, OneCause: true}
		for i := range alert.MaxDigestLines {
			l := alert.DigestLine{Message: n.Message}
			l.Website = fmt.Sprintf("site %d", i+1)
			d.Lines = append(d.Lines, l)
		}
	}
	n.Digest = d
	return n
}

func TestDigests(t *testing.T) {
	t.Parallel()
	box, _ := newMailbox(t, plain)
	for i, name := range []string{"digest.eml", "storm.eml"} {
		n := digest([]int{1, 57}[i])
		if _, f := send(t, email.Config{Fleet: fleet(box, channelspec.SecurityNone)}, to("a@example.com"), &n); f != nil {
			t.Fatal(f)
		}
		golden.Check(t, name, []byte(sortedHeader(strings.ReplaceAll(box.taken()[i].data, "\r\n", "\n"))))
	}
}

func TestSecurityAndAuthentication(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		mode     mode
		security string
		wantTLS  bool
		wantUser string
	}{
		{"plain", plain, channelspec.SecurityNone, false, ""},
		{"starttls", startTLS, channelspec.SecurityStartTLS, true, user},
		{"tls", fullTLS, channelspec.SecurityTLS, true, user},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			box, trust := newMailbox(t, tt.mode)
			n := webhookbody.Samples()[0]
			answer, f := send(t, email.Config{Fleet: fleet(box, tt.security), TLS: trust}, to("a@example.com"), &n)
			if f != nil {
				t.Fatal(f)
			}
			if answer.Code != 250 || answer.Text == "" {
				t.Errorf("answer %+v", answer)
			}
			got := box.taken()
			if len(got) != 1 || got[0].tls != tt.wantTLS || got[0].user != tt.wantUser || got[0].from != "alerts@example.com" ||
				!slices.Equal(got[0].to, []string{"a@example.com"}) {
				t.Errorf("mails %+v", got)
			}
		})
	}
}

func TestTheOperatorMayAuthenticateInTheClear(t *testing.T) {
	t.Parallel()
	box, _ := newMailbox(t, plain)
	server := fleet(box, channelspec.SecurityNone)
	server.User, server.Pass = user, password
	n := webhookbody.Samples()[0]
	if _, f := send(t, email.Config{Fleet: server}, to("a@example.com"), &n); f != nil {
		t.Fatal(f)
	}
	if got := box.taken(); got[0].user != user {
		t.Errorf("mail %+v", got[0])
	}
}

func TestAChannelsOwnServerIsUsedBehindTheGuard(t *testing.T) {
	t.Parallel()
	own, trust := newMailbox(t, startTLS)
	c := to("a@example.com")
	c.Email.SMTP = fleet(own, channelspec.SecurityStartTLS)
	n := webhookbody.Samples()[0]
	if _, f := send(t, email.Config{Guard: loopback, TLS: trust}, c, &n); f != nil {
		t.Fatal(f)
	}
	if len(own.taken()) != 1 {
		t.Error("the channel's server got nothing")
	}
	_, f := send(t, email.Config{Guard: egress.New(nil), TLS: trust}, c, &n)
	if f == nil || f.Class != attempt.Refused || !strings.Contains(f.Text, "blocked address") {
		t.Errorf("without ALLOW_CIDRS: %+v", f)
	}
	if _, f = send(t, email.Config{}, to("a@example.com"), &n); f == nil || f.Class != attempt.Refused || f.Text != channelspec.SMTPNotConfigured {
		t.Errorf("without any server: %+v", f)
	}
}

func TestAMailThreadsUnderTheFirstOfItsIncident(t *testing.T) {
	t.Parallel()
	box, _ := newMailbox(t, plain)
	down, up := webhookbody.Samples()[0], webhookbody.Samples()[2]
	down.Key, up.Key = "downkey", "upkey"
	down.ReplyTo, up.ReplyTo = "downkey", "downkey"
	for _, n := range []*alert.News{&down, &up, &up} {
		if _, f := send(t, email.Config{Fleet: fleet(box, channelspec.SecurityNone)}, to("a@example.com"), n); f != nil {
			t.Fatal(f)
		}
	}
	var got [][2]string
	for _, m := range box.taken() {
		parsed, err := mail.ReadMessage(strings.NewReader(m.data))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, [2]string{parsed.Header.Get("Message-ID"), parsed.Header.Get("In-Reply-To")})
	}
	want := [][2]string{
		{"<downkey@example.com>", ""}, {"<upkey@example.com>", "<downkey@example.com>"}, {"<upkey@example.com>", "<downkey@example.com>"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Message-ID and In-Reply-To (-want +got):\n%s", diff)
	}
}

func TestOneRefusedRecipientDoesNotKeepTheMailFromTheOthers(t *testing.T) {
	t.Parallel()
	box, _ := newMailbox(t, plain)
	box.onRcpt = func(to string) error {
		if strings.HasPrefix(to, "gone") {
			return reply(550, "no such user")
		}
		return nil
	}
	n := webhookbody.Samples()[0]
	answer, f := send(t, email.Config{Fleet: fleet(box, channelspec.SecurityNone)}, to("gone@example.com", "a@example.com"), &n)
	if f != nil {
		t.Fatal(f)
	}
	if !strings.Contains(answer.Text, "refused: gone@example.com: 550") {
		t.Errorf("answer %q does not name who was refused", answer.Text)
	}
	if got := box.taken(); len(got) != 1 || !slices.Equal(got[0].to, []string{"a@example.com"}) {
		t.Errorf("mails %+v", got)
	}
}

func TestFailuresAreClassedAndTellNoPassword(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		breaks func(*mailbox, *channelspec.SMTP)
		class  attempt.Class
		code   int
	}{
		{"busy greeting", func(b *mailbox, _ *channelspec.SMTP) { b.onConnect = func() error { return reply(421, "later") } }, attempt.Transient, 421},
		{"wrong password", func(_ *mailbox, s *channelspec.SMTP) { s.Pass = "wrong-password" }, attempt.Refused, 535},
		{"sender refused", func(b *mailbox, _ *channelspec.SMTP) { b.onFrom = func() error { return reply(553, "not you") } }, attempt.Refused, 553},
		{"greylisted", func(b *mailbox, _ *channelspec.SMTP) {
			b.onRcpt = func(string) error { return reply(451, "come back") }
		}, attempt.Transient, 451},
		{"no recipient", func(b *mailbox, _ *channelspec.SMTP) {
			b.onRcpt = func(string) error { return reply(550, "no such user") }
		}, attempt.Refused, 550},
		{"content refused", func(b *mailbox, _ *channelspec.SMTP) { b.onData = func() error { return reply(554, "spam") } }, attempt.Refused, 554},
		{"content later", func(b *mailbox, _ *channelspec.SMTP) { b.onData = func() error { return reply(452, "disk full") } }, attempt.Transient, 452},
		{"no STARTTLS", func(_ *mailbox, s *channelspec.SMTP) { s.Security = channelspec.SecurityTLS }, attempt.Transient, 0},
		{"nobody listens", func(_ *mailbox, s *channelspec.SMTP) { s.Port = 1 }, attempt.Transient, 0},
		{"unknown host", func(_ *mailbox, s *channelspec.SMTP) { s.Host = "nowhere.invalid" }, attempt.Transient, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			box, trust := newMailbox(t, startTLS)
			server := fleet(box, channelspec.SecurityStartTLS)
			tt.breaks(box, server)
			n := webhookbody.Samples()[0]
			_, f := send(t, email.Config{Fleet: server, TLS: trust}, to("a@example.com"), &n)
			if f == nil {
				t.Fatal("it was sent")
			}
			code, text := 0, f.Text
			if f.Answer != nil {
				code, text = f.Answer.Code, text+f.Answer.Text
			}
			if f.Class != tt.class || code != tt.code {
				t.Errorf("%+v (code %d), want %v and code %d", f, code, tt.class, tt.code)
			}
			if strings.Contains(text, server.Pass) {
				t.Errorf("it tells the password: %s", text)
			}
			if len(box.taken()) != 0 {
				t.Error("the server took a mail")
			}
		})
	}
}

func TestACertificateOfNobodyIsNotTrusted(t *testing.T) {
	t.Parallel()
	box, _ := newMailbox(t, startTLS)
	n := webhookbody.Samples()[0]
	_, f := send(t, email.Config{Fleet: fleet(box, channelspec.SecurityStartTLS), TLS: &tls.Config{MinVersion: tls.VersionTLS12}}, to("a@example.com"), &n)
	if f == nil || !strings.Contains(f.Text, "certificate") || len(box.taken()) != 0 {
		t.Errorf("%+v", f)
	}
}

func TestAServerThatHangsIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // it takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	server := &channelspec.SMTP{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, Security: channelspec.SecurityNone, From: "a@example.com"}
	n := webhookbody.Samples()[0]
	_, f := send(t, email.Config{Fleet: server, Timeout: 200 * time.Millisecond}, to("a@example.com"), &n)
	if f == nil || f.Class != attempt.Transient || !strings.HasPrefix(f.Text, "no answer in time") {
		t.Errorf("%+v", f)
	}
}
