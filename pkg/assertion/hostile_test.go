package assertion_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// hostileBodies are what a target may send to hurt the worker, of a megabyte each.
var hostileBodies = map[string]string{
	"wide":      "[" + strings.Repeat("0,", 100_000) + "0]",
	"deep":      strings.Repeat("[", 1<<20),
	"nested":    strings.Repeat(`{"a":[`, 31) + strings.Repeat(`0,`, 100_000) + "0" + strings.Repeat("]}", 31),
	"objects":   "[" + strings.Repeat(`{"":0},`, 50_000) + `{"a":0}]`,
	"members":   `{"a":{` + strings.Repeat(`"":0,`, 90_000) + `"":0}}`,
	"long text": `["` + strings.Repeat("a", 1<<20) + `!"]`,
	"texts":     "[" + strings.Repeat(`{"x":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},`, 25_000) + "0]",
	"ladder":    ladder(60, 1000),
	"number":    strings.Repeat("9", 1<<20),
	"exponent":  "1e" + strings.Repeat("9", 1<<20),
	"quotes":    strings.Repeat(`"`, 1<<20),
	"zeros":     strings.Repeat("\x00", 1<<20),
	"not utf-8": `{"a":"` + strings.Repeat("\xff", 1<<20) + `"}`,
	"escapes":   `{"a":"` + strings.Repeat(`\ud800`, 100_000) + `"}`,
}

// ladder nests arrays with some values on each step.
func ladder(depth, width int) string {
	return strings.Repeat("["+strings.Repeat("0,", width), depth) + "0" + strings.Repeat("]", depth)
}

var hostilePaths = []string{
	"$..*", "$..[*,*,*,*]..[*,*,*,*]..[*,*,*,*]", "$..*..*..*..*..*", "$[*][*][*][*]", "$..[?@..a]..[?@..a]",
	"$" + strings.Repeat("['a','a']", 100), "$" + strings.Repeat("[0,0,0,0]", 100), "$..[?count(@..*)>3]", "$[?@.x==$]",
	"$..[?search(@.x,'(a|a)*b')]", "$..[?match(@.x,'(.*)(.*)(.*)(.*)b')]", "$[?search(@,'a{500}b')]", "$..[0:100000:1]", "$..[::-1]",
	"$[?" + strings.Repeat("@..a||", 150) + "@..a]", "$[?@.a[?@.b[?@.c[?@.d]]]]", "$..[?@ == $]", "$[?length(@)<0]",
}

// hostileExpressions are slow for a backtracker or for a simulation of many states.
var hostileExpressions = []string{`(a*)*b`, `(a|a)*b`, `.*.*.*.*b$`, `(?:a{0,30}){15}b`, `(?i)(x+x+)+y`, `[^b]{900}b`}

// The bound is on work, not on time: the clock only tells a hang from an answer.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	var list []what
	for _, p := range hostilePaths {
		list = append(list, what{"json", p, "not_matches", `"(a|b)*c"`})
	}
	for _, x := range hostileExpressions {
		list = append(list, what{"body", "", "matches", `"` + x + `"`})
	}
	sets := make([]*assertion.Set, len(list))
	for i, w := range list {
		sets[i] = w.compile(t)
	}
	var slowest time.Duration
	var where string
	for name, body := range hostileBodies {
		obs := &assertion.Observation{Body: []byte(body)}
		for i, set := range sets {
			start := time.Now()
			r := set.Evaluate(obs)
			if d := time.Since(start); d > slowest {
				slowest, where = d, name+" with "+list[i].property+list[i].target
			}
			if r.Outcome != uptime.OutcomePass && r.Detail() == "" {
				t.Errorf("%s with %v fails without a word", name, list[i])
			}
			if i%8 != 0 {
				continue
			}
			if again := set.Evaluate(obs); again.Detail() != r.Detail() {
				t.Errorf("%s with %v: %s, then %s", name, list[i], r.Detail(), again.Detail())
			}
		}
	}
	t.Logf("slowest: %v, %s", slowest, where)
}

func TestTooCostlyFailsAndSaysSo(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		what
		body string
		want string
	}{
		{what{"json", "$..[*,*,*,*]..[*,*,*,*]", "not_equals", "1"}, hostileBodies["ladder"], "too much work"},
		{what{"json", "$[0,0][0,0][0,0]" + strings.Repeat("[0,0]", 30), "not_equals", "1"}, ladder(60, 0), "too much work"},
		{what{"body", "", "not_matches", `"[^b]{900}b"`}, hostileBodies["long text"], "too long"},
		{what{"json", "$[0]", "not_matches", `"[^b]{900}b"`}, hostileBodies["long text"], "too long"},
		{what{"json", "$", "not_equals", "1"}, hostileBodies["deep"], "nested deeper than 64"},
		{what{"json", "$", "not_equals", "1"}, "[" + strings.Repeat("0,", 1<<18) + "0]", "more than 102400 values"},
	} {
		r := tc.compile(t).Evaluate(&assertion.Observation{Body: []byte(tc.body)})
		if len(r.Failures) != 1 || !r.Failures[0].Missing || !strings.Contains(r.Failures[0].Actual, tc.want) {
			t.Errorf("%v: %+v, want %q", tc.what, r, tc.want)
		}
	}
}

// What bounds the hostile must not hinder the honest.
func TestHonestWorkIsNotTooCostly(t *testing.T) {
	t.Parallel()
	item := `{"id":12345,"name":"service name","status":"ok","tags":["a","b"],"latency":12.5,"nested":{"region":"eu-west","up":true}},`
	body := []byte("[" + strings.Repeat(item, 7000) + `{"id":0,"status":"down"}]`) // 0.9 MB, 80,000 values
	for _, w := range []what{
		{"json", "$..status", "contains", `"down"`},
		{"json", "$[?@.status=='down'].id", "equals", "0"},
		{"json", "$[?match(@.status, 'do.*')].id", "equals", "0"},
		{"json", "$[?@.nested.up==true && count(@.tags[*])==2].id", "equals", "12345"},
		{"json", "$[?@..region].id", "equals", "12345"},
		{"body", "", "matches", `"(?i)\"status\":\\s*\"down\""`},
		{"body", "", "not_matches", `"(?i)fatal (error|exception): \\w+"`},
	} {
		if r := w.compile(t).Evaluate(&assertion.Observation{Body: body}); r.Outcome != uptime.OutcomePass {
			t.Errorf("%v: %s", w, r.Detail())
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	set := what{"json", "$.items[?match(@.x, 'do.*')].v", "equals", "4"}.compile(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if r := set.Evaluate(observed()); r.Outcome != uptime.OutcomePass {
					t.Error(r.Detail())
				}
			}
		})
	}
	group.Wait()
}
