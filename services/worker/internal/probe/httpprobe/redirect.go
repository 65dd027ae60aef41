package httpprobe

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// isRedirect tells whether a status sends the visitor elsewhere.
func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// redirect returns the request that an answer asks for, or nil if it asks for none. On
// a change of host everything that the user had us send (headers, credentials, body)
// stays behind.
func (v *visit) redirect(ctx context.Context, req *http.Request, res *http.Response, hop int) (*http.Request, error) {
	location := res.Header.Get("Location")
	if !isRedirect(res.StatusCode) || location == "" || !v.settings.Follow() {
		return nil, nil
	}
	if limit := v.settings.Redirects.Limit; hop >= limit {
		return nil, link.Failf(uptime.ReasonRedirect, "more than %d redirects", limit)
	}
	to, err := req.URL.Parse(location)
	if err != nil {
		return nil, link.Failf(uptime.ReasonRedirect, "redirect to something that is not a URL")
	}
	if to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
		return nil, link.Failf(uptime.ReasonRedirect, "redirect to scheme %.20q", to.Scheme)
	}
	next := &http.Request{
		Method: req.Method, URL: to, Host: to.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
	}
	if strings.EqualFold(to.Host, req.URL.Host) && (to.Scheme == req.URL.Scheme || to.Scheme == "https") {
		next.Header = req.Header.Clone()
		if req.Host != req.URL.Host {
			next.Host = req.Host
		}
		if err := carryBody(req, next, res.StatusCode); err != nil {
			return nil, err
		}
	} else {
		v.introduce(next)
		v.cookie, v.own = "", false
		if next.Method != http.MethodHead {
			next.Method = http.MethodGet
		}
	}
	v.cookies(ctx, req.URL, res, next)
	return next, nil
}

// carryBody repeats method and body where the status asks for it (RFC 9110, section
// 15.4); the other redirects turn into a GET.
func carryBody(req, next *http.Request, status int) error {
	if status != http.StatusTemporaryRedirect && status != http.StatusPermanentRedirect {
		next.Header.Del("Content-Type")
		if next.Method != http.MethodHead {
			next.Method = http.MethodGet
		}
		return nil
	}
	if req.GetBody == nil {
		return nil
	}
	body, err := req.GetBody()
	if err != nil {
		return err
	}
	next.Body, next.GetBody, next.ContentLength = body, req.GetBody, req.ContentLength
	return nil
}

// cookies carries cookies from one hop to the next, as many sites redirect to
// themselves until they get theirs back.
func (v *visit) cookies(ctx context.Context, from *url.URL, res *http.Response, next *http.Request) {
	if set := res.Cookies(); len(set) > 0 {
		if v.jar == nil {
			jar, err := cookiejar.New(nil)
			if err != nil {
				v.env.Log.ErrorContext(ctx, "cookie jar", slog.Any("error", err))
				return
			}
			v.jar = jar
		}
		v.jar.SetCookies(from, set)
		v.given = append(v.given, set...)
	}
	next.Header.Del("Cookie")
	if v.cookie != "" {
		next.Header.Set("Cookie", v.cookie)
	}
	if v.jar != nil {
		for _, c := range v.jar.Cookies(next.URL) {
			next.AddCookie(c)
		}
	}
}

// arrived looks whether the last answer comes from where the user expects it to, or
// names that as where to go when redirects are not followed.
func (v *visit) arrived(req *http.Request) error {
	want, err := v.target.Parse(v.settings.Redirects.Expect)
	if err != nil {
		return link.Failf(uptime.ReasonInvalid, "settings: redirects.expect is not a URL")
	}
	at, what := req.URL, "the last answer is from"
	if !v.settings.Follow() {
		location := v.res.Header.Get("Location")
		if !isRedirect(v.res.StatusCode) || location == "" {
			return link.Failf(uptime.ReasonRedirect, "%s is no redirect, want one to %s", statusText(v.res.StatusCode), want.Redacted())
		}
		what = "the redirect is to"
		if at, err = req.URL.Parse(location); err != nil {
			return link.Failf(uptime.ReasonRedirect, "redirect to something that is not a URL")
		}
	}
	if place(at) != place(want) {
		return link.Failf(uptime.ReasonRedirect, "%s %s, want %s", what, at.Redacted(), want.Redacted())
	}
	return nil
}

// place is by what two URLs are the same place.
func place(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port + path + "?" + u.RawQuery
}
