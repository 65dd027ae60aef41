package monitorspec

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// HTTP asks a web server for a page. Target: a URL of http or https.
type HTTP struct {
	Common
	Method         string    `json:"method,omitempty" rule:"default=GET,max=32" doc:"Method of the request"`
	Headers        []Header  `json:"headers,omitempty" rule:"max=50" doc:"Headers of the request, Host included"`
	Body           *Body     `json:"body,omitempty" doc:"Body of the request"`
	Auth           *Auth     `json:"auth,omitempty" doc:"Credentials"`
	TLS            ClientTLS `json:"tls,omitzero" doc:"How to take part in TLS; with certificate and key it is mutual"`
	Redirects      Redirects `json:"redirects,omitzero" doc:"What to do with redirects"`
	HTTPVersion    string    `json:"http_version,omitempty" rule:"enum=auto|1.1|2|3,default=auto" doc:"Version of HTTP; auto takes 2 or 1.1 as the server does"`
	IPVersion      string    `json:"ip_version,omitempty" rule:"enum=auto|4|6,default=auto" doc:"Version of IP"`
	ExpectedStatus []string  `json:"expected_status,omitempty" rule:"default=200-399,min=1,max=50,each=16,numbers" doc:"Codes, ranges and classes that are good: 204, 200-299, 2xx"`
}

// Body is the body of a request.
type Body struct {
	Type        string      `json:"type" rule:"required,enum=raw|json|form" doc:"raw text, json, or form fields"`
	Text        string      `json:"text,omitempty" rule:"max=32768,secret-if" doc:"The body itself; of json, a JSON text"`
	Fields      []FormField `json:"fields,omitempty" rule:"max=100" doc:"Fields of a form"`
	ContentType string      `json:"content_type,omitempty" rule:"max=256" doc:"Content-Type, instead of the type's own"`
	Secret      bool        `json:"secret,omitempty" doc:"The text is never shown again"`
}

// FormField is a field of a form.
type FormField struct {
	Name   string `json:"name" rule:"required,max=256" doc:"Name"`
	Value  string `json:"value" rule:"max=8192,secret-if" doc:"Value; secret if so marked"`
	Secret bool   `json:"secret,omitempty" doc:"Never shown again; always so for names that speak of credentials"`
}

// The values of [Body.Type].
const (
	BodyRaw  = "raw"
	BodyJSON = "json"
	BodyForm = "form"
)

// Auth are the credentials of a request.
type Auth struct {
	Type         string   `json:"type" rule:"required,enum=basic|bearer|oauth2" doc:"basic, bearer, or oauth2 for client credentials"`
	Username     string   `json:"username,omitempty" rule:"max=1024" doc:"Of basic"`
	Password     string   `json:"password,omitempty" rule:"max=8192,secret" doc:"Of basic"`
	Token        string   `json:"token,omitempty" rule:"max=8192,secret" doc:"Of bearer"`
	TokenURL     string   `json:"token_url,omitempty" rule:"max=2048" doc:"Of oauth2: where tokens are issued"`
	ClientID     string   `json:"client_id,omitempty" rule:"max=1024" doc:"Of oauth2"`
	ClientSecret string   `json:"client_secret,omitempty" rule:"max=8192,secret" doc:"Of oauth2"`
	Scopes       []string `json:"scopes,omitempty" rule:"max=50,each=256" doc:"Of oauth2"`
	Audience     string   `json:"audience,omitempty" rule:"max=2048" doc:"Of oauth2, where the issuer wants one"`
	ClientAuth   string   `json:"client_auth,omitempty" rule:"enum=header|body" doc:"Of oauth2: how the client says who it is; header if unset"`
}

// The values of [Auth.Type].
const (
	AuthBasic  = "basic"
	AuthBearer = "bearer"
	AuthOAuth2 = "oauth2"
)

// MaxRedirects is how many redirects a probe follows at most.
const MaxRedirects = 5

// Redirects says what to do with them.
type Redirects struct {
	Follow *bool  `json:"follow,omitempty" rule:"default=true" doc:"Go where they lead"`
	Limit  int    `json:"limit,omitempty" rule:"default=5,min=1,max=5" doc:"How many to follow; one more is a failure"`
	Expect string `json:"expect,omitempty" rule:"max=2048" doc:"URL that the last answer must come from or, when not following, that the redirect must name"`
}

// Kind implements [Settings].
func (*HTTP) Kind() uptime.Kind { return uptime.KindHTTP }

// Follow tells whether redirects are followed.
func (h *HTTP) Follow() bool { return h.Redirects.Follow == nil || *h.Redirects.Follow }

// ExpectsStatus tells whether a status is a good one.
func (h *HTTP) ExpectsStatus(status int) bool {
	if len(h.ExpectedStatus) == 0 {
		return status >= 200 && status <= 399
	}
	for _, text := range h.ExpectedStatus {
		if low, high, err := statusRange(text); err == nil && low <= status && status <= high {
			return true
		}
	}
	return false
}

// statusRange reads a code, a range or a class of codes.
func statusRange(text string) (low, high int, err error) {
	if len(text) == 3 && text[0] >= '1' && text[0] <= '9' && strings.EqualFold(text[1:], "xx") {
		low = 100 * int(text[0]-'0')
		return low, low + 99, nil
	}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	low, err1 := strconv.Atoi(strings.TrimSpace(first))
	high, err2 := strconv.Atoi(strings.TrimSpace(last))
	if err1 != nil || err2 != nil || low < 100 || high > 999 || low > high {
		return 0, 0, fmt.Errorf("must be a code, a range or a class: 204, 200-299 or 2xx")
	}
	return low, high, nil
}

func (h *HTTP) normalise() {
	h.Method = strings.ToUpper(h.Method)
	markSecret(h.Headers)
	if h.Body != nil {
		for i := range h.Body.Fields {
			h.Body.Fields[i].Secret = h.Body.Fields[i].Secret || assertion.SpeaksOfCredentials(h.Body.Fields[i].Name)
		}
	}
}

func (h *HTTP) check(l *list, path string) {
	switch {
	case !httpguts.ValidHeaderFieldName(h.Method):
		l.add(path+".method", "is not a method")
	case h.Method == http.MethodConnect || h.Method == http.MethodTrace:
		l.add(path+".method", "must not be %s", h.Method)
	case h.Body != nil && h.Method == http.MethodHead:
		l.add(path+".body", "does not go with method HEAD")
	}
	for i, text := range h.ExpectedStatus {
		if _, _, err := statusRange(text); err != nil {
			l.add(fmt.Sprintf("%s.expected_status[%d]", path, i), "%s", err)
		}
	}
	for i, header := range h.Headers {
		if h.Auth != nil && strings.EqualFold(header.Name, "Authorization") {
			l.add(fmt.Sprintf("%s.headers[%d]", path, i), "is what auth sets")
		}
		if strings.EqualFold(header.Name, "Host") && !isHostHeader(header.Value) {
			l.add(fmt.Sprintf("%s.headers[%d].value", path, i), "is not a host")
		}
	}
}

func isHostHeader(s string) bool {
	u, err := url.Parse("http://" + s + "/")
	return err == nil && u.Host == s && s != ""
}

func (b *Body) check(l *list, path string) {
	if b.Type == BodyForm {
		if b.Text != "" {
			l.add(path+".text", "goes with type raw or json")
		}
		if len(b.Fields) == 0 {
			l.add(path+".fields", "needs at least 1")
		}
	} else if len(b.Fields) > 0 {
		l.add(path+".fields", "goes with type form")
	}
	if b.Type == BodyJSON && !json.Valid([]byte(b.Text)) {
		l.add(path+".text", "is not valid JSON")
	}
	if strings.ContainsAny(b.ContentType, "\r\n") {
		l.add(path+".content_type", "must not have line breaks")
	}
}

// Encode returns a request's body and its Content-Type; empty for none.
func (b *Body) Encode() (body, contentType string) {
	switch b.Type {
	case BodyForm:
		form := url.Values{}
		for _, f := range b.Fields {
			form.Add(f.Name, f.Value)
		}
		body, contentType = form.Encode(), "application/x-www-form-urlencoded"
	case BodyJSON:
		body, contentType = b.Text, "application/json"
	default:
		body, contentType = b.Text, "text/plain; charset=utf-8"
	}
	if b.ContentType != "" {
		contentType = b.ContentType
	}
	return body, contentType
}

func (a *Auth) check(l *list, path string) {
	uses := map[string][]string{
		AuthBasic: {"username", "password"}, AuthBearer: {"token"},
		AuthOAuth2: {"token_url", "client_id", "client_secret", "scopes", "audience", "client_auth"},
	}
	given := []struct {
		name  string
		given bool
	}{
		{"username", a.Username != ""}, {"password", a.Password != ""}, {"token", a.Token != ""},
		{"token_url", a.TokenURL != ""}, {"client_id", a.ClientID != ""}, {"client_secret", a.ClientSecret != ""},
		{"scopes", len(a.Scopes) > 0}, {"audience", a.Audience != ""}, {"client_auth", a.ClientAuth != ""},
	}
	needed := map[string]bool{"username": true, "token": true, "token_url": true, "client_id": true, "client_secret": true}
	for _, g := range given {
		switch own := slices.Contains(uses[a.Type], g.name); {
		case g.given && !own:
			l.add(path+"."+g.name, "does not go with type %s", a.Type)
		case !g.given && own && needed[g.name]:
			l.add(path+"."+g.name, "is needed")
		}
	}
	if strings.Contains(a.Username, ":") {
		l.add(path+".username", "must not have a colon")
	}
	if strings.ContainsAny(a.Token, "\r\n") {
		l.add(path+".token", "must not have line breaks")
	}
	if a.TokenURL != "" && a.Type == AuthOAuth2 {
		if _, err := parseURL(a.TokenURL, "https", "http"); err != nil {
			l.add(path+".token_url", "%s", err)
		}
	}
}

func (r *Redirects) check(l *list, path string) {
	if r.Expect == "" {
		return
	}
	u, err := url.Parse(r.Expect)
	if err != nil || !strings.HasPrefix(r.Expect, "/") && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		l.add(path+".expect", "must be a URL, or a path of the target's host that begins with /")
	}
}
