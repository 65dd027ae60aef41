package tsdb

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadPoints(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
		err        string
	}{
		{"nothing", "", nil, ""},
		{"one tag", "name,tags,time,a,s\nm,region=eu,1,5,x\n", []string{" eu 1 [5] x"}, ""},
		{"two tags", "name,tags,time,a,s\nm,\"monitor_id=i,region=eu\",1,5,x\nm,\"monitor_id=i,region=eu\",2,6,\n", []string{"i eu 1 [5] x", "i eu 2 [6] "}, ""},
		{"without a tag", "name,tags,time,a,s\nm,,1,5,x\n", []string{"  1 [5] x"}, ""},
		{"no value", "name,tags,time,a,s\r\nm,region=eu,1,,x\r\n", []string{" eu 1 [NaN] x"}, ""},
		{"another order", "name,tags,time,s,z,a\nm,region=eu,1,x,9,5", []string{" eu 1 [5] x"}, ""},
		{"two tables", "name,tags,time,a\nm,region=eu,1,5\n\nname,tags,time,s\nm,region=eu,1,x\n", []string{" eu 1 [5] x"}, ""},
		{"an error", "error\n\"database not found: x\"\n", nil, "database not found: x"},
		{"an error behind points", "name,tags,time,a\nm,,1,5\n\nerror\ntimeout\n", nil, "timeout"},
		{"cut off", "name,tags,time,a,s\nm,region=eu,1", nil, "1 values for 3 columns"},
		{"no time", "name,tags,time,a,s\nm,region=eu,noon,1,x", nil, "time"},
		{"only names", "name,tags,time\n", nil, ""},
		{"a short header", "name\nm\n", nil, "1 values for 0 columns"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := &grid{fields: []string{"a"}, parse: rollCell, text: "s"}
			err := readPoints(strings.NewReader(tt.text), g)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			g.each(func(id seriesKey, p *point) {
				got = append(got, fmt.Sprintf("%s %s %d %v %s", id.monitor, id.region, p.at, p.cells, p.text))
			})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzReadPoints(f *testing.F) {
	f.Add("name,tags,time,a,s\nm,\"monitor_id=i,region=eu\",1,5,x\n\nname,tags,time,s\nm,region=eu,1,x\n")
	f.Add("error\nx\n")
	f.Add("name,tags,time,a\n\",,,\"\n")
	f.Fuzz(func(_ *testing.T, text string) {
		_ = readPoints(strings.NewReader(text), &grid{fields: []string{"a"}, parse: rollCell, text: "s"})
	})
}

func TestInfluxQLTakesNamesOnly(t *testing.T) {
	t.Parallel()
	at := time.Unix(0, 0)
	good := fluxQuery{bucket: "b", from: at, to: at, measurement: "m", monitor: "i", region: "eu", fields: []string{"a"}}
	text, err := good.influxQL()
	want := `SELECT "a" FROM "m" WHERE time >= '1970-01-01T00:00:00Z' AND time < '1970-01-01T00:00:00Z' AND monitor_id = 'i' AND region = 'eu' GROUP BY monitor_id, region`
	if err != nil || text != want {
		t.Errorf("%s, %v", text, err)
	}
	yes := true
	for name, change := range map[string]func(*fluxQuery){
		"region":      func(q *fluxQuery) { q.region = "eu' OR 'a'='a" },
		"monitor":     func(q *fluxQuery) { q.monitor = `a\` },
		"field":       func(q *fluxQuery) { q.fields = []string{`a" FROM "b`} },
		"measurement": func(q *fluxQuery) { q.measurement = "m;DROP" },
		"suffix":      func(q *fluxQuery) { q.suffix = "ff" },
		"value":       func(q *fluxQuery) { q.okValue = &yes },
	} {
		bad := good
		change(&bad)
		if text, err := bad.influxQL(); err == nil {
			t.Errorf("%s: %s", name, text)
		}
	}
}
