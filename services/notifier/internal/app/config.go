package app

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/egress"
)

// Config are the notifier's settings.
type Config struct {
	config.Database
	config.Seal
	Mail
	PublicURL  string   `env:"PUBLIC_URL" desc:"where people reach the dashboard; alerts link to it" type:"URL"`
	AllowCIDRs []string `env:"ALLOW_CIDRS" desc:"private ranges that webhooks and channels' mail servers may lie in, comma separated"`
}

// Mail is the fleet's own mail server, for e-mail channels without one.
type Mail struct {
	Host     string        `env:"SMTP_HOST" desc:"the fleet's mail server; empty: e-mail channels need one of their own"`
	Port     int           `env:"SMTP_PORT" default:"587 (starttls), 465 (tls), 25 (none)" desc:"its port"`
	Security string        `env:"SMTP_SECURITY" envDefault:"starttls" desc:"starttls, tls or none"`
	User     string        `env:"SMTP_USER" desc:"user name, if it wants one"`
	Pass     config.Secret `env:"SMTP_PASS" desc:"password"`
	From     string        `env:"SMTP_FROM" default:"SMTP_USER where that is an address, else probefleet@SMTP_HOST" desc:"sender of the mails" type:"address"`
	CA       string        `env:"SMTP_CA" desc:"certificate authority of a mail server that the system does not trust: PEM text or a file's path"`
}

// Server returns the mail server, nil without one.
func (m *Mail) Server() *channelspec.SMTP {
	if m.Host == "" {
		return nil
	}
	s := &channelspec.SMTP{
		Host: m.Host, Port: m.Port, Security: m.Security, User: m.User, Pass: m.Pass.Reveal(), From: m.From,
	}
	s.Complete()
	if s.From == "" {
		s.From = "probefleet@" + senderDomain(m.Host)
	}
	return s
}

// senderDomain is a host's name as the domain of an address; addresses of IP have none.
func senderDomain(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return "localhost"
	}
	return strings.TrimSuffix(host, ".")
}

// Validate implements [config.Validator].
func (m *Mail) Validate() error {
	s := m.Server()
	if s == nil {
		return nil
	}
	var errs []error
	for _, e := range s.Check() {
		if e.Field == "security" && s.Security == channelspec.SecurityNone {
			continue // the operator may know that the way to the server is safe
		}
		errs = append(errs, fmt.Errorf("SMTP_%s: %s", strings.ToUpper(e.Field), e.Message))
	}
	if _, err := m.roots(); err != nil {
		errs = append(errs, fmt.Errorf("SMTP_CA: %w", err))
	}
	return errors.Join(errs...)
}

// Validate implements [config.Validator].
func (c *Config) Validate() error {
	var errs []error
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			errs = append(errs, errors.New("PUBLIC_URL is not an http:// or https:// address"))
		}
	}
	if _, err := egress.ParseAllow(c.AllowCIDRs); err != nil {
		errs = append(errs, fmt.Errorf("ALLOW_CIDRS: %w", err))
	}
	return errors.Join(errs...)
}
