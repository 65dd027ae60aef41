package channelspec_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert/channelspec"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func TestParseFillsDefaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind, config string
		want         channelspec.Config
	}{
		{"email", `{"to": ["a@example.com"]}`, channelspec.Config{Kind: "email", Email: &channelspec.Email{To: []string{"a@example.com"}}}},
		{
			"email", `{"to": ["a@example.com"], "smtp": {"host": "mx.example.com", "user": "me@example.com", "pass": "hunter2"}}`,
			channelspec.Config{Kind: "email", Email: &channelspec.Email{To: []string{"a@example.com"}, SMTP: &channelspec.SMTP{
				Host: "mx.example.com", Port: 587, Security: "starttls", User: "me@example.com", Pass: "hunter2", From: "me@example.com",
			}}},
		},
		{
			"email", `{"to": ["a@example.com"], "smtp": {"host": "10.0.0.1", "security": "none", "from": "f@example.com"}}`,
			channelspec.Config{Kind: "email", Email: &channelspec.Email{To: []string{"a@example.com"}, SMTP: &channelspec.SMTP{
				Host: "10.0.0.1", Port: 25, Security: "none", From: "f@example.com",
			}}},
		},
		{
			"slack", `{"webhook_url": "https://hooks.slack.com/services/T0/B0/x"}`,
			channelspec.Config{Kind: "slack", Slack: &channelspec.Slack{WebhookURL: "https://hooks.slack.com/services/T0/B0/x"}},
		},
		{
			"webhook", `{"url": "http://127.0.0.1:8080/in?a=b", "secret": "` + secret + `", "template": "{{json .data.title}}"}`,
			channelspec.Config{Kind: "webhook", Webhook: &channelspec.Webhook{
				URL: "http://127.0.0.1:8080/in?a=b", Secret: secret, Template: "{{json .data.title}}",
			}},
		},
	}
	for _, tt := range tests {
		got, err := channelspec.Parse(tt.kind, json.RawMessage(tt.config), channelspec.Options{SMTPConfigured: true})
		if err != nil {
			t.Errorf("%s: %v", tt.config, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.config, diff)
		}
	}
}

func TestParsePointsAtTheField(t *testing.T) {
	t.Parallel()
	tests := []struct{ kind, config, want string }{
		{"pager", `{}`, "kind: must be one of email, slack, webhook"},
		{"email", ``, "config: must be an object"},
		{"email", `null`, "config: must be an object"},
		{"email", `[]`, "config: must be an object"},
		{"email", `{"to": `, "config: not valid JSON"},
		{"email", `{"to": ["a@example.com"]} {}`, "config: must be one object"},
		{"email", `{"to": "a@example.com"}`, "config.to: must be a list"},
		{"email", `{"to": [1]}`, "config.to: must be a string"},
		{"email", `{"to": []}`, "config.to: at least one e-mail address is needed"},
		{"email", `{"to": ["a@example.com"], "cc": []}`, "config.cc: unknown field"},
		{"email", `{"to": ["nobody"]}`, "config.to[0]: not an e-mail address"},
		{"email", `{"to": ["Me <a@example.com>"]}`, "config.to[0]: not an e-mail address"},
		{"email", `{"to": ["a@example.com\r\nBcc: x@example.com"]}`, "config.to[0]: not an e-mail address"},
		{"email", `{"to": ["a@example.com", "a@example.com"]}`, "config.to[1]: named twice"},
		{"email", `{"to": ["a@example.com"], "smtp": {"host": "x", "from": "a@example.com", "port": 70000}}`, "config.smtp.port: must be 1 to 65535"},
		{"email", `{"to": ["a@example.com"], "smtp": {"host": "x", "from": "a@example.com", "port": "25"}}`, "config.smtp.port: must be a whole number"},
		{"email", `{"to": ["a@example.com"], "smtp": {"host": "x y", "from": "a@example.com"}}`, "config.smtp.host: not a host name or an IP address"},
		{"email", `{"to": ["a@example.com"], "smtp": {"host": "x", "security": "ssl", "from": "a@example.com"}}`, "config.smtp.security: must be starttls, tls or none"},
		{"email", `{"to": ["a@example.com"], "smtp": {"host": "x"}}`, "config.smtp.from: not an e-mail address"},
		{"email", `{"to": ["a@example.com"], "smtp": {"host": "x", "from": "a@example.com", "user": "u"}}`, "config.smtp.pass: goes with user"},
		{
			"email", `{"to": ["a@example.com"], "smtp": {"host": "x", "from": "a@example.com", "user": "u", "pass": "p", "security": "none"}}`,
			"config.smtp.security: none would send the password in the clear; use starttls or tls",
		},
		{"slack", `{}`, "config.webhook_url: is needed"},
		{"slack", `{"webhook_url": "hooks.slack.com/x"}`, "config.webhook_url: must begin with https:// or http://"},
		{"webhook", `{"url": "https://"}`, "config.url: has no valid host"},
		{"webhook", `{"url": "https://exa mple.com"}`, "config.url: not a URL"},
		{"webhook", `{"url": "https://example.com:99999/"}`, "config.url: has no valid port"},
		{"webhook", `{"url": "https://example.com/#x"}`, "config.url: must not have a fragment"},
		{"webhook", `{"url": "ftp://example.com"}`, "config.url: must begin with https:// or http://"},
		{"webhook", `{"url": "https://example.com", "secret": "short"}`, "config.secret: must be whsec_ and the base64 of 24 to 64 random bytes (openssl rand -base64 32)"},
		{"webhook", `{"url": "https://example.com", "template": "{{.nope}}"}`, "config.template: "},
	}
	for _, tt := range tests {
		_, err := channelspec.Parse(tt.kind, json.RawMessage(tt.config), channelspec.Options{SMTPConfigured: true})
		var errs channelspec.Errors
		if !errors.As(err, &errs) || len(errs) != 1 || !strings.HasPrefix(err.Error(), tt.want) || tt.want[len(tt.want)-1] != ' ' && err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.config, err, tt.want)
		}
	}
}

func TestEmailNeedsAMailServer(t *testing.T) {
	t.Parallel()
	_, err := channelspec.Parse("email", json.RawMessage(`{"to": ["a@example.com"]}`), channelspec.Options{})
	if err == nil || !strings.Contains(err.Error(), "config.smtp: SMTP not configured") {
		t.Errorf("without any mail server: %v", err)
	}
	own := `{"to": ["a@example.com"], "smtp": {"host": "mx.example.com", "from": "f@example.com"}}`
	if _, err := channelspec.Parse("email", json.RawMessage(own), channelspec.Options{}); err != nil {
		t.Errorf("with one of its own: %v", err)
	}
}

func TestAllErrorsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := channelspec.Parse("email", json.RawMessage(`{"to": ["x", "y"], "smtp": {"port": -1}}`), channelspec.Options{})
	var errs channelspec.Errors
	if !errors.As(err, &errs) {
		t.Fatal(err)
	}
	var fields []string
	for _, e := range errs {
		fields = append(fields, e.Field)
	}
	want := []string{"config.to[0]", "config.to[1]", "config.smtp.host", "config.smtp.port", "config.smtp.from"}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("email", `{"to": ["a@example.com"], "smtp": {"host": "x", "from": "a@example.com"}}`)
	f.Add("slack", `{"webhook_url": "https://hooks.slack.com/services/T0/B0/x"}`)
	f.Add("webhook", `{"url": "https://u:p@example.com/?token=abc", "secret": "`+secret+`"}`)
	f.Fuzz(func(t *testing.T, kind, config string) {
		c, err := channelspec.Parse(kind, json.RawMessage(config), channelspec.Options{SMTPConfigured: true})
		if err != nil {
			return
		}
		public, err := c.Public()
		if err != nil {
			t.Fatal(err)
		}
		again, err := channelspec.Merge(c, public, channelspec.Options{SMTPConfigured: true})
		if err != nil {
			t.Fatalf("what is shown cannot be given back: %v", err)
		}
		if diff := cmp.Diff(c, again); diff != "" {
			t.Errorf("giving back what is shown changes (-want +got):\n%s", diff)
		}
	})
}
