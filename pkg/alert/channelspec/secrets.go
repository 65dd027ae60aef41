package channelspec

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// secretHalf is what is sealed: the fields that [Config.Public] masks.
type secretHalf struct {
	Pass       string `json:"pass,omitempty"`
	WebhookURL string `json:"webhook_url,omitempty"`
	URL        string `json:"url,omitempty"`
	Secret     string `json:"secret,omitempty"`
}

// Public returns what may be shown and stored in the clear: secrets are masked, of
// URLs with secrets in them only what is none is left.
func (c *Config) Public() (json.RawMessage, error) {
	shown := any(nil)
	switch c.Kind {
	case KindEmail:
		e := *c.Email
		if e.SMTP != nil {
			smtp := *e.SMTP
			smtp.Pass = masked(smtp.Pass)
			e.SMTP = &smtp
		}
		shown = e
	case KindSlack:
		shown = Slack{WebhookURL: maskedHook(c.Slack.WebhookURL)}
	case KindWebhook:
		w := *c.Webhook
		w.URL, w.Secret = maskedURL(w.URL), masked(w.Secret)
		shown = w
	}
	b, err := json.Marshal(shown)
	if err != nil {
		return nil, fmt.Errorf("encode configuration: %w", err)
	}
	return b, nil
}

// Split returns the public half and the sealed secret half of a channel's
// configuration. What was sealed opens only for the same tenant and channel.
func Split(box *seal.Box, org, channel uptime.ID, c Config) (public json.RawMessage, sealed []byte, err error) {
	public, err = c.Public()
	if err != nil {
		return nil, nil, err
	}
	var s secretHalf
	switch c.Kind {
	case KindEmail:
		if c.Email.SMTP != nil {
			s.Pass = c.Email.SMTP.Pass
		}
	case KindSlack:
		s.WebhookURL = c.Slack.WebhookURL
	case KindWebhook:
		s.URL, s.Secret = c.Webhook.URL, c.Webhook.Secret
	}
	if s == (secretHalf{}) {
		return public, nil, nil
	}
	plain, err := json.Marshal(s) //nolint:gosec // G117: it is sealed two lines below
	if err != nil {
		return nil, nil, fmt.Errorf("encode secrets: %w", err)
	}
	return public, box.Seal(plain, place(org, channel)...), nil
}

// Join puts the halves together again. It does not validate: what was valid when it
// was stored stays in use.
func Join(box *seal.Box, org, channel uptime.ID, kind string, public json.RawMessage, sealed []byte) (Config, error) {
	c, ok := empty(kind)
	if !ok {
		return Config{}, fmt.Errorf("unknown kind of channel %q", kind)
	}
	if err := json.Unmarshal(public, c.fields()); err != nil {
		return Config{}, fmt.Errorf("configuration of channel %s: %w", channel, err)
	}
	var s secretHalf
	if len(sealed) > 0 {
		plain, err := box.Open(sealed, place(org, channel)...)
		if err != nil {
			return Config{}, fmt.Errorf("secrets of channel %s: %w", channel, err)
		}
		if err := json.Unmarshal(plain, &s); err != nil {
			return Config{}, fmt.Errorf("secrets of channel %s do not decode", channel)
		}
	}
	switch c.Kind {
	case KindEmail:
		if c.Email.SMTP != nil {
			c.Email.SMTP.Pass = s.Pass
		}
	case KindSlack:
		c.Slack.WebhookURL = s.WebhookURL
	case KindWebhook:
		c.Webhook.URL, c.Webhook.Secret = s.URL, s.Secret
	}
	return c, nil
}

func place(org, channel uptime.ID) []string {
	return []string{org.String(), channel.String(), "secrets"}
}

func masked(s string) string {
	if s == "" {
		return ""
	}
	return Mask
}

// maskedHook leaves scheme and host of a chat's webhook: its path is the secret.
func maskedHook(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return masked(s)
	}
	return u.Scheme + "://" + u.Host + "/" + Mask
}

// maskedURL masks the user part and the query's values, where tokens are kept.
func maskedURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return masked(s)
	}
	user := ""
	if u.User != nil {
		user = Mask + "@"
	}
	var query strings.Builder
	if u.RawQuery != "" {
		query.WriteByte('?')
		for i, part := range strings.Split(u.RawQuery, "&") {
			if i > 0 {
				query.WriteByte('&')
			}
			name, _, hasValue := strings.Cut(part, "=")
			if !hasValue {
				name = "" // a bare token
			} else {
				name += "="
			}
			query.WriteString(name + Mask)
		}
	}
	return u.Scheme + "://" + user + u.Host + u.EscapedPath() + query.String()
}
