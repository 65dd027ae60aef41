package httpprobe

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// Bounds of what an issuer of tokens may make us keep.
const (
	maxTokenBytes = 16 << 10
	maxTokenReply = 64 << 10
	maxTokenLife  = 24 * time.Hour
	// defaultTokenLife is that of a token whose issuer does not say.
	defaultTokenLife = time.Minute
)

// askForToken asks the issuer, through the guard and without following redirects, since
// the credentials are meant for nobody else.
func (v *visit) askForToken(ctx context.Context, auth *monitorspec.Auth) (text string, life time.Duration, err error) {
	req, err := tokenRequest(ctx, auth)
	if err != nil {
		return "", 0, link.Failf(uptime.ReasonInvalid, "not a URL")
	}
	req.Header["User-Agent"] = v.userAgent
	deadline, _ := ctx.Deadline()
	issuer := *v.settings
	issuer.HTTPVersion, issuer.IPVersion = "auto", "auto" // these are about the target
	h := &hop{visit: &visit{prober: v.prober, settings: &issuer}, deadline: deadline.Add(deadlineGrace)}
	res, err := h.transport(req.URL.Scheme).RoundTrip(req)
	if err != nil {
		return "", 0, h.hands.Explain(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxTokenReply+1))
	switch {
	case err != nil:
		return "", 0, err
	case len(b) > maxTokenReply:
		return "", 0, link.Failf(uptime.ReasonBodyTooLarge, "more than %d KiB", maxTokenReply>>10)
	}
	return readToken(res.StatusCode, b)
}

func tokenRequest(ctx context.Context, auth *monitorspec.Auth) (*http.Request, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if len(auth.Scopes) > 0 {
		form.Set("scope", strings.Join(auth.Scopes, " "))
	}
	if auth.Audience != "" {
		form.Set("audience", auth.Audience)
	}
	if auth.ClientAuth == "body" {
		form.Set("client_id", auth.ClientID)
		form.Set("client_secret", auth.ClientSecret)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, auth.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	if req.URL.Scheme != "https" && req.URL.Scheme != "http" || req.URL.Hostname() == "" {
		return nil, errors.New("no URL of http or https")
	}
	if auth.ClientAuth != "body" { // both are encoded as in a form (RFC 6749, section 2.3.1)
		req.SetBasicAuth(url.QueryEscape(auth.ClientID), url.QueryEscape(auth.ClientSecret))
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	return req, nil
}

// readToken reads an issuer's answer (RFC 6749, sections 5.1 and 5.2).
func readToken(status int, b []byte) (text string, life time.Duration, err error) {
	var reply struct {
		AccessToken string          `json:"access_token"`
		TokenType   string          `json:"token_type"`
		ExpiresIn   json.RawMessage `json:"expires_in"` // a number; some send a text
		Error       string          `json:"error"`
		Description string          `json:"error_description"`
	}
	wrong := json.Unmarshal(b, &reply)
	switch {
	case status != http.StatusOK && wrong == nil && reply.Error != "":
		return "", 0, link.Failf(uptime.ReasonAuth, "%s", strings.TrimSuffix(statusText(status)+": "+reply.Error+": "+reply.Description, ": "))
	case status != http.StatusOK:
		return "", 0, link.Failf(uptime.ReasonAuth, "%s", statusText(status))
	case wrong != nil:
		return "", 0, link.Failf(uptime.ReasonAuth, "the answer is not the JSON of a token")
	case reply.AccessToken == "" || len(reply.AccessToken) > maxTokenBytes || strings.ContainsFunc(reply.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", 0, link.Failf(uptime.ReasonAuth, "the answer has no token that can be sent")
	case reply.TokenType != "" && !strings.EqualFold(reply.TokenType, "bearer"):
		return "", 0, link.Failf(uptime.ReasonAuth, "tokens of type %.32q are not known here", reply.TokenType)
	}
	return reply.AccessToken, lifeOf(reply.ExpiresIn), nil
}

// lifeOf is how long a token is kept: a tenth less than it holds, or half a minute.
func lifeOf(expiresIn json.RawMessage) time.Duration {
	seconds, err := strconv.ParseFloat(strings.Trim(string(expiresIn), `"`), 64)
	if err != nil || !(seconds > 0) {
		return defaultTokenLife
	}
	life := time.Duration(min(seconds, maxTokenLife.Seconds()) * float64(time.Second))
	return life - min(life/10, 30*time.Second)
}
