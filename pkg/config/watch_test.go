package config_test

import (
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/config"
)

func TestPingURL(t *testing.T) {
	t.Parallel()
	for value, ok := range map[string]bool{
		"": true, "https://ping.example.com/hunter2": true, "http://10.0.0.1:8000/hunter2": true,
		"ping.example.com/hunter2": false, "ftp://ping.example.com/hunter2": false, "https:///hunter2": false, "http://%zz/hunter2": false,
	} {
		cfg, err := config.Load[struct{ config.Watch }](map[string]string{"HEALTHCHECK_PING_URL": value})
		if (err == nil) != ok {
			t.Errorf("%q: %v", value, err)
		}
		if err != nil && (strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "HEALTHCHECK_PING_URL")) {
			t.Errorf("%q: the error is %v", value, err)
		}
		if ok && cfg.PingURL.Reveal() != value {
			t.Errorf("%q is read as %q", value, cfg.PingURL.Reveal())
		}
	}
}
