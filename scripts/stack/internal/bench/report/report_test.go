package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		row     Row
		want    [4]string
		reached bool
	}{
		{AtMost("CPU", 0.1962, 0.18, "ms").Of([]float64{0.19, 0.1962, 0.2}), [4]string{"CPU", "0.196 ms (0.190–0.200)", "≤ 0.180 ms", "**1.09 ×**"}, false},
		{AtMost("memory", 120.4, 150, "MiB"), [4]string{"memory", "120 MiB", "≤ 150 MiB", "0.80 ×"}, true},
		{AtMost("missed", 0, 0, ""), [4]string{"missed", "0", "≤ 0", "0"}, true},
		{AtMost("missed", 7, 0, ""), [4]string{"missed", "7", "≤ 0", "**above**"}, false},
		{AtLeast("rate", 8123.4, 8000, "/s"), [4]string{"rate", "8,123 /s", "≥ 8,000 /s", "1.02 ×"}, true},
		{AtLeast("rate", 400, 8000, "/s"), [4]string{"rate", "400 /s", "≥ 8,000 /s", "**0.05 ×**"}, false},
		{Plain("start", 12.34, "s").Note("of %d", 3), [4]string{"start (of 3)", "12.3 s", "–", "–"}, true},
		{Plain("tiny", 0.0123, "s"), [4]string{"tiny", "0.0123 s", "–", "–"}, true},
		{Plain("million", 1234567, ""), [4]string{"million", "1,234,567", "–", "–"}, true},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.row.cells()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.row.Figure, diff)
		}
		if tt.row.Reached() != tt.reached {
			t.Errorf("%s: reached %v", tt.row.Figure, tt.row.Reached())
		}
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	v := []float64{5, 1, 4, 2, 3}
	for q, want := range map[float64]float64{0: 1, 0.2: 1, 0.5: 3, 0.99: 5, 1: 5} {
		if got := Quantile(v, q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if Median(v) != 3 || Median(v[:2]) != 3 || Median(nil) != 0 || Quantile(nil, 0.5) != 0 {
		t.Errorf("medians %v %v %v", Median(v), Median(v[:2]), Median(nil))
	}
}

func TestAPartIsKeptAndShown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := &Part{
		Name: "load", Title: "Load", Form: "quick", Machine: "two cores", Load: 0.5, Others: 0.25,
		Rows: []Row{AtMost("a", 2, 1, "ms").Of([]float64{1, 2, 3})}, Shares: []Share{{Process: "api", Micros: 1.5, MiB: 30}},
	}
	if err := p.Save(dir); err != nil {
		t.Fatal(err)
	}
	parts, err := Load(dir, []string{"other", "load"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]*Part{p}, parts); diff != "" {
		t.Errorf("(-kept +read):\n%s", diff)
	}
	page := filepath.Join(dir, "page.md")
	if err := Insert(page, parts); err == nil {
		t.Error("a page that is not there was written")
	}
	if err := os.WriteFile(page, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is the same
		if err := Insert(page, parts); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := "before\n" + begin + `
Measured on: two cores.

### Load

` + "`make bench PARTS=load`" + `, quick form; load average before: 0.50; others took 25 % of the CPU meanwhile.

|Figure|Measured|Target|Ratio|
|-|-|-|-|
|a|2 ms (1–3)|≤ 1 ms|**2.00 ×**|

|Process|CPU a check|PSS|
|-|-|-|
|api|1.5 µs|30.0 MiB|

` + end + "after\n"
	if diff := cmp.Diff(want, string(b)); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	var out bytes.Buffer
	p.Print(&out)
	if !strings.Contains(out.String(), "! a ") {
		t.Errorf("a missed target is not marked:\n%s", out.String())
	}
}
