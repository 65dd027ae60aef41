package channelspec

import (
	"encoding/base64"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/probefleet/probefleet/pkg/alert/webhookbody"
)

// Bounds of a configuration.
const (
	maxRecipients = 50
	maxURLBytes   = 2048
	maxPassBytes  = 1024
	maxNameBytes  = 253 // of a host name, by RFC 1035
)

// SMTPNotConfigured is what an e-mail channel hears that has no mail server.
const SMTPNotConfigured = "SMTP not configured: give smtp here, or set SMTP_HOST for the fleet"

// maskGiven is said of a mask in a new configuration, or in one that changes what is
// beside the mask: there is nothing that it stands for.
const maskGiven = Mask + " stands for what is not shown, and only while all else stays: give it in full"

// list gathers errors.
type list struct{ errs Errors }

func (l *list) add(field, format string, args ...any) {
	l.errs = append(l.errs, FieldError{"config." + field, fmt.Sprintf(format, args...)})
}

// validate checks and completes a decoded configuration.
func (c *Config) validate(opt Options) Errors {
	var l list
	switch c.Kind {
	case KindEmail:
		c.Email.validate(&l, opt)
	case KindSlack:
		if text := checkURL(c.Slack.WebhookURL); text != "" {
			l.add("webhook_url", "%s", text)
		}
	case KindWebhook:
		c.Webhook.validate(&l)
	}
	return l.errs
}

func (e *Email) validate(l *list, opt Options) {
	switch {
	case len(e.To) == 0:
		l.add("to", "at least one e-mail address is needed")
	case len(e.To) > maxRecipients:
		l.add("to", "at most %d addresses", maxRecipients)
	}
	for i, to := range e.To[:min(len(e.To), maxRecipients)] {
		field := "to[" + strconv.Itoa(i) + "]"
		switch {
		case !isAddress(to):
			l.add(field, "not an e-mail address")
		case slices.Contains(e.To[:i], to):
			l.add(field, "named twice")
		}
	}
	if e.SMTP != nil {
		e.SMTP.Complete()
		for _, err := range e.SMTP.Check() {
			l.add("smtp."+err.Field, "%s", err.Message)
		}
	} else if !opt.SMTPConfigured {
		l.add("smtp", SMTPNotConfigured)
	}
}

// Complete fills in the defaults.
func (s *SMTP) Complete() {
	if s.Security == "" {
		s.Security = SecurityStartTLS
	}
	if s.Port == 0 {
		s.Port = map[string]int{SecurityTLS: 465, SecurityNone: 25}[s.Security]
		if s.Port == 0 {
			s.Port = 587
		}
	}
	if s.From == "" && isAddress(s.User) {
		s.From = s.User
	}
}

// Check returns what is wrong, with fields named within the mail server's object.
func (s *SMTP) Check() Errors {
	var errs Errors
	add := func(field, text string) { errs = append(errs, FieldError{field, text}) }
	if !isHost(s.Host) {
		add("host", "not a host name or an IP address")
	}
	if s.Port < 1 || s.Port > 65535 {
		add("port", "must be 1 to 65535")
	}
	if !slices.Contains([]string{SecurityStartTLS, SecurityTLS, SecurityNone}, s.Security) {
		add("security", "must be starttls, tls or none")
	}
	if s.User == "" && s.Pass != "" {
		add("user", "goes with pass")
	}
	if s.User != "" && s.Pass == "" {
		add("pass", "goes with user")
	}
	if s.Pass == Mask {
		add("pass", maskGiven)
	}
	if len(s.User) > maxPassBytes || len(s.Pass) > maxPassBytes {
		add("pass", "too long")
	}
	if s.Security == SecurityNone && s.Pass != "" {
		add("security", "none would send the password in the clear; use starttls or tls")
	}
	if !isAddress(s.From) {
		add("from", "not an e-mail address")
	}
	return errs
}

func (w *Webhook) validate(l *list) {
	if text := checkURL(w.URL); text != "" {
		l.add("url", "%s", text)
	}
	if w.Secret != "" {
		if _, err := SigningKey(w.Secret); err != nil {
			l.add("secret", "%s", err)
		}
	}
	if w.Template != "" {
		if _, err := webhookbody.Compile(w.Template); err != nil {
			l.add("template", "%s", err)
		}
	}
}

// SigningKey returns the bytes of a secret as Standard Webhooks writes it, with or
// without its prefix.
func SigningKey(secret string) ([]byte, error) {
	text := strings.TrimPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		key, err = base64.RawStdEncoding.DecodeString(text)
	}
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, fmt.Errorf("must be whsec_ and the base64 of 24 to 64 random bytes (openssl rand -base64 32)")
	}
	return key, nil
}

// isAddress tells whether s is a bare address, as in a@example.com.
func isAddress(s string) bool {
	if len(s) > 254 || strings.ContainsAny(s, "\r\n<> ") {
		return false
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && a.Name == ""
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return len(s) <= maxNameBytes && hostName.MatchString(s)
}

// checkURL says what is wrong with the address of a webhook; empty if nothing is.
// Whether it may be reached is the dial guard's to say, when it is dialled.
func checkURL(s string) string {
	if s == "" {
		return "is needed"
	}
	if len(s) > maxURLBytes {
		return fmt.Sprintf("longer than %d bytes", maxURLBytes)
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || strings.ContainsAny(s, " \t\r\n"):
		return "not a URL"
	case u.Scheme != "http" && u.Scheme != "https":
		return "must begin with https:// or http://"
	case u.Opaque != "" || !isHost(u.Hostname()):
		return "has no valid host"
	case u.Fragment != "":
		return "must not have a fragment"
	case strings.Contains(s, Mask):
		return maskGiven
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return "has no valid port"
		}
	}
	return ""
}
