package email_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/alert/webhookbody"
	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
	"github.com/probefleet/probefleet/services/notifier/internal/channel/email"
)

// A channel's own mail server is at no denied address, by whatever spelling.
func TestMailServersAtDeniedHosts(t *testing.T) {
	t.Parallel()
	trap := targets.NewTrap(t)
	port, err := strconv.Atoi(trap.Port)
	if err != nil {
		t.Fatal(err)
	}
	guard := egress.New(nil)
	n := webhookbody.Samples()[0]
	tried := 0
	for _, d := range targets.AllDenied() {
		if guard.CheckHost(d.Host) == nil {
			continue // a name for a resolver, which tests leave alone
		}
		tried++
		for _, security := range []string{channelspec.SecurityTLS, channelspec.SecurityStartTLS} {
			c := to("a@example.com")
			c.Email.SMTP = &channelspec.SMTP{Host: d.Host, Port: port, Security: security, From: "alerts@example.com", User: user, Pass: password}
			_, f := send(t, email.Config{Guard: guard}, c, &n)
			if f == nil || f.Class != attempt.Refused || !strings.Contains(f.Text, "blocked address") {
				t.Errorf("%s by %s: %+v", d.Host, security, f)
			}
		}
	}
	if tried < 65 {
		t.Errorf("%d hosts", tried)
	}
	trap.MustBeEmpty(t)
}
