package csvtext_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/csvtext"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                               "",
		"shop":                           "shop",
		"a=b":                            "a=b",
		"=HYPERLINK(\"http://x\",\"y\")": "'=HYPERLINK(\"http://x\",\"y\")",
		"+1":                             "'+1",
		"-2+3":                           "'-2+3",
		"@SUM(A1)":                       "'@SUM(A1)",
		"\t=1":                           "'\t=1",
		"\r=1":                           "'\r=1",
		"  =1":                           "'  =1",
		"|cmd":                           "'|cmd",
		"＝1":                             "'＝1",
		"'=1":                            "'=1",
		"   ":                            "   ",
		"Ünïcode":                        "Ünïcode",
	} {
		if got := csvtext.Guard(text); got != want {
			t.Errorf("Guard(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestTableComesBack(t *testing.T) {
	t.Parallel()
	rows := [][]string{{"name", "x"}, {"a \"quoted\", text", "line\nbreak"}, {csvtext.Guard("=1"), ""}}
	got, err := csv.NewReader(strings.NewReader(string(csvtext.Table(rows)))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Error(diff)
	}
}
