package assertion_test

import (
	"testing"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// A set that looks at the status alone must cost less than 200 ns: most monitors have
// no other.
func BenchmarkStatusOnly(b *testing.B) {
	set := what{"status", "", "equals", "503"}.compile(b)
	obs := observed()
	b.ReportAllocs()
	for b.Loop() {
		if r := set.Evaluate(obs); r.Outcome != uptime.OutcomePass {
			b.Fatal(r.Detail())
		}
	}
}

func BenchmarkTypical(b *testing.B) {
	list, err := assertion.Parse([]byte(`[{"source":"status","comparison":"equals","target":503},
		{"source":"latency","comparison":"less_than","target":500,"severity":"degraded"},
		{"source":"header","property":"content-type","comparison":"contains","target":"html"},
		{"source":"body","comparison":"contains","target":"degraded"},
		{"source":"json","property":"$.items[0].x","comparison":"equals","target":"up"}]`))
	if err != nil {
		b.Fatal(err)
	}
	set, err := assertion.Compile(uptime.KindHTTP, list)
	if err != nil {
		b.Fatal(err)
	}
	obs := observed()
	b.ReportAllocs()
	for b.Loop() {
		if r := set.Evaluate(obs); r.Outcome != uptime.OutcomePass {
			b.Fatal(r.Detail())
		}
	}
}

func BenchmarkCacheHit(b *testing.B) {
	c := assertion.NewCache(0)
	raw := statusIs(200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Compile(uptime.KindHTTP, raw); err != nil {
			b.Fatal(err)
		}
	}
}
