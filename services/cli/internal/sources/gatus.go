package sources

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// gatusFile is what is read of a Gatus configuration; all else is told by its name.
type gatusFile struct {
	Endpoints []gatusEndpoint `yaml:"endpoints"`
	External  []gatusExternal `yaml:"external-endpoints"`
	Alerting  map[string]any  `yaml:"alerting"`
	Rest      map[string]any  `yaml:",inline"`
}

type gatusEndpoint struct {
	Enabled    *bool             `yaml:"enabled"`
	Name       string            `yaml:"name"`
	Group      string            `yaml:"group"`
	URL        string            `yaml:"url"`
	Method     string            `yaml:"method"`
	Body       string            `yaml:"body"`
	GraphQL    bool              `yaml:"graphql"`
	Headers    map[string]string `yaml:"headers"`
	Interval   time.Duration     `yaml:"interval"`
	Conditions []string          `yaml:"conditions"`
	DNS        *gatusDNS         `yaml:"dns"`
	Client     gatusClient       `yaml:"client"`
	Rest       map[string]any    `yaml:",inline"`
}

type gatusDNS struct {
	QueryName string `yaml:"query-name"`
	QueryType string `yaml:"query-type"`
}

type gatusClient struct {
	Insecure       bool          `yaml:"insecure"`
	IgnoreRedirect bool          `yaml:"ignore-redirect"`
	Timeout        time.Duration `yaml:"timeout"`
	Network        string        `yaml:"network"`
	OAuth2         *struct {
		TokenURL     string   `yaml:"token-url"`
		ClientID     string   `yaml:"client-id"`
		ClientSecret string   `yaml:"client-secret"`
		Scopes       []string `yaml:"scopes"`
	} `yaml:"oauth2"`
	Rest map[string]any `yaml:",inline"`
}

type gatusExternal struct {
	Enabled   *bool  `yaml:"enabled"`
	Name      string `yaml:"name"`
	Group     string `yaml:"group"`
	Heartbeat struct {
		Interval time.Duration `yaml:"interval"`
	} `yaml:"heartbeat"`
	Rest map[string]any `yaml:",inline"`
}

// The defaults of Gatus.
const (
	gatusInterval = time.Minute
	gatusTimeout  = 10 * time.Second
)

var gatusVariable = regexp.MustCompile(`\$\$|\$\{[A-Za-z_][A-Za-z0-9_]*\}|\$[A-Za-z_][A-Za-z0-9_]*`)

// references brings variables, which Gatus writes $NAME or ${NAME} and a dollar $$,
// into the form of a fleet file.
func references(text []byte) []byte {
	return gatusVariable.ReplaceAllFunc(text, func(m []byte) []byte {
		switch {
		case string(m) == "$$":
			return []byte("$")
		case m[1] == '{':
			return m
		}
		return []byte("${" + string(m[1:]) + "}")
	})
}

// Gatus reads a Gatus configuration.
func Gatus(text []byte) (Result, error) {
	var file gatusFile
	if err := yaml.Unmarshal(references(text), &file); err != nil {
		return Result{}, fmt.Errorf("this is no Gatus configuration: %w", err)
	}
	if file.Endpoints == nil && file.External == nil {
		return Result{}, fmt.Errorf("this is no Gatus configuration: it has no endpoints")
	}
	b := newBuilder()
	b.References = true
	for i := range file.Endpoints {
		b.endpoint(&file.Endpoints[i])
	}
	for _, e := range file.External {
		every := e.Heartbeat.Interval
		if every == 0 {
			every = gatusInterval
			b.note(e.Name, "had no interval after which its silence matters: it has %s now", every)
		}
		b.note(e.Name, "calls in at a URL of its own, which the new monitor shows; it must be told there")
		b.rest(e.Name, e.Rest, "token")
		b.add(found{
			external: gatusID(e.Group, e.Name), name: e.Name, site: nowhere(e.Group + " " + e.Name), tags: []string{e.Group}, interval: every,
			paused: e.Enabled != nil && !*e.Enabled, monitor: monitorOf("heartbeat", ""),
		})
	}
	for _, name := range slices.Sorted(maps.Keys(file.Alerting)) {
		b.note("alerting", "%s %s", name, channelHint(name))
	}
	for _, name := range slices.Sorted(maps.Keys(file.Rest)) {
		b.note("", "%s is not taken over", name)
	}
	return b.result(), nil
}

func gatusID(group, name string) string { return "gatus:" + group + "_" + name }

// rest tells what nobody has looked at.
func (b *builder) rest(name string, rest map[string]any, but ...string) {
	for _, key := range slices.Sorted(maps.Keys(rest)) {
		switch {
		case slices.Contains(but, key):
		case key == "alerts":
			b.note(name, "alerts are for channels to choose here")
		default:
			b.note(name, "%s has no counterpart", key)
		}
	}
}

func (b *builder) endpoint(e *gatusEndpoint) {
	f := found{
		external: gatusID(e.Group, e.Name), name: e.Name, tags: []string{e.Group}, interval: e.Interval, timeout: e.Client.Timeout,
		paused: e.Enabled != nil && !*e.Enabled, settings: map[string]any{},
	}
	if f.interval == 0 {
		f.interval = gatusInterval
	}
	if f.timeout == 0 {
		f.timeout = gatusTimeout
	}
	if f.name == "" {
		f.name = e.URL
	}
	if !b.gatusKind(e, &f) {
		return
	}
	b.gatusClient(e, &f)
	b.rest(f.name, e.Rest)
	b.conditions(e, &f)
	b.add(f)
}

// gatusKind finds the kind by the URL's scheme; false: there is none.
func (b *builder) gatusKind(e *gatusEndpoint, f *found) bool {
	host, rest := hostOf(e.URL), hostPort(e.URL)
	f.site = siteOf(host)
	if e.DNS != nil {
		name := strings.TrimSuffix(e.DNS.QueryName, ".")
		f.monitor = monitorOf("dns", name)
		f.site = siteOf(name)
		f.settings["nameserver"] = rest
		if e.DNS.QueryType != "" {
			f.settings["record"] = e.DNS.QueryType
		}
		return true
	}
	scheme, _, _ := strings.Cut(e.URL, "://")
	switch scheme = strings.ToLower(scheme); scheme {
	case "http", "https":
		f.monitor, f.site = monitorOf("http", ""), e.URL
		b.gatusRequest(e, f)
		return true
	case "tcp", "tls", "icmp":
		f.monitor = monitorOf(scheme, rest)
	case "ssh":
		f.monitor = monitorOf("tcp", host+":"+portOr(rest, "22"))
		b.note(f.name, "opens the port of SSH only, without a login")
	case "starttls":
		f.monitor = monitorOf("smtp", rest)
		f.settings["security"] = "starttls"
	case "ws", "wss":
		f.monitor = monitorOf("websocket", e.URL)
		if e.Body != "" {
			f.settings["send"] = e.Body
		}
	case "grpc", "grpcs":
		f.monitor = monitorOf("grpc", rest)
		if scheme == "grpc" {
			f.settings["security"] = "none"
		}
	case "udp":
		f.monitor = monitorOf("udp", rest)
		if e.Body == "" {
			b.note(f.name, "is left out: without a datagram to send, UDP tells nothing")
			return false
		}
		f.settings["send"] = e.Body
	default:
		b.note(f.name, "is left out: there is no kind for %s://", scheme)
		return false
	}
	return true
}

func portOr(hostPort, port string) string {
	if u, err := url.Parse("//" + hostPort); err == nil && u.Port() != "" {
		return u.Port()
	}
	return port
}

func (b *builder) gatusRequest(e *gatusEndpoint, f *found) {
	if e.Method != "" && e.Method != http.MethodGet {
		f.settings["method"] = e.Method
	}
	headers, contentType := []any{}, ""
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		if strings.EqualFold(name, "Content-Type") {
			contentType = e.Headers[name]
			if e.Body != "" {
				continue
			}
		}
		headers = append(headers, map[string]any{"name": name, "value": e.Headers[name]})
	}
	if len(headers) > 0 {
		f.settings["headers"] = headers
	}
	if e.Body == "" {
		return
	}
	text := e.Body
	if e.GraphQL {
		encoded, _ := json.Marshal(map[string]string{"query": e.Body}) // texts always marshal
		text, contentType = string(encoded), "application/json"
	}
	body := map[string]any{"type": "raw", "text": text}
	if contentType != "" {
		body["content_type"] = contentType
	}
	f.settings["body"] = body
}

func (b *builder) gatusClient(e *gatusEndpoint, f *found) {
	c := &e.Client
	kind := f.monitor.Kind
	if c.Insecure {
		f.settings["tls"] = map[string]any{"skip_verify": true}
	}
	if c.IgnoreRedirect && kind == "http" {
		f.settings["redirects"] = map[string]any{"follow": false}
	}
	switch c.Network {
	case "ip4":
		f.settings["ip_version"] = "4"
	case "ip6":
		f.settings["ip_version"] = "6"
	}
	if o := c.OAuth2; o != nil && kind == "http" {
		auth := map[string]any{"type": "oauth2", "token_url": o.TokenURL, "client_id": o.ClientID, "client_secret": o.ClientSecret}
		if len(o.Scopes) > 0 {
			auth["scopes"] = o.Scopes
		}
		f.settings["auth"] = auth
	}
	for _, key := range slices.Sorted(maps.Keys(c.Rest)) {
		b.note(f.name, "client.%s has no counterpart", key)
	}
}
