package tsdb

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// A predecessor put the region of a request into its Flux as it came.
func TestQueryRefusesWhatIsNotAName(t *testing.T) {
	t.Parallel()
	for _, region := range []string{
		`eu" or true or r.region == "`, `eu")|> drop() //`, `${r}`, `eu\`, "eu\n", "eü", `/x/`, " ", strings.Repeat("a", 256),
	} {
		q := fluxQuery{bucket: "website_ticks", measurement: "tick", region: region}
		if text, err := q.build(); !errors.Is(err, errName) {
			t.Errorf("region %q: built %q, %v", region, text, err)
		}
	}
}

func TestQueryText(t *testing.T) {
	t.Parallel()
	failed := false
	q := fluxQuery{
		bucket: "website_ticks", measurement: "tick", monitor: "018f0000-0000-7000-8000-000000000003", suffix: "0f",
		region: "eu-west", fields: []string{"ok", "code"}, okValue: &failed,
		from: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), to: time.Date(2026, 1, 2, 4, 0, 0, 0, time.FixedZone("", 3600)),
	}
	const want = `from(bucket: "website_ticks")
  |> range(start: 2026-01-02T03:04:05.000006Z, stop: 2026-01-02T03:00:00Z)
  |> filter(fn: (r) => r._measurement == "tick" and r.monitor_id == "018f0000-0000-7000-8000-000000000003"` +
		` and r.monitor_id =~ /0f$/ and r.region == "eu-west" and (r._field == "ok" or r._field == "code") and r._value == false)
`
	got, err := q.build()
	if err != nil || got != want {
		t.Errorf("build() = %v\n%s\nwant\n%s", err, got, want)
	}
	q.suffix = "0f/) or true"
	if got, err := q.build(); err == nil {
		t.Errorf("a suffix that is not hexadecimal: built %s", got)
	}
}

func FuzzLiteral(f *testing.F) {
	for _, s := range []string{"eu-west", `a"b`, "${x}", `\`, "", "a b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := literal(s)
		if err != nil {
			if got != "" {
				t.Fatalf("literal(%q) = %q with %v", s, got, err)
			}
			return
		}
		if got != `"`+s+`"` {
			t.Fatalf("literal(%q) = %s", s, got)
		}
		if strings.ContainsAny(s, "\"\\$/{}()|\n\r\x00 ") || len(s) == 0 {
			t.Fatalf("literal(%q) passed", s)
		}
	})
}
