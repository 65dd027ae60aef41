package tsdb

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readAll(text string) (rows []string, err error) {
	err = readRows(strings.NewReader(text), func(r *row) error {
		rows = append(rows, fmt.Sprintf("%s %s %s %d %s", r.monitor, r.region, r.field, r.at, r.value))
		return nil
	})
	return rows, err
}

const annotations = "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string,string\r\n" +
	"#group,false,false,true,true,false,false,true,true,true,true\r\n#default,_result,,,,,,,,,\r\n" +
	",result,table,_start,_stop,_time,_value,_field,_measurement,monitor_id,region\r\n"

func TestReadRows(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200_000)
	text := annotations +
		",,0,a,b,1970-01-01T00:00:01.000002Z,1.5,total_ms,tick,m1,eu\r\n" +
		",,1,a,b,1970-01-01T00:00:02Z,2,total_ms,tick,m1,us\r\n\r\n" +
		// a second schema, of strings, with its columns in another order
		"#datatype,string,long,dateTime:RFC3339,string,string,string,string\r\n#group,a\r\n#default,a\r\n" +
		",result,table,region,monitor_id,_field,_time,_value\r\n" +
		`,,2,eu,m2,reason,1970-01-01T00:00:03Z,"a ""b"", c"` + "\r\n" +
		",,2,eu,m2,sketch,1970-01-01T00:00:04Z," + long
	got, err := readAll(text)
	want := []string{
		"m1 eu total_ms 1000002 1.5", "m1 us total_ms 2000000 2",
		`m2 eu reason 3000000 a "b", c`, "m2 eu sketch 4000000 " + long,
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadRowsFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"error table":    "#datatype,string,string\n#group,true,true\n#default,,\n,error,reference\n,\"out of, memory\",897\n",
		"no time":        annotations + ",,0,a,b,yesterday,1.5,total_ms,tick,m1,eu\n",
		"cut short":      annotations + ",,0,a,b\n",
		"a line no end":  annotations + ",,0,a,b," + strings.Repeat("x", maxRow+1),
		"unclosed quote": annotations + ",,0,a,b,\"1\n",
	}
	for name, text := range tests {
		if got, err := readAll(text); err == nil {
			t.Errorf("%s: read %q without an error", name, got)
		}
	}
	if _, err := readAll(tests["error table"]); err == nil || !strings.Contains(err.Error(), "out of, memory") {
		t.Errorf("error table: %v, want its text", err)
	}
	if got, err := readAll(""); err != nil || got != nil {
		t.Errorf("empty answer: %q, %v", got, err)
	}
}

func FuzzReadRows(f *testing.F) {
	f.Add(annotations + ",,0,a,b,1970-01-01T00:00:01Z,1.5,total_ms,tick,m1,eu\n")
	f.Add("\n\n#\n,\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		g := grid{fields: tickFields, parse: tickCell}
		_ = readRows(strings.NewReader(text), g.add)
		g.each(func(id seriesKey, p *point) {
			if len(p.cells) != len(tickFields) {
				t.Fatalf("%v: %d cells", id, len(p.cells))
			}
		})
	})
}

// Whatever order the tables of the fields come in, and whichever instants some lack,
// each value ends up in its point.
func TestGridJoinsFieldsOfDifferentInstants(t *testing.T) {
	t.Parallel()
	g := grid{fields: []string{"a", "b"}, parse: func(_ int, v []byte) float64 { return number(v) }, text: "s"}
	add := func(region, field string, at int64, value string) {
		if err := g.add(&row{monitor: "m", region: region, field: field, at: at, value: []byte(value)}); err != nil {
			t.Fatal(err)
		}
	}
	add("eu", "a", 1, "1")
	add("eu", "a", 3, "3")
	add("us", "a", 1, "10")
	add("eu", "b", 1, "-1")
	add("eu", "b", 2, "-2") // only b
	add("eu", "b", 3, "-3")
	add("eu", "s", 2, "two")
	add("eu", "other", 2, "9")
	got := map[string]string{}
	g.each(func(id seriesKey, p *point) {
		got[fmt.Sprintf("%s %d", id.region, p.at)] = fmt.Sprint(p.cells, p.text)
	})
	want := map[string]string{
		"eu 1": "[1 -1]", "eu 2": "[NaN -2]two", "eu 3": "[3 -3]", "us 1": "[10 NaN]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
