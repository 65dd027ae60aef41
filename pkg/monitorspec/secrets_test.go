package monitorspec_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func parse(t *testing.T, kind uptime.Kind, target, settings string) *monitorspec.Spec {
	t.Helper()
	s, err := monitorspec.Parse(kind, target, json.RawMessage(settings))
	if err != nil {
		t.Fatalf("%s %s: %v", kind, settings, err)
	}
	return s
}

func shown(t *testing.T, s *monitorspec.Spec) string {
	t.Helper()
	public, err := s.Public()
	if err != nil {
		t.Fatal(err)
	}
	return string(public)
}

// withSecrets has every setting that may be secret, each with a value that says so.
var withSecrets = []struct {
	kind             uptime.Kind
	target, settings string
	secrets          int
}{
	{uptime.KindHTTP, "https://example.org", `{"headers":[{"name":"X-Api-Key","value":"hidden-1"},{"name":"X-A","value":"open"},{"name":"X-A","value":"hidden-2","secret":true}],
		"auth":{"type":"basic","username":"open","password":"hidden-3"},
		"body":{"type":"form","fields":[{"name":"password","value":"hidden-4"},{"name":"q","value":"open"}]}}`, 4},
	{uptime.KindHTTP, "https://example.org", `{"auth":{"type":"bearer","token":"hidden-1"},"body":{"type":"raw","text":"hidden-2","secret":true}}`, 2},
	{uptime.KindHTTP, "https://example.org", `{"auth":{"type":"oauth2","token_url":"https://login.example.org/","client_id":"open","client_secret":"hidden-1"},"body":{"type":"raw","text":"open"}}`, 1},
	{uptime.KindTCP, "example.org:1", `{"steps":[{"send":"hidden-1","secret":true},{"expect":"open"},{"send":"open"}]}`, 1},
	{uptime.KindUDP, "example.org:1", `{"send":"hidden-1","secret":true}`, 1},
	{uptime.KindWebSocket, "wss://example.org", `{"headers":[{"name":"Cookie","value":"hidden-1"}],"send":"hidden-2","secret":true}`, 2},
	{uptime.KindGRPC, "example.org:443", `{"metadata":[{"name":"Authorization","value":"hidden-1"}]}`, 1},
	{uptime.KindSMTP, "example.org", `{"auth":{"username":"open","password":"hidden-1"}}`, 1},
	{uptime.KindTLS, "example.org", ``, 0},
}

func TestSplitAndJoin(t *testing.T) {
	t.Parallel()
	for _, tt := range withSecrets {
		s := parse(t, tt.kind, tt.target, tt.settings)
		public, secrets, err := s.Split()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(public), "hidden") || strings.Count(string(public), monitorspec.Mask) != tt.secrets {
			t.Errorf("%s shows %s", tt.kind, public)
		}
		if strings.Contains(string(secrets), "open") || (secrets == nil) != (tt.secrets == 0) {
			t.Errorf("%s keeps %s", tt.kind, secrets)
		}
		if values := s.Secrets(); len(values) != tt.secrets || slices.ContainsFunc(values, func(v string) bool { return !strings.HasPrefix(v, "hidden") }) {
			t.Errorf("%s has the secrets %v", tt.kind, values)
		}
		joined, err := monitorspec.Join(tt.kind, s.Target, public, secrets)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, joined); diff != "" {
			t.Errorf("%s joined (-want +got):\n%s", tt.kind, diff)
		}
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	const old = `{"headers":[{"name":"Authorization","value":"hidden"},{"name":"X-A","value":"a"}],"http_version":"2","redirects":{"limit":2,"expect":"/x"}}`
	tests := []struct {
		name, target, patch string
		want                string            // shown afterwards
		secrets             []string          //
		wrong               map[string]string // field → part of the message
	}{
		{"nothing", "", `{}`, old, []string{"hidden"}, nil},
		{"one setting", "", `{"http_version":"1.1"}`, strings.Replace(old, `"http_version":"2"`, `"http_version":"1.1"`, 1), []string{"hidden"}, nil},
		{"back to the default", "", `{"http_version":null,"redirects":{"limit":null}}`, `{"headers":[{"name":"Authorization","value":"hidden"},{"name":"X-A","value":"a"}],"redirects":{"expect":"/x"}}`, []string{"hidden"}, nil},
		{"all gone", "", `{"http_version":null,"redirects":null,"headers":null}`, `{}`, nil, nil},
		{"secret kept in another place", "", `{"headers":[{"name":"X-A","value":"b"},{"name":"authorization","value":"***"}],"redirects":null,"http_version":null}`,
			`{"headers":[{"name":"X-A","value":"b"},{"name":"authorization","value":"hidden"}]}`, []string{"hidden"}, nil},
		{"secret changed", "", `{"headers":[{"name":"Authorization","value":"hidden too"}],"redirects":null,"http_version":null}`,
			`{"headers":[{"name":"Authorization","value":"hidden too"}]}`, []string{"hidden too"}, nil},
		{"secret of another header", "", `{"headers":[{"name":"X-Token","value":"***"}]}`, "", nil, map[string]string{"settings.headers[0].value": "none is"}},
		{"public value is no secret", "", `{"headers":[{"name":"X-A","value":"***","secret":true}]}`, "", nil, map[string]string{"settings.headers[0].value": "none is"}},
		{"same host", "https://example.org/other", `{}`, old, []string{"hidden"}, nil},
		{"another host", "https://evil.example/", `{}`, "", nil, map[string]string{"settings.headers[0].value": "another host"}},
		{"another port", "https://example.org:8443/", `{}`, "", nil, map[string]string{"settings.headers[0].value": "another host"}},
		{"another host and secret", "https://evil.example/", `{"headers":[{"name":"Authorization","value":"theirs"}],"redirects":null,"http_version":null}`,
			`{"headers":[{"name":"Authorization","value":"theirs"}]}`, []string{"theirs"}, nil},
		{"wrong", "", `{"http_version":"9","x":1}`, "", nil, map[string]string{"settings.x": "unknown"}},
		{"no object", "", `[]`, "", nil, map[string]string{"settings": "must be an object"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, uptime.KindHTTP, "https://example.org/", old)
			before := shown(t, s)
			var target *string
			if tt.target != "" {
				target = &tt.target
			}
			got, err := s.Merge(target, json.RawMessage(tt.patch))
			for field, part := range tt.wrong {
				if p := problems(t, err); !strings.Contains(p[field], part) {
					t.Errorf("got %v, want %q at %s", p, part, field)
				}
			}
			if shown(t, s) != before {
				t.Errorf("the old one has become %s", shown(t, s))
			}
			if tt.wrong != nil {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(parse(t, uptime.KindHTTP, got.Target, tt.want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.secrets, got.Secrets()); diff != "" {
				t.Errorf("secrets (-want +got):\n%s", diff)
			}
		})
	}
}

// Neither showing a secret nor sending it to another issuer of tokens is a way to read
// what somebody else has entered.
func TestMergeDoesNotBetraySecrets(t *testing.T) {
	t.Parallel()
	header := parse(t, uptime.KindHTTP, "https://example.org/", `{"headers":[{"name":"X-A","value":"hidden","secret":true}]}`)
	_, err := header.Merge(nil, json.RawMessage(`{"headers":[{"name":"X-A","value":"***","secret":false}]}`))
	if got := problems(t, err); !strings.Contains(got["settings.headers[0].value"], "to be shown") {
		t.Errorf("no longer secret: %v", got)
	}
	oauth := parse(t, uptime.KindHTTP, "https://example.org/",
		`{"auth":{"type":"oauth2","token_url":"https://login.example.org/a","client_id":"a","client_secret":"hidden"}}`)
	if _, err := oauth.Merge(nil, json.RawMessage(`{"auth":{"token_url":"https://login.example.org/b"}}`)); err != nil {
		t.Errorf("another path: %v", err)
	}
	_, err = oauth.Merge(nil, json.RawMessage(`{"auth":{"token_url":"https://evil.example/"}}`))
	if got := problems(t, err); !strings.Contains(got["settings.auth.client_secret"], "another host") {
		t.Errorf("another issuer: %v", got)
	}
}

func TestTiming(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind              uptime.Kind
		interval, timeout time.Duration
		want              map[string]string
	}{
		{uptime.KindHTTP, time.Minute, 10 * time.Second, nil},
		{uptime.KindHTTP, time.Second, time.Second, map[string]string{"interval_seconds": "5 to 86400"}},
		{uptime.KindHTTP, time.Minute, 10 * time.Millisecond, map[string]string{"timeout_ms": "milliseconds?"}},
		{uptime.KindHTTP, 10 * time.Second, 11 * time.Second, map[string]string{"timeout_ms": "the interval"}},
		{uptime.KindHTTP, time.Hour, 2 * time.Minute, map[string]string{"timeout_ms": "60000"}},
		{uptime.KindDomain, time.Minute, 10 * time.Second, map[string]string{"interval_seconds": "3600 to"}},
		{uptime.KindHeartbeat, 366 * 24 * time.Hour, 0, nil},
	}
	for _, tt := range tests {
		got := problems(t, monitorspec.CheckTiming(tt.kind, tt.interval, tt.timeout))
		if len(got) != len(tt.want) {
			t.Errorf("%s %s/%s: %v, want %v", tt.kind, tt.interval, tt.timeout, got, tt.want)
		}
		for field, part := range tt.want {
			if !strings.Contains(got[field], part) {
				t.Errorf("%s %s/%s: %v, want %v", tt.kind, tt.interval, tt.timeout, got, tt.want)
			}
		}
	}
	for _, kind := range monitorspec.Kinds() {
		l := monitorspec.LimitsOf(kind)
		if err := monitorspec.CheckTiming(kind, l.DefaultInterval, l.DefaultTimeout); err != nil {
			t.Errorf("the defaults of %s: %v", kind, err)
		}
	}
	if monitorspec.MinRecheck(uptime.KindDomain) != 24*time.Hour || monitorspec.MinRecheck(uptime.KindHTTP) != 0 {
		t.Error("MinRecheck is wrong")
	}
	ping := parse(t, uptime.KindICMP, "example.org", `{"count":10,"interval_ms":1000}`)
	if err := ping.CheckRun(9 * time.Second); err == nil {
		t.Error("ten packets in nine seconds, one a second")
	}
	if err := ping.CheckRun(10 * time.Second); err != nil {
		t.Error(err)
	}
}

// A target that repeats what it was sent repeats it without its line break, in part, or
// in quotes.
func TestSecretsOfHasEveryForm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind     uptime.Kind
		target   string
		settings string
		want     []string
	}{
		{uptime.KindTCP, "example.org:1", `{"steps":[{"send":"PASS hunter22\r\n","secret":true}]}`, []string{"PASS hunter22\r\n", "PASS hunter22", "hunter22"}},
		{uptime.KindUDP, "example.org:1", `{"send":"68756e746572 3232","encoding":"hex","secret":true}`, []string{"hunter22"}},
		{uptime.KindUDP, "example.org:1", `{"send":"aHVudGVyMjI=","encoding":"base64","secret":true}`, []string{"hunter22"}},
		{uptime.KindHTTP, "example.org", `{"headers":[{"name":"Authorization","value":"Token k\"e\\y123"}]}`, []string{`k"e\y123`, `k\"e\\y123`}},
	}
	for _, tt := range tests {
		got := monitorspec.SecretsOf(parse(t, tt.kind, tt.target, tt.settings).Settings)
		for _, want := range tt.want {
			if !slices.Contains(got, want) {
				t.Errorf("%s: %q lacks %q", tt.settings, got, want)
			}
		}
		if slices.Contains(got, "PASS") {
			t.Errorf("%s: a command is no secret: %q", tt.settings, got)
		}
	}
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	cert, key := targets.PEM(t, ca.Issue(t, targets.Identity{}))
	other, _ := targets.PEM(t, ca.Issue(t, targets.Identity{}))
	settings := func(cert, key string) string {
		b, err := json.Marshal(map[string]any{"tls": map[string]string{"ca": ca.PEM(), "certificate": cert, "key": key}})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	s := parse(t, uptime.KindTLS, "example.org", settings(cert, key))
	if public := shown(t, s); strings.Contains(public, "PRIVATE KEY") || !strings.Contains(public, "CERTIFICATE") {
		t.Errorf("shows %s", public)
	}
	for _, wrong := range []struct{ cert, key, field, part string }{
		{other, key, "settings.tls.key", "does not go"},
		{cert + key, key, "settings.tls.certificate", "holds a private key"},
	} {
		_, err := monitorspec.Parse(uptime.KindTLS, "example.org", json.RawMessage(settings(wrong.cert, wrong.key)))
		if got := problems(t, err); !strings.Contains(got[wrong.field], wrong.part) {
			t.Errorf("got %v, want %q at %s", got, wrong.part, wrong.field)
		}
	}
}
