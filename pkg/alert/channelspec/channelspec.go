// Package channelspec owns what a channel's configuration looks like: the fields of
// each kind, their validation with errors that point at the field, and which of them
// are secret. A configuration is split before it is stored: the public half may be
// shown (secrets in it are masked), the secret half is sealed.
package channelspec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Kind is a kind of channel.
type Kind string

// The kinds.
const (
	KindEmail   Kind = "email"
	KindSlack   Kind = "slack"
	KindWebhook Kind = "webhook"
)

// ForPeople tells whether people read the channel, rather than a machine.
func (k Kind) ForPeople() bool { return k == KindEmail || k == KindSlack }

// Kinds are all kinds that there are.
var Kinds = []Kind{KindEmail, KindSlack, KindWebhook}

// Mask stands for a secret wherever a configuration is shown. Given back in a
// change, it means "as it was".
const Mask = "***"

// Email sends to mailboxes, by a mail server of its own or by the fleet's.
type Email struct {
	To   []string `json:"to"`
	SMTP *SMTP    `json:"smtp,omitempty"`
}

// SMTP is a mail server. Pass is secret.
type SMTP struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`     // default 587, 465 with tls, 25 with none
	Security string `json:"security"` // starttls (default), tls, none
	User     string `json:"user,omitempty"`
	Pass     string `json:"pass,omitempty"`
	From     string `json:"from"` // default: the user, where that is an address
}

// The values of [SMTP.Security].
const (
	SecurityStartTLS = "starttls"
	SecurityTLS      = "tls"
	SecurityNone     = "none"
)

// Slack posts to an incoming webhook of Slack, or of what understands the same.
type Slack struct {
	WebhookURL string `json:"webhook_url"` // secret: whoever has it may post
}

// Webhook posts JSON to any URL.
type Webhook struct {
	URL string `json:"url"` // its query and user part are secret
	// Secret signs by Standard Webhooks: "whsec_" and the base64 of 24 to 64 bytes.
	Secret   string `json:"secret,omitempty"`
	Template string `json:"template,omitempty"`
}

// Config is a valid configuration: exactly the pointer of its kind is set.
type Config struct {
	Kind    Kind
	Email   *Email
	Slack   *Slack
	Webhook *Webhook
}

// FieldError says what is wrong with one field, named by its path from the request's
// body: "config.to[0]".
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (e FieldError) Error() string { return e.Field + ": " + e.Message }

// Errors are all that is wrong with a configuration.
type Errors []FieldError

func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, f := range e {
		texts[i] = f.Error()
	}
	return strings.Join(texts, "; ")
}

// Options are what validation has to know of the fleet.
type Options struct {
	// SMTPConfigured tells that the fleet has a mail server, so that an e-mail
	// channel needs none of its own.
	SMTPConfigured bool
}

// maxConfigBytes bounds a configuration; the template is the largest part.
const maxConfigBytes = 64 << 10

// Parse reads and checks a configuration as its user wrote it. Defaults are filled
// in. The error is [Errors].
func Parse(kind string, config json.RawMessage, opt Options) (Config, error) {
	c, errs := decode(kind, config)
	if errs == nil {
		errs = c.validate(opt)
	}
	if len(errs) > 0 {
		return Config{}, errs
	}
	return c, nil
}

// Merge reads a change (a JSON merge patch, RFC 7396) of a configuration: fields that
// it leaves out, and secrets that it gives as they are shown, stay as they were; null
// removes one.
func Merge(old Config, patch json.RawMessage, opt Options) (Config, error) {
	full, err := json.Marshal(old.fields())
	if err != nil {
		return Config{}, fmt.Errorf("encode configuration: %w", err)
	}
	shown, err := old.Public()
	if err != nil {
		return Config{}, err
	}
	var was, mask, change map[string]any
	if json.Unmarshal(full, &was) != nil || json.Unmarshal(shown, &mask) != nil {
		return Config{}, errors.New("a stored configuration does not decode")
	}
	if len(patch) > maxConfigBytes {
		return Config{}, Errors{{"config", "too long"}}
	}
	if err := json.Unmarshal(patch, &change); err != nil {
		return Config{}, Errors{{"config", "must be an object"}}
	}
	merged, err := json.Marshal(mergePatch(was, mask, change))
	if err != nil {
		return Config{}, fmt.Errorf("encode configuration: %w", err)
	}
	c, err := Parse(string(old.Kind), merged, opt)
	if err != nil {
		return Config{}, err
	}
	return c, old.keptBy(&c)
}

// keptBy refuses that a password, which the writer of a change may not know, goes to
// another mail server than the one that it was given for.
func (c *Config) keptBy(next *Config) error {
	if c.Email == nil || c.Email.SMTP == nil || next.Email.SMTP == nil {
		return nil
	}
	was, is := c.Email.SMTP, next.Email.SMTP
	if is.Pass != "" && is.Pass == was.Pass && !strings.EqualFold(is.Host, was.Host) {
		return Errors{{"config.smtp.pass", "must be given again, as it was given for another host"}}
	}
	return nil
}

// mergePatch applies change to was; a value equal to the mask of a field that is
// masked leaves the field as it was.
func mergePatch(was, mask, change map[string]any) map[string]any {
	for name, value := range change {
		switch value := value.(type) {
		case nil:
			delete(was, name)
		case map[string]any:
			wasMap, _ := was[name].(map[string]any)
			maskMap, _ := mask[name].(map[string]any)
			if wasMap == nil {
				wasMap = map[string]any{}
			}
			was[name] = mergePatch(wasMap, maskMap, value)
		case string:
			if _, kept := was[name]; !kept || mask[name] != value {
				was[name] = value
			}
		default:
			was[name] = value
		}
	}
	return was
}

// fields returns the configuration of its kind.
func (c *Config) fields() any {
	switch c.Kind {
	case KindEmail:
		return c.Email
	case KindSlack:
		return c.Slack
	case KindWebhook:
		return c.Webhook
	}
	return nil
}

// empty returns a configuration of a kind with nothing in it.
func empty(kind string) (Config, bool) {
	c := Config{Kind: Kind(kind)}
	switch c.Kind {
	case KindEmail:
		c.Email = new(Email)
	case KindSlack:
		c.Slack = new(Slack)
	case KindWebhook:
		c.Webhook = new(Webhook)
	default:
		return Config{}, false
	}
	return c, true
}

func decode(kind string, config json.RawMessage) (Config, Errors) {
	c, ok := empty(kind)
	if !ok {
		names := make([]string, len(Kinds))
		for i, k := range Kinds {
			names[i] = string(k)
		}
		return c, Errors{{"kind", "must be one of " + strings.Join(names, ", ")}}
	}
	if len(config) > maxConfigBytes {
		return c, Errors{{"config", "too long"}}
	}
	if trimmed := bytes.TrimSpace(config); len(trimmed) == 0 || trimmed[0] != '{' {
		return c, Errors{{"config", "must be an object"}}
	}
	dec := json.NewDecoder(bytes.NewReader(config))
	dec.DisallowUnknownFields()
	if err := dec.Decode(c.fields()); err != nil {
		return c, Errors{decodeError(err)}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return c, Errors{{"config", "must be one object"}}
	}
	return c, nil
}

// decodeError points at the field that an error of encoding/json speaks of.
func decodeError(err error) FieldError {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		field := "config"
		if wrong.Field != "" {
			field += "." + wrong.Field
		}
		return FieldError{field, "must be " + article(wrong.Type.Kind().String())}
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return FieldError{"config." + strings.Trim(name, `"`), "unknown field"}
	}
	return FieldError{"config", "not valid JSON"}
}

func article(kind string) string {
	switch kind {
	case "slice":
		return "a list"
	case "struct", "ptr":
		return "an object"
	case "int":
		return "a whole number"
	}
	return "a " + kind
}

// KnownKind tells whether there is a kind of that name.
func KnownKind(kind string) bool { return slices.Contains(Kinds, Kind(kind)) }
