package tsdb

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// errName is returned for text that may not stand in a query.
var errName = errors.New("may hold letters, digits, '.', '_', ':' and '-' only, at most 255 of them")

// validName accepts the names that the fleet gives (regions, ids, fields, buckets).
// All of their characters mean themselves inside a Flux string, so that no escaping,
// which differs between versions of Flux, is needed.
func validName(s string) error {
	if s == "" || len(s) > 255 {
		return fmt.Errorf("%.40q %w", s, errName)
	}
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == ':', c == '-':
		default:
			return fmt.Errorf("%.40q %w", s, errName)
		}
	}
	return nil
}

// literal is the only way by which text gets into a query: it refuses what is not a
// name and quotes the rest.
func literal(s string) (string, error) {
	if err := validName(s); err != nil {
		return "", err
	}
	return `"` + s + `"`, nil
}

// fluxQuery is a query of the only form in use: one bucket, one stretch of time and
// a conjunction of filters.
type fluxQuery struct {
	bucket      string
	from, to    time.Time // to is exclusive
	measurement string
	monitor     string // empty: all of them
	// monitors picks many at once: InfluxDB 1.8 looks 100 up by an expression in half the
	// time of as many comparisons, and 500 in a third.
	monitors []uptime.ID
	// suffix picks the monitors whose id ends in these hexadecimal digits.
	suffix string
	region string // empty: all of them
	fields []string
	// okValue, of a query for field "ok" alone, picks the ticks with that value.
	okValue *bool
}

// build returns the Flux text.
func (q fluxQuery) build() (string, error) {
	var b strings.Builder
	var errs []error
	lit := func(s string) string {
		l, err := literal(s)
		errs = append(errs, err)
		return l
	}
	fmt.Fprintf(&b, "from(bucket: %s)\n  |> range(start: %s, stop: %s)\n", lit(q.bucket), instant(q.from), instant(q.to))
	fmt.Fprintf(&b, "  |> filter(fn: (r) => r._measurement == %s", lit(q.measurement))
	if q.monitor != "" {
		fmt.Fprintf(&b, " and r.monitor_id == %s", lit(q.monitor))
	}
	if len(q.monitors) > 0 {
		ids := make([]string, len(q.monitors))
		for i, id := range q.monitors {
			ids[i] = id.String() // hexadecimal digits and hyphens, which mean themselves
		}
		fmt.Fprintf(&b, " and r.monitor_id =~ /^(%s)$/", strings.Join(ids, "|"))
	}
	if q.suffix != "" {
		if strings.Trim(q.suffix, "0123456789abcdef") != "" {
			errs = append(errs, fmt.Errorf("suffix %.40q is not hexadecimal", q.suffix))
		}
		fmt.Fprintf(&b, " and r.monitor_id =~ /%s$/", q.suffix)
	}
	if q.region != "" {
		fmt.Fprintf(&b, " and r.region == %s", lit(q.region))
	}
	if len(q.fields) > 0 {
		terms := make([]string, len(q.fields))
		for i, f := range q.fields {
			terms[i] = "r._field == " + lit(f)
		}
		fmt.Fprintf(&b, " and (%s)", strings.Join(terms, " or "))
	}
	if q.okValue != nil {
		fmt.Fprintf(&b, " and r._value == %s", strconv.FormatBool(*q.okValue))
	}
	b.WriteString(")\n")
	if err := errors.Join(errs...); err != nil {
		return "", fmt.Errorf("query: %w", err)
	}
	return b.String(), nil
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
