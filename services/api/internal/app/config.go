package app

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
)

// Config are the api's settings.
type Config struct {
	config.Database
	config.Redis
	config.Influx
	config.Retention
	config.Shards
	config.Seal
	config.Watch
	Port           int            `env:"PORT" envDefault:"3002" desc:"where the API listens"`
	Bind           string         `env:"BIND" envDefault:"127.0.0.1" desc:"address that the API listens on; 0.0.0.0 for all"`
	PublicURL      string         `env:"PUBLIC_URL" desc:"where people reach the dashboard and clients the API" type:"URL"`
	TrustedProxies []netip.Prefix `env:"TRUSTED_PROXIES" desc:"addresses of proxies whose X-Forwarded-For is believed, as 10.0.0.0/8, comma separated; none by default"`
	SMTPHost       string         `env:"SMTP_HOST" desc:"the fleet's mail server, as the notifier has it: whether e-mail channels may do without one of their own, and with PUBLIC_URL whether people are mailed"`
	SignUp         string         `env:"SIGN_UP" envDefault:"closed" desc:"who may make an account: closed, those who are invited; open, everybody, with an organisation of their own"`
	Quotas
	Callers
	MonitorMetrics string `env:"MONITOR_METRICS" envDefault:"off" desc:"on serves the state of each monitor at /metrics/monitors, with an API key, as Prometheus reads it: some ten series a monitor"`
	First
}

// First is what a fleet is given on its first start.
type First struct {
	APIKey        config.Secret   `env:"BOOTSTRAP_API_KEY" desc:"the first API key, pf_<8 to 16 letters or digits>_<64 hexadecimal digits, say>, made while there is none"`
	AdminEmail    string          `env:"ADMIN_EMAIL" desc:"the first account, made while there is none"`
	AdminPassword config.Secret   `env:"ADMIN_PASSWORD" desc:"its password, at least 10 characters"`
	Regions       []config.Secret `env:"BOOTSTRAP_REGIONS" desc:"regions to make and enable unless they are known, as name=key, comma separated; a key is 32 bytes in base64"`
}

// Validate implements [config.Validator].
func (c *Config) Validate() error {
	var errs []error
	if c.Port < 1 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("PORT=%d is not between 1 and 65535", c.Port))
	}
	if c.MonitorMetrics != "on" && c.MonitorMetrics != "off" {
		errs = append(errs, fmt.Errorf("MONITOR_METRICS=%q is neither on nor off", c.MonitorMetrics))
	}
	if _, err := netip.ParseAddr(strings.Trim(c.Bind, "[]")); err != nil && c.Bind != "localhost" {
		errs = append(errs, fmt.Errorf("BIND=%q is not an IP address", c.Bind))
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		errs = append(errs, fmt.Errorf("PUBLIC_URL=%q does not begin with http:// or https://", c.PublicURL))
	}
	if c.SignUp != signUpOpen && c.SignUp != signUpClosed {
		errs = append(errs, fmt.Errorf("SIGN_UP=%q is neither open nor closed", c.SignUp))
	}
	return errors.Join(errs...)
}

// The values of SIGN_UP.
const (
	signUpOpen   = "open"
	signUpClosed = "closed"
)

// Validate implements [config.Validator].
func (f *First) Validate() error {
	var errs []error
	if f.APIKey != "" {
		if _, err := auth.ParseKey(f.APIKey.Reveal()); err != nil {
			errs = append(errs, fmt.Errorf("BOOTSTRAP_API_KEY: %w", err))
		}
	}
	if a, err := mail.ParseAddress(f.AdminEmail); f.AdminEmail != "" && (err != nil || a.Address != f.AdminEmail) {
		errs = append(errs, fmt.Errorf("ADMIN_EMAIL=%q is not an address", f.AdminEmail))
	}
	if n := len(f.AdminPassword.Reveal()); f.AdminEmail != "" && (n < auth.MinPassword || n > auth.MaxPassword) {
		errs = append(errs, fmt.Errorf("ADMIN_PASSWORD must have %d to %d characters", auth.MinPassword, auth.MaxPassword))
	}
	if _, err := f.regions(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// firstRegion is a region that a fleet begins with.
type firstRegion struct{ name, key string }

var regionName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// regions reads BOOTSTRAP_REGIONS. The error never shows a key.
func (f *First) regions() ([]firstRegion, error) {
	var out []firstRegion
	for i, one := range f.Regions {
		name, key, _ := strings.Cut(one.Reveal(), "=")
		if !regionName.MatchString(name) {
			return nil, fmt.Errorf("BOOTSTRAP_REGIONS: region %d has no valid name", i+1)
		}
		if name == uptime.RegionHeartbeat {
			return nil, fmt.Errorf("BOOTSTRAP_REGIONS: the name %s is reserved for the calls of heartbeats", name)
		}
		if _, err := seal.ParseKey(key); err != nil {
			return nil, fmt.Errorf("BOOTSTRAP_REGIONS: the key of %s: %w", name, err)
		}
		out = append(out, firstRegion{name, key})
	}
	return out, nil
}

// box opens and seals under the fleet's keys.
func box(keys []config.Secret) (*seal.Box, error) {
	parsed := make([]seal.Key, len(keys))
	for i, k := range keys {
		key, err := seal.ParseKey(k.Reveal())
		if err != nil {
			return nil, fmt.Errorf("SEAL_KEY: %w", err)
		}
		parsed[i] = key
	}
	return seal.New(parsed...)
}
