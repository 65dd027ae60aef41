// Package httpprobe asks a web server for a page, on a connection of its own: no
// keep-alive, no session resumption, no proxy, so that each check sees what a new
// visitor sees. What a hostile server may send is bounded in every direction, and what a
// user has us send to one host is not told to another.
package httpprobe

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// What a probe takes from a server at most. A page or a header beyond it is a failure
// with a reason of its own, so that nobody's memory depends on a target.
const (
	MaxHeaderBytes = 64 << 10
	MaxBodyBytes   = 1 << 20 // decoded
	// MaxRatio is how many bytes one compressed byte may become. Small pages may exceed
	// it: below ratioFrom decoded bytes it says nothing.
	MaxRatio  = 100
	ratioFrom = 64 << 10
)

type prober struct {
	env       probe.Env
	dialer    dialer
	userAgent []string
	plain     *wanted // by most checks
	known     *probe.Memo[string, *wanted]
	tokens    *tokens
}

// wanted is what a check says beyond its URL.
type wanted struct {
	*monitorspec.HTTP
	secrets []string
}

// New returns the prober of kind http.
func New(env probe.Env) probe.Prober {
	plain, err := want(nil)
	if err != nil {
		panic(err) // there is nothing to be read wrongly
	}
	return &prober{
		env: env, dialer: env.Dialer(), userAgent: []string{env.UserAgent}, plain: plain, known: probe.NewMemo[string, *wanted](), tokens: newTokens(),
	}
}

// settings reads what a check says beyond its URL; most have nothing to say.
func (p *prober) settings(raw []byte) (*wanted, error) {
	if len(raw) == 0 || string(raw) == "{}" || string(raw) == "null" {
		return p.plain, nil
	}
	return p.known.Get(string(raw), len(raw), func() (*wanted, error) { return want(raw) })
}

func want(raw []byte) (*wanted, error) {
	s, err := monitorspec.Read[monitorspec.HTTP](raw)
	if err != nil {
		return nil, err
	}
	secrets := monitorspec.SecretsOf(s)
	if s.Auth != nil && s.Auth.Type == monitorspec.AuthBasic {
		secrets = append(secrets, base64.StdEncoding.EncodeToString([]byte(s.Auth.Username+":"+s.Auth.Password)))
	}
	return &wanted{s, slices.Clip(secrets)}, nil // clipped: who adds to them gets a copy
}

// Probe implements [probe.Prober].
func (p *prober) Probe(ctx context.Context, c *uptime.Check) probe.Finding {
	s, err := p.settings(c.Settings)
	if err != nil {
		return probe.Finding{Reason: uptime.ReasonInvalid, Final: true, Detail: "settings: " + err.Error()}
	}
	target, err := parseTarget(c.Target)
	if err != nil {
		return probe.Finding{Reason: uptime.ReasonInvalid, Final: true, Detail: "target: " + err.Error()}
	}
	v := visit{prober: p, settings: s.HTTP, target: target, tracer: &tracer{}, secrets: s.secrets}
	if target.User != nil {
		v.secrets = append(v.secrets, secretsOf(target.User)...)
	}
	return v.run(ctx)
}

// secretsOf returns what of a URL only the target may see.
func secretsOf(u *url.Userinfo) []string {
	user := u.Username()
	out := []string{user}
	if password, ok := u.Password(); ok {
		out = append(out, password, url.QueryEscape(password), url.PathEscape(password), base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	}
	return out
}

// visit is one attempt: a request and what it is redirected to.
type visit struct {
	*prober
	settings *monitorspec.HTTP
	target   *url.URL
	secrets  []string
	cookie   string         // that the user has us send, to the first host
	jar      *cookiejar.Jar // made when a redirect sets a cookie
	given    []*http.Cookie // by redirects
	hands    link.Handshakes
	tracer   *tracer
	own      bool // the hop is to whom the settings are meant for

	res     *http.Response // the last one
	body    []byte         // the beginning of its body, or all of it where assertions look at that
	drained bool
	token   usedToken
	closers []io.Closer // of HTTP/3
}

func (v *visit) run(ctx context.Context) probe.Finding {
	var f probe.Finding
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer v.close3()
	err := v.visit(ctx)
	if err != nil {
		c := link.Classify(ctx, v.explain(ctx, err), v.tracer.stage())
		f.Reason, f.Detail, f.Final = c.Reason, c.Detail, c.Final
		// A request that may have had its effect is not sent twice.
		if v.tracer.stage() >= stageSent && !slices.Contains(repeatable, v.settings.Method) {
			f.Final = true
		}
	}
	f.Phases, f.IP = v.tracer.end()
	f.Secrets = v.secrets
	if v.res != nil {
		defer v.res.Body.Close()
		f.Code = v.res.StatusCode
	}
	if v.hands.Certificate() != nil {
		f.Evidence = &probe.Evidence{Certificate: v.hands.Certificate()}
	}
	if v.res != nil && (f.Reason != uptime.ReasonNone || len(v.settings.Assertions) > 0) {
		v.secrets = append(slices.Clip(v.secrets), v.crumbs()...)
		f.Secrets = v.secrets
	}
	if f.Reason == uptime.ReasonNone && len(v.settings.Assertions) > 0 {
		obs := assertion.Observation{Status: v.res.StatusCode, Header: v.res.Header, Body: v.body}
		if cert := v.hands.Certificate(); cert != nil {
			obs.HasCertificate, obs.CertificateDays = true, cert.Days
		}
		v.env.Judge(ctx, &f, uptime.KindHTTP, v.settings.Assertions, &obs)
	}
	if f.Reason != uptime.ReasonNone && v.res != nil {
		v.testify(&f, cancel)
	}
	return f
}

// visit asks, follows where that leads, and looks at the answer.
func (v *visit) visit(ctx context.Context) error {
	req, err := v.request(ctx)
	if err != nil {
		return err
	}
	v.tracer.begin()
	req, err = v.follow(ctx, req)
	if err != nil {
		return err
	}
	if v.res.StatusCode == http.StatusUnauthorized && v.token.cached && !v.token.refused && !v.settings.ExpectsStatus(http.StatusUnauthorized) {
		return v.again(ctx)
	}
	return v.examine(req)
}

// again asks with a new token after one from the cache was refused: it may have been
// withdrawn before its time.
func (v *visit) again(ctx context.Context) error {
	_ = v.res.Body.Close()
	v.tokens.forget(v.token.key, v.token.text)
	v.token.refused = true
	v.tracer.end()
	v.tracer, v.res = &tracer{}, nil
	return v.visit(ctx)
}

// follow makes a request and those that the answers ask for. It returns the last one.
func (v *visit) follow(ctx context.Context, req *http.Request) (*http.Request, error) {
	v.own = true
	for hop := 0; ; hop++ {
		res, err := v.roundTrip(ctx, req)
		if err != nil {
			return nil, err
		}
		v.res = res
		next, err := v.redirect(ctx, req, res, hop)
		if err != nil || next == nil {
			return req, err
		}
		_ = res.Body.Close()
		v.tracer.hop()
		req = next
	}
}

// examine looks at an answer that is not a redirect to be followed.
func (v *visit) examine(req *http.Request) error {
	status := v.res.StatusCode
	if !v.settings.ExpectsStatus(status) {
		reason := uptime.ReasonStatus
		if status == http.StatusUnauthorized && v.settings.Auth != nil {
			reason = uptime.ReasonAuth
		}
		return link.Failf(reason, "%s", statusText(status))
	}
	if v.settings.Redirects.Expect != "" {
		if err := v.arrived(req); err != nil {
			return err
		}
	}
	keep := excerptBytes
	if v.asserts(assertion.SourceBody) || v.asserts(assertion.SourceJSON) {
		keep = MaxBodyBytes
	}
	v.drained = true
	var err error
	v.body, err = drain(v.res, keep)
	return err
}

func (v *visit) asserts(s assertion.Source) bool {
	return v.env.Asserts(uptime.KindHTTP, v.settings.Assertions, s)
}

// repeatable are the methods that may be sent twice (RFC 9110, section 9.2.2).
var repeatable = []string{http.MethodGet, http.MethodHead, http.MethodOptions}

// parseTarget reads the URL of a monitor.
func parseTarget(target string) (*url.URL, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, errors.New("not a URL") // the error would repeat a password in it
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("scheme is %.20q, must be http or https", u.Scheme)
	}
	if u.Hostname() == "" {
		return nil, errors.New("no host")
	}
	return u, nil
}
