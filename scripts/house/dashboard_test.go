package house_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

var ownMetric = regexp.MustCompile(`probefleet_[a-z0-9_]+`)

// TestTheDashboardShowsMetricsThatThereAre looks for each metric in the sources, whole
// or, where it is put together, behind the name of its part.
func TestTheDashboardShowsMetricsThatThereAre(t *testing.T) {
	t.Parallel()
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "deploy/grafana/probefleet.json")), &board); err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	for _, f := range tracked(t) {
		if strings.HasSuffix(f, ".go") && !strings.HasSuffix(f, "_test.go") {
			sources.WriteString(read(t, f))
		}
	}
	code := sources.String()
	seen := 0
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			for _, m := range ownMetric.FindAllString(target.Expr, -1) {
				seen++
				name := strings.TrimSuffix(m, "_bucket")
				part, rest, _ := strings.Cut(strings.TrimPrefix(name, "probefleet_"), "_")
				names := func(s string) bool { return strings.Contains(code, `"`+s+`"`) }
				if exported := names(name) || names(part) && names(rest); !exported {
					t.Errorf("%s: nobody exports %s", p.Title, name)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("the dashboard shows %d metrics", seen)
	}
}
