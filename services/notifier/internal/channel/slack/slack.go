// Package slack delivers alerts to Slack's incoming webhooks, and to what understands
// them: Block Kit in an attachment with a coloured bar, beside a plain text that
// notifications and other chats show.
package slack

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
	"github.com/probefleet/probefleet/services/notifier/internal/post"
)

// Sender sends to Slack.
type Sender struct{ client *post.Client }

// New returns a sender.
func New(client *post.Client) *Sender { return &Sender{client: client} }

// Send posts the news once. Its errors are of type [*attempt.Failure].
func (s *Sender) Send(ctx context.Context, c *channelspec.Config, n *alert.News) (*alert.Answer, error) {
	body, err := json.Marshal(Render(n))
	if err != nil {
		return nil, attempt.Fail(attempt.Refused, "cannot encode the message: %v", err)
	}
	secrets := []string{c.Slack.WebhookURL}
	if u, err := url.Parse(c.Slack.WebhookURL); err == nil && len(u.EscapedPath()) > 1 {
		secrets = append(secrets, u.EscapedPath(), u.Path) // the path is the token
	}
	return s.client.Post(ctx, post.Request{
		URL: c.Slack.WebhookURL, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: body, Secrets: secrets,
	})
}
