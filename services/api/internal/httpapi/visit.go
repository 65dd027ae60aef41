package httpapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
)

// The names of the session's cookie. Browsers take the first one only over https, for
// this host alone and for all of it, so that nobody beside it can plant one.
const (
	cookieSecure = "__Host-probefleet"
	cookiePlain  = "probefleet"
)

// maxUserAgent bounds what is kept of a browser's own description, in bytes.
const maxUserAgent = 300

// visit is the request that a handler answers, as far as it needs more than its body,
// and where it leaves a cookie.
type visit struct {
	address   string // of the client
	userAgent string
	token     string // of the session's cookie; empty: none was sent
	request   string // its id
	operation string
	header    http.Header
	cookie    cookieStyle
	version   string // of the object that the answer shows; empty: it has none
}

type visitKey struct{}

// visitOf returns the request that is answered; admit has put it there.
func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{header: http.Header{}}
}

func (s *Server) visitOf(c *gin.Context) *visit {
	v := &visit{address: c.ClientIP(), userAgent: c.Request.UserAgent(), header: c.Writer.Header(), cookie: s.cookie}
	v.request, v.operation = requestID(c), operationOf(c)
	if len(v.userAgent) > maxUserAgent {
		v.userAgent = strings.ToValidUTF8(v.userAgent[:maxUserAgent], "")
	}
	if cookie, err := c.Request.Cookie(s.cookie.name()); err == nil {
		v.token = cookie.Value
	}
	return v
}

// actor names an account as who acts, where nobody is signed in yet.
func (v *visit) actor(a *postgres.Account) postgres.Actor {
	return postgres.Actor{
		Kind: postgres.ActorAccount, ID: a.ID, Name: a.Email, Address: v.address, Request: v.request, Operation: v.operation,
	}
}

// who names a caller, so that what one does at once can be bounded.
func (c *Caller) who() string {
	if c.Account.IsZero() {
		return c.Prefix
	}
	return "account/" + c.Account.String()
}

// nameOf is the id of an account in the logs; empty for a machine.
func nameOf(account uptime.ID) string {
	if account.IsZero() {
		return ""
	}
	return account.String()
}

// signedIn leaves a session's token with the browser: until it is closed, or for as long
// as a session can last.
func (v *visit) signedIn(token string, remember bool) {
	age := time.Duration(0)
	if remember {
		age = auth.SessionMost
	}
	v.header.Add("Set-Cookie", v.cookie.of(token, int(age.Seconds())).String())
}

// signedOut takes the token back.
func (v *visit) signedOut() { v.header.Add("Set-Cookie", v.cookie.of("", -1).String()) }

// cookieStyle is how the session's cookie is set.
type cookieStyle struct{ secure bool }

// cookieFor returns the style for where people reach the fleet.
func cookieFor(publicURL string) cookieStyle {
	return cookieStyle{secure: strings.HasPrefix(strings.ToLower(publicURL), "https://")}
}

func (s cookieStyle) name() string {
	if s.secure {
		return cookieSecure
	}
	return cookiePlain
}

func (s cookieStyle) of(token string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure is for where the fleet is reached by https
		Name: s.name(), Value: token, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	}
}

// InsecureCookies tells whether sessions could be read on their way to where people
// reach the fleet: it is known, not https, and not this machine.
func InsecureCookies(publicURL string) bool {
	u, err := url.Parse(publicURL)
	if err != nil || u.Host == "" || cookieFor(publicURL).secure {
		return false
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || !ip.IsLoopback()
}

// requestedWith is how a client that is no browser says that it is the fleet's own: no
// page of another origin can send it without being asked first.
const requestedWith = "probefleet"

var errNoOrigin = errors.New("neither Sec-Fetch-Site nor Origin beside a session's cookie")

// origins decides which requests may be another origin's.
type origins struct{ protection *http.CrossOriginProtection }

func newOrigins(publicURL string) origins {
	p := http.NewCrossOriginProtection()
	if u, err := url.Parse(publicURL); err == nil && u.Host != "" {
		// A proxy may call this process by another name; errors are those of no origin.
		_ = p.AddTrustedOrigin(strings.ToLower(u.Scheme + "://" + withoutDefaultPort(u)))
	}
	return origins{protection: p}
}

// withoutDefaultPort writes a URL's host as browsers do in Origin.
func withoutDefaultPort(u *url.URL) string {
	if port := u.Port(); port == "443" && strings.EqualFold(u.Scheme, "https") || port == "80" && strings.EqualFold(u.Scheme, "http") {
		host := u.Hostname()
		if strings.Contains(host, ":") {
			return "[" + host + "]"
		}
		return host
	}
	return u.Host
}

// check refuses what a page of another origin makes a browser send. With a cookie there
// must be a sign of where a request comes from; without one, no sign is no browser.
func (o origins) check(r *http.Request, cookie bool) error {
	err := o.protection.Check(r)
	if err == nil && cookie && !safe(r.Method) && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" &&
		r.Header.Get("X-Requested-With") != requestedWith {
		err = errNoOrigin
	}
	if err == nil {
		return nil
	}
	return &problem{
		status: http.StatusForbidden, kind: "cross-origin", title: "From another origin",
		detail: "Calls that change something must come from the fleet's own pages; a client of another kind sends a key, or X-Requested-With: " + requestedWith + ".",
		cause:  err,
	}
}

// safe tells whether a method changes nothing (RFC 9110, section 9.2.1).
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// subnet returns what counts as one client: an IPv4 address, or the /64 that a provider
// gives to one customer. What is no address counts as it is.
func subnet(address string) string {
	host := address
	if h, _, err := net.SplitHostPort(address); err == nil {
		host = h
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}
