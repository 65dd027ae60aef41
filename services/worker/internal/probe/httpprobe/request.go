package httpprobe

import (
	"context"
	"net/http"
	"strings"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

var (
	acceptAny  = []string{"*/*"}
	acceptGzip = []string{"gzip"}
)

// request builds the first request of a visit.
func (v *visit) request(ctx context.Context) (*http.Request, error) {
	s := v.settings
	req := &http.Request{
		Method: s.Method, URL: v.target, Host: v.target.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, 4+len(s.Headers)),
	}
	contentType := ""
	if s.Body != nil {
		var body string
		body, contentType = s.Body.Encode()
		withBody, err := http.NewRequestWithContext(ctx, req.Method, v.target.String(), strings.NewReader(body))
		if err != nil {
			return nil, link.Failf(uptime.ReasonInvalid, "request: %s", err)
		}
		req = withBody
	}
	v.introduce(req)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	v.setHeaders(req)
	if err := v.authorise(ctx, req); err != nil {
		return nil, err
	}
	v.cookie = req.Header.Get("Cookie")
	return req, nil
}

// introduce sets the headers that every request has.
func (v *visit) introduce(req *http.Request) {
	req.Header["User-Agent"] = v.userAgent
	req.Header["Accept"] = acceptAny
	req.Header["Accept-Encoding"] = acceptGzip
}

// setHeaders sets what the user wants, which may be several of one name; ours of that
// name go.
func (v *visit) setHeaders(req *http.Request) {
	for _, h := range v.settings.Headers {
		if strings.EqualFold(h.Name, "Host") {
			req.Host = h.Value
			continue
		}
		req.Header.Del(h.Name)
	}
	for _, h := range v.settings.Headers {
		if !strings.EqualFold(h.Name, "Host") {
			req.Header.Add(h.Name, h.Value)
		}
	}
}

// authorise adds the credentials.
func (v *visit) authorise(ctx context.Context, req *http.Request) error {
	auth := v.settings.Auth
	if auth == nil {
		if u := v.target.User; u != nil && req.Header.Get("Authorization") == "" {
			password, _ := u.Password()
			req.SetBasicAuth(u.Username(), password)
		}
		return nil
	}
	switch auth.Type {
	case monitorspec.AuthBasic:
		req.SetBasicAuth(auth.Username, auth.Password)
	case monitorspec.AuthBearer:
		req.Header.Set("Authorization", "Bearer "+auth.Token)
	case monitorspec.AuthOAuth2:
		token, err := v.accessToken(ctx, auth)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token)
	default:
		return link.Failf(uptime.ReasonUnsupported, "this worker does not know auth of type %.32q", auth.Type)
	}
	return nil
}
