package wire

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// ErrMalformed is returned for bytes that are not the message they should be.
var ErrMalformed = errors.New("malformed message")

// MaxDetail is how many bytes of a result's detail are kept.
const MaxDetail = 256

// MaxEvidence is how many bytes of evidence travel with a result: an excerpt of 2 KiB,
// escaped, and what stands around it.
const MaxEvidence = 6 << 10

// field is one decoded field: number holds varints and fixed 64 bit values, bytes
// holds length-delimited ones and aliases the message.
type field struct {
	num    protowire.Number
	kind   protowire.Type
	number uint64
	bytes  []byte
}

// eachField calls f for every field of a message; fields of kinds that no message of
// ours uses are skipped, as are, by f, unknown numbers.
func eachField(b []byte, f func(field) error) error {
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%w: %w", ErrMalformed, protowire.ParseError(n))
		}
		if num > protowire.MaxValidNumber {
			return fmt.Errorf("%w: field number %d", ErrMalformed, num)
		}
		b = b[n:]
		one := field{num: num, kind: kind}
		switch kind {
		case protowire.VarintType:
			one.number, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			one.number, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			one.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(num, kind, b)
		}
		if n < 0 {
			return fmt.Errorf("%w: field %d: %w", ErrMalformed, num, protowire.ParseError(n))
		}
		b = b[n:]
		if err := f(one); err != nil {
			return err
		}
	}
	return nil
}

// want reports whether a field came in the kind that its number has in our schema; a
// field of another kind is not ours and is skipped, as protobuf asks.
func (f field) want(kind protowire.Type) bool { return f.kind == kind }

func (f field) id(what string) (uptime.ID, error) {
	var id uptime.ID
	if len(f.bytes) != len(id) {
		return id, fmt.Errorf("%w: %s has %d bytes, want 16", ErrMalformed, what, len(f.bytes))
	}
	copy(id[:], f.bytes)
	return id, nil
}

// text returns the field as a string, and prev itself if it says the same, which
// saves an allocation for what repeats from message to message.
func (f field) text(what, prev string) (string, error) {
	if string(f.bytes) == prev {
		return prev, nil
	}
	if !utf8.Valid(f.bytes) {
		return "", fmt.Errorf("%w: %s is not UTF-8", ErrMalformed, what)
	}
	return string(f.bytes), nil
}

// micros and millis read an uint32 of the schema, which truncates as protobuf does.
func (f field) micros() time.Duration { return time.Duration(uint32(f.number)) * time.Microsecond }
func (f field) millis() time.Duration { return time.Duration(uint32(f.number)) * time.Millisecond }

// The append functions leave out zero values, as proto3 does.

func appendVarint(dst []byte, num protowire.Number, v uint64) []byte {
	if v == 0 {
		return dst
	}
	return protowire.AppendVarint(protowire.AppendTag(dst, num, protowire.VarintType), v)
}

func appendFixed(dst []byte, num protowire.Number, v uptime.Instant) []byte {
	if v == 0 {
		return dst
	}
	return protowire.AppendFixed64(protowire.AppendTag(dst, num, protowire.Fixed64Type), uint64(v))
}

func appendBytes(dst []byte, num protowire.Number, v []byte) []byte {
	if len(v) == 0 {
		return dst
	}
	return protowire.AppendBytes(protowire.AppendTag(dst, num, protowire.BytesType), v)
}

func appendText(dst []byte, num protowire.Number, v string) []byte {
	if v == "" {
		return dst
	}
	if !utf8.ValidString(v) {
		v = strings.ToValidUTF8(v, "\uFFFD")
	}
	return protowire.AppendString(protowire.AppendTag(dst, num, protowire.BytesType), v)
}

func appendID(dst []byte, num protowire.Number, id uptime.ID) []byte {
	if id.IsZero() {
		return dst
	}
	return protowire.AppendBytes(protowire.AppendTag(dst, num, protowire.BytesType), id[:])
}

func appendBool(dst []byte, num protowire.Number, v bool) []byte {
	return appendVarint(dst, num, protowire.EncodeBool(v))
}

// appendUnits writes a duration as a whole number of units in an uint32; what does
// not fit is clamped, so that a broken clock cannot wrap into a plausible value.
func appendUnits(dst []byte, num protowire.Number, d, unit time.Duration) []byte {
	return appendVarint(dst, num, uint64(min(max(d/unit, 0), math.MaxUint32)))
}

func appendMicros(dst []byte, num protowire.Number, d time.Duration) []byte {
	return appendUnits(dst, num, d, time.Microsecond)
}

func appendMillis(dst []byte, num protowire.Number, d time.Duration) []byte {
	return appendUnits(dst, num, d, time.Millisecond)
}

// clip shortens text to at most n bytes without cutting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
