package config

import "log/slog"

// Secret is a setting that must not be shown: printed, logged or marshalled it reads
// "***". Only [Secret.Reveal] gives it away, so that its uses can be found.
type Secret string

// hidden stands for the value wherever it would be shown.
const hidden = "***"

// Reveal returns the value.
func (s Secret) Reveal() string { return string(s) }

// IsZero tells whether nothing is set.
func (s Secret) IsZero() bool { return s == "" }

// String implements [fmt.Stringer].
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString implements [fmt.GoStringer], for %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText implements [encoding.TextMarshaler].
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
