package monitorspec

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Settings are those of one kind: a pointer to the struct of its name in this package.
type Settings interface {
	Kind() uptime.Kind
}

// Spec is what one monitor checks: valid, with every default filled in.
type Spec struct {
	Kind     uptime.Kind
	Target   string // in normal form
	Settings Settings
}

// kinds in the order in which people are told of them, each with a fresh struct.
var kinds = []struct {
	kind uptime.Kind
	make func() Settings
}{
	{uptime.KindHTTP, func() Settings { return new(HTTP) }},
	{uptime.KindTCP, func() Settings { return new(TCP) }},
	{uptime.KindUDP, func() Settings { return new(UDP) }},
	{uptime.KindDNS, func() Settings { return new(DNS) }},
	{uptime.KindTLS, func() Settings { return new(TLS) }},
	{uptime.KindICMP, func() Settings { return new(ICMP) }},
	{uptime.KindGRPC, func() Settings { return new(GRPC) }},
	{uptime.KindWebSocket, func() Settings { return new(WebSocket) }},
	{uptime.KindSMTP, func() Settings { return new(SMTP) }},
	{uptime.KindDomain, func() Settings { return new(Domain) }},
	{uptime.KindHeartbeat, func() Settings { return new(Heartbeat) }},
}

// Kinds returns all kinds of checks.
func Kinds() []uptime.Kind {
	out := make([]uptime.Kind, len(kinds))
	for i, k := range kinds {
		out[i] = k.kind
	}
	return out
}

// Known tells whether there is a kind of that name.
func Known(kind uptime.Kind) bool { return slices.Contains(Kinds(), kind) }

// empty returns settings of a kind with nothing in them, nil for an unknown one.
func empty(kind uptime.Kind) Settings {
	for _, k := range kinds {
		if k.kind == kind {
			return k.make()
		}
	}
	return nil
}

// Parse reads a monitor as its user wrote it. The error is [Errors].
func Parse(kind uptime.Kind, target string, settings json.RawMessage) (*Spec, error) {
	return parse(kind, target, settings, nil)
}

// parse is Parse, with placeholders of secrets replaced by those of old. Every mistake
// of a monitor is told at once, except that a text which cannot be read has no others.
func parse(kind uptime.Kind, target string, settings json.RawMessage, old *Spec) (*Spec, error) {
	into := empty(kind)
	if into == nil {
		names := make([]string, len(kinds))
		for i, k := range kinds {
			names[i] = string(k.kind)
		}
		return nil, Errors{{"kind", "must be " + oneOf(names), NoOffset}}
	}
	var l list
	v := reflect.ValueOf(into).Elem()
	l.decode("settings", settings, v)
	complete(v)
	normalise(into)
	s := &Spec{Kind: kind, Settings: into}
	readable := len(l.errs) == 0
	text, err := Target(kind, into, target)
	if err != nil {
		l.errs = append(Errors{{"target", err.Error(), NoOffset}}, l.errs...)
	}
	s.Target = text
	if readable {
		s.restore(&l, old)
		l.inspect("settings", v)
		s.checkAssertions(&l)
	}
	if err := l.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// normalise brings settings into their one form, if their kind has one.
func normalise(s Settings) {
	if n, ok := s.(interface{ normalise() }); ok {
		n.normalise()
	}
}

// Common returns the settings that most kinds share, nil for domain and heartbeat.
func (s *Spec) Common() *Common {
	if c, ok := s.Settings.(interface{ common() *Common }); ok {
		return c.common()
	}
	return nil
}

// checkAssertions refuses assertions that the kind has not or that are wrong.
func (s *Spec) checkAssertions(l *list) {
	c := s.Common()
	if c == nil || len(c.Assertions) == 0 {
		return
	}
	_, err := assertion.ParseFor(s.Kind, c.Assertions)
	var problems assertion.Errors
	if errors.As(err, &problems) {
		for _, p := range problems {
			l.errs = append(l.errs, FieldError{"settings." + p.Pointer, p.Detail, p.Offset})
		}
	}
	if string(c.Assertions) == "[]" {
		c.Assertions = nil
	}
}

// JSON returns the settings in full, secrets included, without those equal to their
// default: what a check carries and a prober reads. It must not be stored or shown.
func (s *Spec) JSON() (json.RawMessage, error) {
	c, err := s.clone()
	if err != nil {
		return nil, err
	}
	trim(reflect.ValueOf(c.Settings).Elem())
	return encode(c.Settings)
}

func encode(settings Settings) (json.RawMessage, error) {
	b, err := json.Marshal(settings)
	if err != nil {
		return nil, fmt.Errorf("encode settings of %s: %w", settings.Kind(), err)
	}
	return b, nil
}

// clone returns a copy that shares nothing.
func (s *Spec) clone() (*Spec, error) {
	b, err := encode(s.Settings)
	if err != nil {
		return nil, err
	}
	c := &Spec{Kind: s.Kind, Target: s.Target, Settings: empty(s.Kind)}
	if err := json.Unmarshal(b, c.Settings); err != nil {
		return nil, fmt.Errorf("copy settings of %s: %w", s.Kind, err)
	}
	return c, nil
}

// Read returns the settings that a check carries, as the struct of its kind with every
// default filled in: Read[TCP](c.Settings). Unknown fields belong to a newer version and
// are skipped. It checks nothing else: what was stored was valid.
func Read[T any](settings []byte) (*T, error) {
	into := new(T)
	if len(settings) > 0 {
		if err := json.Unmarshal(settings, into); err != nil {
			return nil, errors.New("not the settings of this kind of check") // the error may quote a secret
		}
	}
	complete(reflect.ValueOf(into).Elem())
	return into, nil
}

// UpsideDown tells whether a check's settings turn failure into success.
func UpsideDown(settings []byte) bool {
	// Most settings do not speak of it, and every check asks.
	if !strings.Contains(string(settings), `"upside_down"`) {
		return false
	}
	var c Common
	return json.Unmarshal(settings, &c) == nil && c.UpsideDown
}
