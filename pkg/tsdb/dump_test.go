package tsdb

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func dumped(text string, stop int64) (lines string, err error) {
	err = dumpRows(strings.NewReader(text), stop, func(line []byte) error {
		lines += string(line)
		return nil
	})
	return lines, err
}

func TestDumpedRowsAreLines(t *testing.T) {
	t.Parallel()
	head := func(kind string) string {
		return "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339," + kind + ",string,string,string\n" +
			"#group,false,false,true,true,false,false,true,true,true\n#default,_result,,,,,,,,\n" +
			",result,table,_start,_stop,_time,_value,_field,_measurement,region\n"
	}
	row := func(at, value, field string) string {
		return ",,0,1970-01-01T00:00:00Z,1970-01-01T00:00:02Z," + at + "," + value + "," + field + ",tick,eu\n"
	}
	text := head("double") + row("1970-01-01T00:00:01.5Z", "1.25", "total_ms") + row("1970-01-01T00:00:02Z", "9", "total_ms") + "\r\n" +
		head("long") + row("1970-01-01T00:00:01Z", "200", "code") + "\n" +
		head("boolean") + row("1970-01-01T00:00:01Z", "true", "ok") + "\n" +
		head("string") + row("1970-01-01T00:00:01Z", `"a ""b"", \c"`, "reason") + row("1970-01-01T00:00:01Z", "", "sketch")
	got, err := dumped(text, 2_000_000)
	if err != nil {
		t.Fatal(err)
	}
	want := "tick,region=eu total_ms=1.25 1500000\n" + // and not what is due at the end, which is the next stretch's
		"tick,region=eu code=200i 1000000\n" +
		"tick,region=eu ok=true 1000000\n" +
		`tick,region=eu reason="a \"b\", \\c" 1000000` + "\n" +
		`tick,region=eu sketch="" 1000000` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, wrong := range map[string]string{
		"an error":              "#datatype,string,string\n#group,true,true\n#default,,\n,error,reference\n,out of memory,897\n",
		"a type that is new":    head("duration") + row("1970-01-01T00:00:01Z", "1s", "total_ms"),
		"a name with spaces":    head("double") + row("1970-01-01T00:00:01Z", "1", "total ms"),
		"no time":               head("double") + row("yesterday", "1", "total_ms"),
		"columns that are gone": head("double") + ",,0\n",
	} {
		if got, err := dumped(wrong, 2_000_000); err == nil {
			t.Errorf("%s: came out as %q", name, got)
		}
	}
}
