package chaos

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"
)

// influxFront stands before InfluxDB and can answer writes in its place.
type influxFront struct {
	url     string
	http    *http.Server
	through http.Handler                 // to InfluxDB
	fault   atomic.Pointer[http.Handler] // answers writes; nil: InfluxDB does
	asked   atomic.Int64                 // writes that the fault answered
}

func newInfluxFront(engine string) (*influxFront, error) {
	to, err := url.Parse(engine)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	through := httputil.NewSingleHostReverseProxy(to)
	through.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // connections break all the time
	through.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	f := &influxFront{url: "http://" + l.Addr().String(), through: through}
	f.http = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := f.fault.Load(); h != nil && r.Method == http.MethodPost && (r.URL.Path == "/write" || r.URL.Path == "/api/v2/write") {
			f.asked.Add(1)
			(*h).ServeHTTP(w, r)
			return
		}
		through.ServeHTTP(w, r)
	})}
	go func() { _ = f.http.Serve(l) }() // ends when it is closed
	return f, nil
}

// failWith answers writes so from now on; nil: InfluxDB answers.
func (f *influxFront) failWith(h http.Handler) {
	if h == nil {
		f.fault.Store(nil)
		return
	}
	f.fault.Store(&h)
}

// seriesKey is a monitor in a region.
type seriesKey struct{ monitor, region string }

// readTicks returns the due instants of all scheduled ticks since then, in
// milliseconds, in order.
func readTicks(ctx context.Context, engine string, since time.Time) (map[seriesKey][]int64, error) {
	q := fmt.Sprintf(`SELECT urgent FROM tick WHERE time >= %dms GROUP BY monitor_id, region`, since.UnixMilli())
	ask := engine + "/query?" + url.Values{"db": {"website_ticks"}, "epoch": {"ms"}, "q": {q}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, ask, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("InfluxDB answers %s", resp.Status)
	}
	var told struct {
		Results []struct {
			Error  string `json:"error"`
			Series []struct {
				Tags   map[string]string `json:"tags"`
				Values [][2]any          `json:"values"`
			} `json:"series"`
		} `json:"results"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&told); err != nil {
		return nil, err
	}
	out := map[seriesKey][]int64{}
	for _, r := range told.Results {
		if r.Error != "" {
			return nil, fmt.Errorf("InfluxDB: %s", r.Error)
		}
		for _, s := range r.Series {
			key := seriesKey{s.Tags["monitor_id"], s.Tags["region"]}
			for _, v := range s.Values {
				at, ok := v[0].(float64)
				if urgent, _ := v[1].(bool); ok && !urgent {
					out[key] = append(out[key], int64(at))
				}
			}
		}
	}
	return out, nil
}

// judge looks into every write: what f answers with a status other than 0 is refused,
// the rest is handed on.
func (f *influxFront) judge(status func(body []byte) int) {
	f.failWith(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		lines := body
		if r.Header.Get("Content-Encoding") == "gzip" {
			if z, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
				lines, _ = io.ReadAll(io.LimitReader(z, 64<<20))
			}
		}
		if code := status(lines); code != 0 {
			answer(code).ServeHTTP(w, r)
			return
		}
		f.asked.Add(-1) // it is not refused
		r.Body = io.NopCloser(bytes.NewReader(body))
		f.through.ServeHTTP(w, r)
	}))
}
