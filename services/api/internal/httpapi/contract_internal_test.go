package httpapi

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
)

func TestParseTags(t *testing.T) {
	t.Parallel()
	tests := []struct {
		headers []string
		want    []string // nil: wrong
		any     bool
	}{
		{headers: []string{"*"}, any: true}, {headers: []string{" * "}, any: true},
		{headers: []string{`"a"`}, want: []string{`"a"`}},
		{headers: []string{`W/"a", "b.c" ,"d"`}, want: []string{`"a"`, `"b.c"`, `"d"`}},
		{headers: []string{`"a,b"`, `"c"`}, want: []string{`"a,b"`, `"c"`}},
		{headers: []string{`""`}, want: []string{`""`}},
		{headers: []string{`"a",, "b",`}, want: []string{`"a"`, `"b"`}},
		{headers: []string{""}}, {headers: []string{"a"}}, {headers: []string{`"a`}}, {headers: []string{`"a" "b"`}}, {headers: []string{`"a", *`}},
		{headers: []string{"W/"}}, {headers: []string{","}}, {headers: []string{strings.Repeat(`"a",`, maxTags+1)}},
	}
	for _, tt := range tests {
		got, err := parseTags(tt.headers)
		if wrong := tt.want == nil && !tt.any; wrong != (err != nil) {
			t.Errorf("%q: error %v", tt.headers, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got.tags); diff != "" || got.any != tt.any {
			t.Errorf("%q (-want +got):\n%s", tt.headers, diff)
		}
	}
}

func TestWhichTagsMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sent, tag string
		whole     bool
		want      bool
	}{
		{`"v.s"`, `"v.s"`, true, true}, {`"v.x"`, `"v.s"`, true, false}, {`"v"`, `"v.s"`, true, false}, {`*`, `"v.s"`, true, true},
		{`"v.s"`, `"v"`, false, true}, {`"v"`, `"v"`, false, true}, {`"w.s"`, `"v"`, false, false}, {`"w", "v.x"`, `"v"`, false, true}, {`""`, `"v"`, false, false},
	}
	for _, tt := range tests {
		tags, err := parseTags([]string{tt.sent})
		if err != nil {
			t.Fatal(err)
		}
		if got := tags.has(tt.tag, tt.whole); got != tt.want {
			t.Errorf("%s has %s (whole: %v): %v", tt.sent, tt.tag, tt.whole, got)
		}
	}
}

func FuzzParseTags(f *testing.F) {
	for _, seed := range []string{`*`, `"a"`, `W/"a", "b"`, `"`, `"a",,`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		tags, err := parseTags([]string{header})
		if err != nil {
			return
		}
		if len(tags.tags) > maxTags || tags.tags == nil && !tags.any {
			t.Errorf("%q: %d tags", header, len(tags.tags))
		}
		again, err := parseTags([]string{strings.Join(tags.tags, ", ")})
		if !tags.any && (err != nil || !cmp.Equal(tags.tags, again.tags)) {
			t.Errorf("%q: %q, then %q", header, tags.tags, again.tags)
		}
	})
}

func TestLimitsAreBoundedAndFill(t *testing.T) {
	t.Parallel()
	l, err := newLimits(60)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_700_000_000, 0)
	for i := range 60 {
		if a := l.take("a", now); a.wait != 0 || a.left != 59-i {
			t.Fatalf("call %d: %+v", i, a)
		}
	}
	if a := l.take("a", now); a.wait != time.Second || a.left != 0 || a.reset != time.Minute {
		t.Errorf("after all of them: %+v", a)
	}
	if a := l.take("a", now.Add(1500*time.Millisecond)); a.wait != 0 {
		t.Errorf("a second later: %+v", a)
	}
	if a := l.take("a", now.Add(time.Hour)); a.left != 59 {
		t.Errorf("an hour later: %+v", a)
	}
	for i := range maxLimited + 100 {
		l.take(fmt.Sprint(i), now)
	}
	if n := l.buckets.Len(); n != maxLimited {
		t.Errorf("%d are remembered", n)
	}
}

func TestAddressesThatCountAsOne(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": "", "x": "",
	} {
		if got := addressOf(address); got != want {
			t.Errorf("%q counts as %q, want %q", address, got, want)
		}
	}
}

func TestTheEndOfAnOperationIsAnnounced(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		deprecated bool
		extensions map[string]any
		want       map[string]string // nil: refused
	}{
		{"none", false, nil, map[string]string{"Deprecation": "", "Sunset": "", "Link": ""}},
		{"deprecated", true, map[string]any{"x-deprecated-at": "2026-11-01"}, map[string]string{"Deprecation": "@1793491200", "Sunset": "", "Link": `</docs#op>; rel="deprecation"; type="text/html"`}},
		{"with its end", true, map[string]any{"x-deprecated-at": "2026-11-01", "x-sunset": "2027-11-01"}, map[string]string{"Deprecation": "@1793491200", "Sunset": "Mon, 01 Nov 2027 00:00:00 GMT"}},
		{"without a day", true, nil, nil},
		{"a day only", false, map[string]any{"x-deprecated-at": "2026-11-01"}, nil},
		{"no day", true, map[string]any{"x-deprecated-at": "soon"}, nil},
		{"gone before", true, map[string]any{"x-deprecated-at": "2026-11-01", "x-sunset": "2025-11-01"}, nil},
	}
	for _, tt := range tests {
		r, err := retirementOf(&openapi3.Operation{OperationID: "op", Deprecated: tt.deprecated, Extensions: tt.extensions})
		if (err != nil) != (tt.want == nil) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil {
			continue
		}
		w := httptest.NewRecorder()
		c, _ := gin.CreateTestContext(w)
		r.announce(c, "op")
		for name, want := range tt.want {
			if got := c.Writer.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", tt.name, name, got, want)
			}
		}
	}
}
