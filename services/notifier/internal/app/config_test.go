package app_test

import (
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/services/notifier/internal/app"
)

func environ(changes ...string) map[string]string {
	_, key := seal.NewKey()
	env := map[string]string{"DATABASE_URL": "postgres://u:hunter2@localhost/db", "SEAL_KEY": key}
	for i := 0; i+1 < len(changes); i += 2 {
		env[changes[i]] = changes[i+1]
	}
	return env
}

func TestMailServer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		env  map[string]string
		want *channelspec.SMTP
	}{
		{"none", environ(), nil},
		{
			"only a host", environ("SMTP_HOST", "mx.example.com"),
			&channelspec.SMTP{Host: "mx.example.com", Port: 587, Security: "starttls", From: "probefleet@mx.example.com"},
		},
		{
			"by address, in the clear, with a password", environ("SMTP_HOST", "127.0.0.1", "SMTP_SECURITY", "none", "SMTP_USER", "u", "SMTP_PASS", "p"),
			&channelspec.SMTP{Host: "127.0.0.1", Port: 25, Security: "none", User: "u", Pass: "p", From: "probefleet@localhost"},
		},
		{
			"all", environ("SMTP_HOST", "mx", "SMTP_PORT", "2465", "SMTP_SECURITY", "tls", "SMTP_USER", "a@example.com", "SMTP_PASS", "p"),
			&channelspec.SMTP{Host: "mx", Port: 2465, Security: "tls", User: "a@example.com", Pass: "p", From: "a@example.com"},
		},
	} {
		cfg, err := config.Load[app.Config](tt.env)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		got := cfg.Server()
		if (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		env  map[string]string
		want string
	}{
		{environ("SMTP_HOST", "a b"), "SMTP_HOST"},
		{environ("SMTP_HOST", "x", "SMTP_PORT", "99999"), "SMTP_PORT"},
		{environ("SMTP_HOST", "x", "SMTP_SECURITY", "ssl"), "SMTP_SECURITY"},
		{environ("SMTP_HOST", "x", "SMTP_USER", "u"), "SMTP_PASS"},
		{environ("SMTP_HOST", "x", "SMTP_FROM", "nobody"), "SMTP_FROM"},
		{environ("SMTP_HOST", "x", "SMTP_CA", "/does/not/exist"), "SMTP_CA"},
		{environ("SMTP_HOST", "x", "SMTP_CA", "-----BEGIN NOTHING"), "SMTP_CA"},
		{environ("PUBLIC_URL", "status.example.com"), "PUBLIC_URL"},
		{environ("PUBLIC_URL", "https://status.example.com?x=1"), "PUBLIC_URL"},
		{environ("ALLOW_CIDRS", "10.0.0.0/99"), "ALLOW_CIDRS"},
		{environ("SEAL_KEY", "short"), "SEAL_KEY"},
	} {
		_, err := config.Load[app.Config](tt.env)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("want an error that names %s, got %v", tt.want, err)
		}
	}
}
