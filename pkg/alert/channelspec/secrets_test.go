package channelspec_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func parse(t *testing.T, kind, config string) channelspec.Config {
	t.Helper()
	c, err := channelspec.Parse(kind, json.RawMessage(config), channelspec.Options{SMTPConfigured: true})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var withSecrets = []struct {
	kind, config, public string
	secrets              []string
}{
	{
		"email", `{"to": ["a@example.com"], "smtp": {"host": "mx.example.com", "user": "u", "pass": "hunter2", "from": "f@example.com"}}`,
		`{"to":["a@example.com"],"smtp":{"host":"mx.example.com","port":587,"security":"starttls","user":"u","pass":"***","from":"f@example.com"}}`,
		[]string{"hunter2"},
	},
	{
		"slack", `{"webhook_url": "https://hooks.slack.com/services/T0/B0/tok"}`, `{"webhook_url":"https://hooks.slack.com/***"}`,
		[]string{"T0", "tok"},
	},
	{
		"webhook", `{"url": "https://me:pw123@example.com/in/x?token=abcdef&v=1&bare", "secret": "` + secret + `"}`,
		`{"url":"https://***@example.com/in/x?token=***\u0026v=***\u0026***","secret":"***"}`,
		[]string{"pw123", "abcdef", "bare", secret, secret[6:]},
	},
}

func TestSecretsAreSealedAndMasked(t *testing.T) {
	t.Parallel()
	key, _ := seal.NewKey()
	box, err := seal.New(key)
	if err != nil {
		t.Fatal(err)
	}
	org, channel := uptime.ID{1}, uptime.ID{2}
	for _, tt := range withSecrets {
		c := parse(t, tt.kind, tt.config)
		public, sealed, err := channelspec.Split(box, org, channel, c)
		if err != nil {
			t.Fatal(err)
		}
		if string(public) != tt.public {
			t.Errorf("%s: shown as %s, want %s", tt.kind, public, tt.public)
		}
		for _, s := range tt.secrets {
			if strings.Contains(string(public), s) || strings.Contains(string(sealed), s) {
				t.Errorf("%s: %q can be read", tt.kind, s)
			}
		}
		got, err := channelspec.Join(box, org, channel, tt.kind, public, sealed)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, got); diff != "" {
			t.Errorf("%s: joined (-want +got):\n%s", tt.kind, diff)
		}
		if _, err := channelspec.Join(box, uptime.ID{3}, channel, tt.kind, public, sealed); err == nil {
			t.Errorf("%s: the secrets open for another tenant", tt.kind)
		}
		if _, err := channelspec.Join(box, org, uptime.ID{3}, tt.kind, public, sealed); err == nil {
			t.Errorf("%s: the secrets open for another channel", tt.kind)
		}
	}
}

func TestMergeKeepsWhatIsNotGiven(t *testing.T) {
	t.Parallel()
	opt := channelspec.Options{SMTPConfigured: true}
	for _, tt := range withSecrets {
		c := parse(t, tt.kind, tt.config)
		for _, patch := range []string{`{}`, tt.public} {
			got, err := channelspec.Merge(c, json.RawMessage(patch), opt)
			if err != nil {
				t.Errorf("%s with %s: %v", tt.kind, patch, err)
				continue
			}
			if diff := cmp.Diff(c, got); diff != "" {
				t.Errorf("%s with %s changes (-want +got):\n%s", tt.kind, patch, diff)
			}
		}
	}
	email := parse(t, withSecrets[0].kind, withSecrets[0].config)
	got, err := channelspec.Merge(email, json.RawMessage(`{"to": ["b@example.com"], "smtp": {"pass": "new", "port": 2525}}`), opt)
	if err != nil {
		t.Fatal(err)
	}
	want := *email.Email.SMTP
	want.Pass, want.Port = "new", 2525
	if diff := cmp.Diff(&channelspec.Email{To: []string{"b@example.com"}, SMTP: &want}, got.Email); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	got, err = channelspec.Merge(email, json.RawMessage(`{"smtp": {"host": "MX.example.com"}}`), opt)
	if err != nil || got.Email.SMTP.Pass != "hunter2" {
		t.Errorf("the same host in other letters: %+v, %v", got.Email, err)
	}
	if got, err = channelspec.Merge(email, json.RawMessage(`{"smtp": null}`), opt); err != nil || got.Email.SMTP != nil {
		t.Errorf("null does not remove: %+v, %v", got.Email, err)
	}
	if _, err := channelspec.Merge(email, json.RawMessage(`{"bogus": 1}`), opt); err == nil {
		t.Error("an unknown field is merged")
	}
	if _, err := channelspec.Merge(email, json.RawMessage(`[]`), opt); err == nil {
		t.Error("a list is merged")
	}
}

// A secret that is not given again stays where it was meant for, and what stands for one
// is never taken for the secret itself.
func TestSecretsDoNotMove(t *testing.T) {
	t.Parallel()
	opt := channelspec.Options{SMTPConfigured: true}
	for _, tt := range []struct{ name, kind, config, patch, field string }{
		{"password, left out", "email", withSecrets[0].config, `{"smtp": {"host": "mx.example.net"}}`, "config.smtp.pass"},
		{"password, masked", "email", withSecrets[0].config, `{"smtp": {"host": "mx.example.net", "pass": "***"}}`, "config.smtp.pass"},
		{"mask as a new password", "email", `{"to": ["a@example.com"]}`, `{"smtp": {"host": "mx.example.net", "user": "u@example.net", "pass": "***"}}`, "config.smtp.pass"},
		{"token, masked", "webhook", withSecrets[2].config, `{"url": "https://example.net/in/x?token=***"}`, "config.url"},
		{"token of another path, masked", "webhook", withSecrets[2].config, `{"url": "https://example.com/in/y?token=***"}`, "config.url"},
		{"address, masked", "slack", withSecrets[1].config, `{"webhook_url": "https://hooks.example.net/***"}`, "config.webhook_url"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parse(t, tt.kind, tt.config)
			_, err := channelspec.Merge(c, json.RawMessage(tt.patch), opt)
			var errs channelspec.Errors
			if !errors.As(err, &errs) || len(errs) != 1 || errs[0].Field != tt.field {
				t.Errorf("merged: %v, want an error of %s", err, tt.field)
			}
		})
	}
	email := parse(t, "email", withSecrets[0].config)
	if _, err := channelspec.Merge(email, json.RawMessage(`{"smtp": {"host": "mx.example.net", "pass": "another"}}`), opt); err != nil {
		t.Errorf("with a new password: %v", err)
	}
}
