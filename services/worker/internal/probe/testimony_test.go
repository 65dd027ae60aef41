package probe

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// full returns evidence of which every text is the one given, and every list so long.
func full(text string, n int) *Evidence {
	list := make([]string, n)
	failures := make([]assertion.Failure, n)
	for i := range n {
		list[i] = text
		failures[i] = assertion.Failure{Index: i, Source: assertion.SourceBody, Comparison: assertion.Contains, Expected: text, Actual: text}
	}
	return &Evidence{
		Certificate:  &Certificate{Subject: text, Issuer: text, Names: list, Chain: list, Days: 3},
		Registration: &Registration{Registrar: text, Status: list},
		Packets:      &Packets{Sent: 3},
		Failures:     failures, Answers: list,
		Header: http.Header{"Server": {text}, "Location": {text}}, Excerpt: strings.Repeat(text, n),
	}
}

func TestTestimonyFitsAndIsJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := Finding{Evidence: full(rapid.StringN(0, 300, 300).Draw(t, "text"), rapid.IntRange(0, 60).Draw(t, "n"))}
		most := rapid.IntRange(128, 6<<10).Draw(t, "most")
		b := f.Testimony(most)
		if len(b) == 0 || len(b) > most || !json.Valid(b) {
			t.Fatalf("%d bytes of %d: %s", len(b), most, b)
		}
		var e Evidence
		if err := json.Unmarshal(b, &e); err != nil || e.Packets == nil || e.Packets.Sent != 3 {
			t.Fatalf("what is short is not there: %v, %s", err, b)
		}
	})
}

func TestTestimonyCutsTheExcerptFirst(t *testing.T) {
	t.Parallel()
	e := full("word ", 3)
	whole := (&Finding{Evidence: e}).Testimony(6 << 10)
	e.Excerpt = strings.Repeat(`"\`, maxExcerpt/2)
	cut := (&Finding{Evidence: e}).Testimony(len(whole) + 600)
	var want, got Evidence
	if json.Unmarshal(whole, &want) != nil || json.Unmarshal(cut, &got) != nil {
		t.Fatalf("%s\n%s", whole, cut)
	}
	if n := len(got.Excerpt); n == 0 || n > maxExcerpt/8 || !strings.HasSuffix(got.Excerpt, "…") {
		t.Errorf("excerpt of %d bytes: %q", n, got.Excerpt)
	}
	want.Excerpt = got.Excerpt
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("besides the excerpt (-want +got):\n%s", diff)
	}
}

func TestTestimonyOfNothing(t *testing.T) {
	t.Parallel()
	for _, f := range []Finding{{}, {Evidence: &Evidence{}}, {Evidence: &Evidence{Header: http.Header{}}}} {
		if b := f.Testimony(6 << 10); b != nil {
			t.Errorf("%+v: %s", f.Evidence, b)
		}
	}
}

// Whatever a kind puts into its evidence, no text of it tells a secret or a cookie: a
// member that is added later is looked at as well, since every string is filled in.
func TestTestimonyTellsNoSecrets(t *testing.T) {
	t.Parallel()
	const secret = `p&ss"wörd<1>`
	e := full("", 2)
	fill(reflect.ValueOf(e).Elem(), secret+` cookie: "chocolate" `)
	f := Finding{Evidence: e, Secrets: []string{secret}}
	for _, most := range []int{6 << 10, 1 << 10} {
		b := f.Testimony(most)
		var said any
		if err := json.Unmarshal(b, &said); err != nil {
			t.Fatalf("%v: %s", err, b)
		}
		if text := fmt.Sprint(said); strings.Contains(text, "wörd") || strings.Contains(text, "chocolate") || !strings.Contains(text, "***") {
			t.Errorf("at most %d bytes: %s", most, text)
		}
	}
	if e.Excerpt != secret+` cookie: "chocolate" ` || e.Certificate.Names[0] != e.Excerpt {
		t.Error("the evidence itself was changed, which others may be reading")
	}
}

// ours are texts in which a target has no say: what a user wrote, and hashes and names of ours.
var ours = map[string]bool{
	"Source": true, "Property": true, "Comparison": true, "Severity": true,
	"Fingerprint": true, "SPKI": true, "Version": true, "Cipher": true, "Domain": true,
}

func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.Pointer:
		fill(v.Elem(), text)
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && !ours[field.Name] {
				fill(v.Field(i), text)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), text)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			fill(v.MapIndex(key), text)
		}
	case reflect.String:
		v.SetString(text)
	}
}

func TestExcerptLeavesCookiesOut(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"HTTP/1.1 500 Oops\r\nSet-Cookie: sid=0123; HttpOnly\r\nServer: x\r\n": "HTTP/1.1 500 Oops\nSet-Cookie: ***\nServer: x\n",
		"cookie: a=b":                          "cookie: ***",
		`{"COOKIE":"a=\"b\"","error":"gone"}`:  `{"COOKIE":***,"error":"gone"}`,
		`{"cookies": {"sid": "1"}}` + "\nnext": `{"cookies": ***` + "\nnext",
		"[HTTP_COOKIE] => sid=1\nnext":         "[HTTP_COOKIE] => ***\nnext",
		"'Cookie': 'sid=1', 'Host': 'h'":       "'Cookie': ***, 'Host': 'h'",
		`document.cookie = "sid=1";`:           `document.cookie = ***;`,
		"We bake cookies. A cookie is sweet.":  "We bake cookies. A cookie is sweet.",
	} {
		if got := Excerpt([]byte(in), nil); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestRedactKnowsHowPagesWrite(t *testing.T) {
	t.Parallel()
	const secret = `a<b>&"c d/e`
	for _, in := range []string{secret, "a&lt;b&gt;&amp;&#34;c d/e", "a%3Cb%3E%26%22c+d%2Fe", "a%3Cb%3E&%22c%20d%2Fe"} {
		if got := Redact("= "+in+" =", []string{secret, "abc"}); got != "= *** =" {
			t.Errorf("%s: %s", in, got)
		}
	}
	if got := Redact("abc", []string{"abc"}); got != "abc" {
		t.Errorf("a secret too short to hide: %q", got)
	}
}

func TestWhatEnds(t *testing.T) {
	t.Parallel()
	at := time.Date(2027, 3, 4, 5, 6, 7, 0, time.UTC)
	var none *Evidence
	for _, e := range []*Evidence{none, {}, {Certificate: &Certificate{}, Registration: &Registration{}}} {
		if e.CertificateEnds() != 0 || e.RegistrationEnds() != 0 {
			t.Errorf("%+v: %d, %d", e, e.CertificateEnds(), e.RegistrationEnds())
		}
	}
	e := &Evidence{Certificate: &Certificate{NotAfter: at}, Registration: &Registration{Expires: at.AddDate(-100, 0, 0)}}
	if e.CertificateEnds() != uptime.InstantOf(at) || e.RegistrationEnds() != 1 {
		t.Errorf("%d, %d", e.CertificateEnds(), e.RegistrationEnds())
	}
}
