package bench

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/scripts/stack/internal/bench/target"
)

func TestEveryPartHasItsName(t *testing.T) {
	t.Parallel()
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	if diff := cmp.Diff(Names(), names); diff != "" {
		t.Errorf("parts (-named +run):\n%s", diff)
	}
	for name, f := range forms {
		for _, p := range f.parts {
			if !slices.Contains(names, p) {
				t.Errorf("form %s has part %q, which there is not", name, p)
			}
		}
	}
}

func TestWhatIsAskedForIsChecked(t *testing.T) {
	t.Parallel()
	for _, cfg := range []Config{{Form: "endless"}, {Parts: []string{"storm", "rain"}}} {
		if err := Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "want") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

func TestDetectionBound(t *testing.T) {
	t.Parallel()
	if got, want := (plan{interval: time.Minute}).detection(), 45*time.Second; got != want {
		t.Errorf("at 60 s it is %v, want %v", got, want)
	}
	if got, want := (plan{interval: 6 * time.Second}).detection(), 19*time.Second; got != want {
		t.Errorf("at 6 s it is %v, want %v", got, want)
	}
}

func TestBetween(t *testing.T) {
	t.Parallel()
	start := time.Now()
	a := sample{
		at: start, busy: 100 * time.Second, around: 3 * time.Second,
		cpu:    map[string]time.Duration{"api": time.Second, "redis": 2 * time.Second},
		ledger: queue.Ledger{Done: 10, Expired: 1}, urgent: queue.Ledger{Done: 5},
	}
	b := sample{
		at: start.Add(10 * time.Second), busy: 109 * time.Second, around: 5 * time.Second,
		cpu:    map[string]time.Duration{"api": 3 * time.Second, "redis": 3 * time.Second},
		ledger: queue.Ledger{Done: 110, Expired: 2, Missed: 4}, urgent: queue.Ledger{Done: 6, Invalid: 1},
	}
	w := between(a, b)
	want := window{
		seconds: 10, checks: 101, lost: 6, cpu: map[string]time.Duration{"api": 2 * time.Second, "redis": time.Second},
		golang: 2 * time.Second, total: 3 * time.Second, others: 0.4 / float64(cores()),
	}
	if diff := cmp.Diff(want, w, cmp.AllowUnexported(window{}), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := w.perCheck(w.golang), 2000.0/101; math.Abs(got-want) > 1e-9 {
		t.Errorf("%v ms a check, want %v", got, want)
	}
}

func TestBusiestMinute(t *testing.T) {
	t.Parallel()
	start := time.Now()
	var at []time.Time
	for _, s := range []int{0, 10, 59, 60, 61, 200} {
		at = append(at, start.Add(time.Duration(s)*time.Second))
	}
	if got := busiest(at); got != 4 { // 10, 59, 60, 61
		t.Errorf("%d within a minute, want 4", got)
	}
	if busiest(nil) != 0 {
		t.Error("none is one")
	}
}

func TestSitesAreFoundByTheirURL(t *testing.T) {
	t.Parallel()
	for _, site := range []int{0, 63, 64, 9999} {
		if got := siteOf(target.URL(8080, site)); got != site {
			t.Errorf("site %d is read as %d", site, got)
		}
	}
	if siteOf("http://127.0.0.1/x") != -1 || siteOf("") != -1 {
		t.Error("something else is a site")
	}
}

func TestDetectionRows(t *testing.T) {
	t.Parallel()
	start := time.Now()
	broke, found := map[int]time.Time{}, map[int]time.Time{}
	for site := range 6 {
		broke[site] = start
		found[site] = start.Add(time.Duration(site+1) * time.Second)
	}
	delete(found, 5)
	hooks := []hook{
		{start.Add(9 * time.Second), "alert.down", 0}, {start.Add(20 * time.Second), "alert.down", 0},
		{start.Add(7 * time.Second), "alert.recovered", 3},
	}
	got := map[string]float64{}
	for _, r := range detectionRows(plan{interval: time.Minute}, broke, found, hooks) {
		got[r.Figure] = r.Value
		if missed := r.Figure == "outages found, hanging"; missed == r.Reached() {
			t.Errorf("%s: reached %v", r.Figure, r.Reached())
		}
	}
	want := map[string]float64{
		"outages found, answering 500":                       2,
		"from answering 500 to incident, every 1m0s, median": 2.5, "from answering 500 to incident, every 1m0s, longest": 4,
		"from answering 500 to the webhook, median": 9, "from answering 500 to the webhook, longest": 9,
		"outages found, hanging":                       3,
		"from hanging to incident, every 1m0s, median": 3, "from hanging to incident, every 1m0s, longest": 5,
		"from hanging to the webhook, median": 0, "from hanging to the webhook, longest": 0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseBench(t *testing.T) {
	t.Parallel()
	got := parseBench(`goos: linux
BenchmarkFold      	 1000000	       450.5 ns/op	       180.0 snapshot_ns	       0 B/op
BenchmarkProbe/http-2    	    2000	    99 ns/op	 120.5 cpu-µs/op
BenchmarkProbe/http-2    	    2000	    98 ns/op	 121.5 cpu-µs/op
ok  	example	1.2s
`)
	want := results{
		"Fold":       {"ns/op": {450.5}, "snapshot_ns": {180}, "B/op": {0}},
		"Probe/http": {"ns/op": {99, 98}, "cpu-µs/op": {120.5, 121.5}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHistogramsQuantile(t *testing.T) {
	t.Parallel()
	parse := func(text string) families {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		all, err := parser.TextToMetricFamilies(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := parse(`# TYPE late histogram
late_bucket{region="a",le="0.01"} 100
late_bucket{region="a",le="0.02"} 100
late_bucket{region="a",le="+Inf"} 100
late_sum{region="a"} 1
late_count{region="a"} 100
# TYPE pushed counter
pushed{kind="urgent"} 5
pushed{kind="scheduled"} 7
`)
	after := parse(`# TYPE late histogram
late_bucket{region="a",le="0.01"} 150
late_bucket{region="a",le="0.02"} 190
late_bucket{region="a",le="+Inf"} 200
late_sum{region="a"} 2
late_count{region="a"} 200
`)
	for q, want := range map[float64]float64{0.25: 0.005, 0.5: 0.01, 0.7: 0.015, 0.9: 0.02, 0.95: math.Inf(1)} {
		if got := after.quantile(before, "late", q); math.Abs(got-want) > 1e-9 && got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if got := before.sum("pushed", "kind", "scheduled"); got != 7 {
		t.Errorf("%v are scheduled", got)
	}
	if got := before.sum("pushed", "", ""); got != 12 {
		t.Errorf("%v in all", got)
	}
}
