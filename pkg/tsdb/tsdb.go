// Package tsdb keeps the fleet's ticks in InfluxDB and reads them back: it owns the
// buckets, the line protocol, every Flux query, the roll-ups and what becomes of
// them in a chart. The same code serves InfluxDB 1.8 (v2 write and Flux endpoints,
// databases made by InfluxQL) and 2.x (organisation, bucket, token). Flux is asked
// for from, range and filter only: buckets and percentiles are computed here, which
// is faster and means the same on both.
package tsdb

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api"
	influxhttp "github.com/influxdata/influxdb-client-go/v2/api/http"
)

// Level is a resolution in which ticks are kept, each in a bucket of its own.
type Level uint8

// The levels, from fine to coarse.
const (
	LevelRaw Level = iota // every tick
	Level5m               // windows of five minutes
	Level1h               // windows of an hour
	levelCount
)

var levels = [levelCount]struct {
	name, bucket string
	width        time.Duration
	shard        string // how InfluxDB 1.8 groups the bucket's files
}{
	{"raw", "website_ticks", 0, "1d"},
	{"5m", "website_ticks_5m", 5 * time.Minute, "7d"},
	{"1h", "website_ticks_1h", time.Hour, "30d"},
}

// String returns "raw", "5m" or "1h".
func (l Level) String() string {
	if l < levelCount {
		return levels[l].name
	}
	return fmt.Sprintf("level_%d", uint8(l))
}

// Width is the length of the level's windows; zero for raw ticks.
func (l Level) Width() time.Duration { return levels[l].width }

// Retention says how long each level is kept. Zero values are the defaults named.
type Retention struct {
	Raw         time.Duration // 30 days
	FiveMinutes time.Duration // 90 days
	Hour        time.Duration // 400 days
}

// Of returns the retention of a level.
func (r Retention) Of(l Level) time.Duration {
	const day = 24 * time.Hour
	return [levelCount]time.Duration{
		orDefault(r.Raw, 30*day), orDefault(r.FiveMinutes, 90*day), orDefault(r.Hour, 400*day),
	}[l]
}

// Config says where InfluxDB is. Zero values are the defaults named.
type Config struct {
	URL string // http or https
	// Org is the organisation of an InfluxDB 2.x, which always wants a token, too.
	// Without either, or with a token of the form "user:password", it is a 1.8.
	Org, Token string
	// Prefix is put before the bucket names, so that several fleets share a server.
	Prefix    string
	Retention Retention
	Timeout   time.Duration    // of one request; 30 s
	Now       func() time.Time // the clock; time.Now
}

// Client reads and writes ticks. It is safe for concurrent use.
type Client struct {
	cfg    Config
	influx influxdb2.Client
	http   *http.Client
	write  [levelCount]api.WriteAPIBlocking
	rolls  rollState
}

// Open returns a client; nothing is sent before the first call.
func Open(cfg Config) (*Client, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("InfluxDB: the URL is not of the form http://host:8086")
	}
	if err := validName(cfg.Prefix); err != nil && cfg.Prefix != "" {
		return nil, fmt.Errorf("InfluxDB: bucket prefix: %w", err)
	}
	cfg.Timeout = orDefault(cfg.Timeout, 30*time.Second)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &Client{cfg: cfg, http: &http.Client{
		Timeout: cfg.Timeout,
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			MaxIdleConnsPerHost: 8,
			IdleConnTimeout:     90 * time.Second,
			ForceAttemptHTTP2:   true,
		},
	}}
	c.influx = influxdb2.NewClientWithOptions(cfg.URL, cfg.Token, influxdb2.DefaultOptions().
		SetHTTPClient(c.http).SetPrecision(time.Microsecond).SetApplicationName("probefleet"))
	for l := range levelCount {
		c.write[l] = c.influx.WriteAPIBlocking(cfg.Org, c.bucket(l))
	}
	return c, nil
}

// Close drops idle connections.
func (c *Client) Close() {
	c.influx.Close()
	c.http.CloseIdleConnections()
}

// Ping asks whether the server is there, without looking at any bucket.
func (c *Client) Ping(ctx context.Context) error {
	ok, err := c.influx.Ping(ctx)
	if err != nil {
		return fmt.Errorf("InfluxDB: ping: %w", plain(err))
	}
	if !ok {
		return errors.New("InfluxDB: ping: not ready")
	}
	return nil
}

// Retention returns how long a level is kept.
func (c *Client) Retention(l Level) time.Duration { return c.cfg.Retention.Of(l) }

func (c *Client) bucket(l Level) string { return c.cfg.Prefix + levels[l].bucket }

// isV2 tells an InfluxDB 2.x, which has organisations and tokens, from a 1.8.
func (c *Client) isV2() bool {
	return c.cfg.Org != "" && c.cfg.Token != "" && !strings.Contains(c.cfg.Token, ":")
}

// plain turns the client library's error into one that names the status, which the
// library's own text lacks when the server sent no message.
func plain(err error) error {
	var e *influxhttp.Error
	if errors.As(err, &e) && e.StatusCode != 0 && e.Err == nil {
		return fmt.Errorf("status %d: %s", e.StatusCode, clip(e.Message, 512))
	}
	return err
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}

func orDefault[T int | time.Duration](v, def T) T {
	if v > 0 {
		return v
	}
	return def
}
