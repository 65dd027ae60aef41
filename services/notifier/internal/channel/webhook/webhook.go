// Package webhook delivers alerts as signed JSON to any URL, by the Standard Webhooks
// specification (https://www.standardwebhooks.com): webhook-id is the idempotency
// key, the same in every attempt, by which a receiver knows what it had already.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/alert/webhookbody"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
	"github.com/probefleet/probefleet/services/notifier/internal/post"
)

// Sender sends to webhooks.
type Sender struct {
	client *post.Client
	now    func() time.Time
}

// New returns a sender. now is the clock of webhook-timestamp.
func New(client *post.Client, now func() time.Time) *Sender {
	return &Sender{client: client, now: now}
}

// Send posts the news once. Its errors are of type [*attempt.Failure].
func (s *Sender) Send(ctx context.Context, c *channelspec.Config, n *alert.News) (*alert.Answer, error) {
	body, err := Render(c.Webhook.Template, n)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {contentType(body)}}
	stamp := s.now().Unix()
	header.Set("webhook-id", n.Key)
	header.Set("webhook-timestamp", strconv.FormatInt(stamp, 10))
	if c.Webhook.Secret != "" {
		key, err := channelspec.SigningKey(c.Webhook.Secret)
		if err != nil {
			return nil, attempt.Fail(attempt.Refused, "the secret %v", err)
		}
		header.Set("webhook-signature", Sign(key, n.Key, stamp, body))
	}
	return s.client.Post(ctx, post.Request{
		URL: c.Webhook.URL, Header: header, Body: body, Secrets: []string{c.Webhook.Secret},
	})
}

// Render returns the body: by the template, or the documented JSON without one.
func Render(template string, n *alert.News) ([]byte, error) {
	body := webhookbody.New(n)
	if template == "" {
		b, err := body.JSON()
		if err != nil {
			return nil, attempt.Fail(attempt.Refused, "cannot encode the body: %v", err)
		}
		return b, nil
	}
	t, err := webhookbody.Compile(template)
	if err != nil {
		return nil, attempt.Fail(attempt.Refused, "the template: %v", err)
	}
	b, err := t.Render(body)
	if err != nil {
		return nil, attempt.Fail(attempt.Refused, "the template: %v", err)
	}
	return b, nil
}

// Sign returns the signature of version 1: the HMAC-SHA256 over id, timestamp (Unix
// seconds) and body.
func Sign(key []byte, id string, timestamp int64, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + strconv.FormatInt(timestamp, 10) + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// contentType is JSON unless a template wrote something else.
func contentType(body []byte) string {
	if json.Valid(body) {
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}
