// Package client calls a fleet's API: it owns the paths that the program uses, how a
// call is made and what a refusal says. It knows few types, because most answers are
// shown as they come.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The paths in use; each stands in the API's document.
const (
	PathMe           = "/v1/me"
	PathImport       = "/v1/import"
	PathExport       = "/v1/export"
	PathWebsites     = "/v1/websites"
	PathMonitors     = "/v1/monitors"
	PathMonitorTest  = "/v1/monitors/test"
	PathIncidents    = "/v1/incidents"
	PathRegions      = "/v1/regions"
	PathChannels     = "/v1/channels"
	PathAPIKeys      = "/v1/api-keys" //nolint:gosec // a path
	PathFleet        = "/v1/fleet"
	PathEvents       = "/v1/events"
	ActionPause      = "/pause"
	ActionResume     = "/resume"
	ActionCheck      = "/check"
	ActionAck        = "/acknowledge"
	ActionComment    = "/comments"
	maxAnswer        = 256 << 20 // bytes: an export of 10,000 websites has some 20 MiB
	maxProblem       = 4 << 20   // bytes: a refused import names each field
	answerTime       = 2 * time.Minute
	largestPage      = 1000
	connectTime      = 10 * time.Second
	contentTypeJSON  = "application/json"
	contentTypeEvent = "text/event-stream"
)

// Client calls one fleet with one key. It is safe for concurrent use.
type Client struct {
	base, key, agent string
	http             *http.Client
}

// New returns a client of the fleet at a URL such as https://status.example.com.
func New(base, key, version string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not a URL of the form https://status.example.com", base)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the fleet's URL must have no user, query or fragment")
	}
	return &Client{base: strings.TrimRight(base, "/"), key: key, agent: "probefleet/" + version, http: &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: connectTime}).DialContext,
			TLSHandshakeTimeout: connectTime, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4,
		},
		// A key must not go where a redirect points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Call sends one request; a body other than nil goes as JSON, and into gets the answer
// unless it is nil. The error is a *[Problem] when the API has refused.
func (c *Client) Call(ctx context.Context, method, path string, query url.Values, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	text, err := c.Text(ctx, method, path, query, body)
	if err != nil || into == nil || len(text) == 0 {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s %s: the answer cannot be read: %w", method, path, err)
	}
	return nil
}

// Text is Call for an answer as it comes.
func (c *Client) Text(ctx context.Context, method, path string, query url.Values, body any) ([]byte, error) {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", method, path, err)
		}
		in = bytes.NewReader(text)
	}
	res, err := c.send(ctx, method, path, query, in, http.Header{"Accept": {contentTypeJSON + ", text/csv"}})
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = errors.New("the answer is too large")
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return text, nil
}

// Stream opens the stream of live events behind the event that came last, if any. The
// caller closes it.
func (c *Client) Stream(ctx context.Context, query url.Values, last string) (io.ReadCloser, error) {
	header := http.Header{"Accept": {contentTypeEvent}}
	if last != "" {
		header.Set("Last-Event-ID", last)
	}
	res, err := c.send(ctx, http.MethodGet, PathEvents, query, nil, header)
	if err != nil {
		return nil, err
	}
	if kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); kind != contentTypeEvent {
		res.Body.Close()
		return nil, fmt.Errorf("GET %s: the answer is %q, not a stream of events", PathEvents, kind)
	}
	return res.Body, nil
}

// send returns the answer if it is a good one.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, body io.Reader, header http.Header) (*http.Response, error) {
	at := c.base + path
	if len(query) > 0 {
		at += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, at, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	req.Header = header
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Authorization", "Bearer "+c.key)
	if body != nil {
		req.Header.Set("Content-Type", contentTypeJSON)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the fleet at %s does not answer: %w", c.base, err)
	}
	if res.StatusCode >= 200 && res.StatusCode <= 299 {
		return res, nil
	}
	defer res.Body.Close()
	return nil, problemOf(res)
}

// Pages calls each with the items of a list, page by page, until the list or the limit
// (0: none) ends.
func (c *Client) Pages(ctx context.Context, path string, query url.Values, limit int, each func(items []json.RawMessage) error) error {
	q := url.Values{}
	for name, v := range query {
		q[name] = v
	}
	for got := 0; ; {
		size := largestPage
		if limit > 0 {
			size = min(size, limit-got)
		}
		if path != PathRegions { // which come all at once
			q.Set("limit", fmt.Sprint(size))
		}
		var page struct {
			Items      []json.RawMessage `json:"items"`
			NextCursor *string           `json:"next_cursor"`
		}
		if err := c.Call(ctx, http.MethodGet, path, q, nil, &page); err != nil {
			return err
		}
		if limit > 0 && len(page.Items) > limit-got {
			page.Items = page.Items[:limit-got]
		}
		if err := each(page.Items); err != nil {
			return err
		}
		got += len(page.Items)
		if page.NextCursor == nil || *page.NextCursor == "" || limit > 0 && got >= limit {
			return nil
		}
		q.Set("cursor", *page.NextCursor)
	}
}
