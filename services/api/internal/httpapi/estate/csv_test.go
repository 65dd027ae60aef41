package estate_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/estate"
)

func TestReadCSV(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		rows       []estate.Row
		errs       []estate.Error
	}{
		{
			"mark, carriage returns, quotes, any order", "\ufeffURL,name,tags,interval_seconds\r\na.example,\"A, \"\"the\"\"\nfirst\",Prod; eu ;prod,30\r\nb.example,,,\r\n",
			[]estate.Row{
				{Line: 2, Cells: map[string]any{"url": "a.example", "name": "A, \"the\"\nfirst", "tags": []any{"prod", "eu"}, "interval_seconds": json.Number("30")}},
				{Line: 4, Cells: map[string]any{"url": "b.example", "tags": []any{}}},
			}, nil,
		},
		{"unknown columns", "url,colour,url\na,b,c\n", nil, []estate.Error{{1, "colour", "is no column: there are " + strings.Join(estate.Columns, ", ")}, {1, "url", "is there twice"}}},
		{"nothing to know it by", "tags\na\n", nil, []estate.Error{{1, "", "must have a column url, name or external_id"}}},
		{"nothing", "", nil, []estate.Error{{1, "", "has no header"}}},
		{
			"errors by line", "url,paused,timeout_ms\na,maybe,5\nb,true\nc,no,much\n",
			[]estate.Row{{2, map[string]any{"url": "a", "timeout_ms": json.Number("5")}}, {4, map[string]any{"url": "c", "paused": false}}},
			[]estate.Error{{2, "paused", "must be true or false"}, {3, "", "has 2 cells, the header has 3"}, {4, "timeout_ms", "must be a whole number"}},
		},
		{"a quote that does not end", "url\na\n\"b\nc\n", []estate.Row{{2, map[string]any{"url": "a"}}}, []estate.Error{{3, "", `extraneous or missing " in quoted-field`}}},
		{"not UTF-8", "url\na\n\xff\n", nil, []estate.Error{{3, "", "is not UTF-8"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rows, errs := estate.ReadCSV(strings.NewReader(tt.text))
			if diff := cmp.Diff(tt.rows, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.errs, errs); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFormulasAreText shows that no cell that is written begins what a spreadsheet works
// out, and that reading gives back what was written.
func TestFormulasAreText(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'t Huis", "'=1", "''", "plain", "a=b"} {
		var text bytes.Buffer
		if err := estate.WriteCSV(&text, []map[string]string{{"name": name, "url": "a.example"}}); err != nil {
			t.Fatal(err)
		}
		rows, errs := estate.ReadCSV(bytes.NewReader(text.Bytes()))
		if len(errs) > 0 || len(rows) != 1 || rows[0].Cells["name"] != name {
			t.Errorf("%q is read as %v, %v", name, rows, errs)
		}
		_, line, _ := strings.Cut(text.String(), "\n")
		cell := strings.TrimPrefix(strings.Split(line, ",")[1], `"`)
		if strings.ContainsAny(cell[:1], "=+-@\t\r") {
			t.Errorf("%q is written as %q", name, cell)
		}
	}
}

func TestTooManyRows(t *testing.T) {
	t.Parallel()
	rows, errs := estate.ReadCSV(strings.NewReader("url\n" + strings.Repeat("a.example\n", estate.MaxRows+5)))
	if len(rows) != estate.MaxRows || len(errs) != 1 || errs[0].Line != estate.MaxRows+2 {
		t.Errorf("%d rows, %v", len(rows), errs)
	}
}

func FuzzReadCSV(f *testing.F) {
	for _, seed := range []string{"url,name\na,b\n", "\ufeffname;url\r\n", "url\n\"", "url,tags\n=1,a;;b\n", "name\n'=x\n", "url\n\x00\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, errs := estate.ReadCSV(bytes.NewReader(text))
		lines := 1 + bytes.Count(text, []byte("\n"))
		for _, e := range errs {
			if e.Line < 1 || e.Line > lines+1 || e.Detail == "" {
				t.Errorf("error %+v in %d lines", e, lines)
			}
		}
		for _, row := range rows {
			for column := range row.Cells {
				if !slices.Contains(estate.Columns, column) {
					t.Errorf("a column %q", column)
				}
			}
			name, ok := row.Cells["name"].(string)
			if !ok || strings.Contains(name, "\r") { // a reader of CSV makes \r\n one character
				continue
			}
			var again bytes.Buffer
			if err := estate.WriteCSV(&again, []map[string]string{{"name": name, "url": "a"}}); err != nil {
				t.Fatal(err)
			}
			if back, wrong := estate.ReadCSV(&again); len(wrong) > 0 || back[0].Cells["name"] != name {
				t.Errorf("%q is read back as %v, %v", name, back, wrong)
			}
		}
	})
}
