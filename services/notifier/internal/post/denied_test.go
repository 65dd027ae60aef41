package post_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/alert/webhookbody"
	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
	"github.com/probefleet/probefleet/services/notifier/internal/channel/slack"
	"github.com/probefleet/probefleet/services/notifier/internal/channel/webhook"
	"github.com/probefleet/probefleet/services/notifier/internal/post"
)

// unresolved are the hosts of the table that are judged before any lookup: the client
// looks names up by the system's resolver, which tests leave alone.
func unresolved() []targets.Denied {
	var out []targets.Denied
	for _, d := range targets.AllDenied() {
		name := strings.ToLower(strings.TrimSuffix(d.Host, "."))
		if !d.Name || d.Spelled || name == "localhost" || strings.HasSuffix(name, ".localhost") {
			out = append(out, d)
		}
	}
	return out
}

func urlHost(host, port string) string {
	return net.JoinHostPort(strings.ReplaceAll(host, "%", "%25"), port)
}

// A channel leads to no denied address, by whatever spelling, and a refusal is final.
func TestChannelsToDeniedHosts(t *testing.T) {
	t.Parallel()
	trap := targets.NewTrap(t)
	guard := egress.New(nil)
	client := post.New(guard, "probefleet/test", 5*time.Second)
	hooks, chats := webhook.New(client, time.Now), slack.New(client)
	n := webhookbody.Samples()[0]
	all := unresolved()
	if len(all) < 65 {
		t.Errorf("%d hosts", len(all))
	}
	for _, d := range all {
		for _, a := range d.Addrs {
			if guard.Check(a) == nil {
				t.Fatalf("the guard lets %s through", d.Host)
			}
		}
		for _, scheme := range []string{"http", "https"} {
			url := fmt.Sprintf("%s://%s/services/T0/B0/x", scheme, urlHost(d.Host, trap.Port))
			for name, send := range map[string]func() (*alert.Answer, error){
				"webhook": func() (*alert.Answer, error) {
					return hooks.Send(t.Context(), &channelspec.Config{Kind: channelspec.KindWebhook, Webhook: &channelspec.Webhook{URL: url}}, &n)
				},
				"slack": func() (*alert.Answer, error) {
					return chats.Send(t.Context(), &channelspec.Config{Kind: channelspec.KindSlack, Slack: &channelspec.Slack{WebhookURL: url}}, &n)
				},
			} {
				_, err := send()
				if f := (*attempt.Failure)(nil); !errors.As(err, &f) || f.Class != attempt.Refused || !strings.Contains(f.Text, "blocked address") {
					t.Errorf("%s to %s: %v", name, url, err)
				}
			}
		}
	}
	trap.MustBeEmpty(t)
}

// What answers with a redirect is not followed, to wherever it leads.
func TestRedirectsOfChannelsAreNotFollowed(t *testing.T) {
	t.Parallel()
	trap := targets.NewTrap(t)
	world := targets.New(t, targets.Redirect(http.StatusTemporaryRedirect, "http://[::1]:"+trap.Port+"/"))
	client := post.New(egress.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}), "probefleet/test", 5*time.Second)
	_, err := client.Post(t.Context(), post.Request{URL: world.URL, Body: []byte("{}")})
	if f := (*attempt.Failure)(nil); !errors.As(err, &f) || f.Class != attempt.Refused {
		t.Errorf("a redirect: %v", err)
	}
	trap.MustBeEmpty(t)
}
