package httpprobe

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

// FuzzBody holds that no body, compressed or not, is kept beyond the bounds or breaks an
// assertion about it.
func FuzzBody(f *testing.F) {
	pack := func(b []byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, _ = z.Write(b)
		_ = z.Close()
		return out.Bytes()
	}
	f.Add([]byte(`{"a":[{"b":1},{"b":"x"}],"c":null}`), "$.a[?@.b>0]", `(?s)"b":\s*1`, false)
	f.Add(pack([]byte(`{"a":1e999,"a":"\ud800"}`)), "$..*", `\d+$`, true)
	f.Add(pack(make([]byte, 2<<20)), "$", `\x00{100}`, true)
	f.Add(pack([]byte("x"))[:15], "$.a", "x", true)
	f.Add([]byte("\x1f\x8b\x08\xff\xff"), "$['\\u0000']", "\\xff", true)
	f.Add(bytes.Repeat([]byte("["), 2000), "$..[?match(@,'(.*)*')]", "(a{0,30}){15}b", false)
	env := &probe.Env{Assertions: assertion.NewCache(0)}
	f.Fuzz(func(t *testing.T, sent []byte, path, expression string, compressed bool) {
		res := &http.Response{Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(sent)), Request: &http.Request{Method: http.MethodGet}}
		if compressed {
			res.Header.Set("Content-Encoding", "gzip")
		}
		body, err := drain(res, MaxBodyBytes)
		if len(body) > MaxBodyBytes {
			t.Fatalf("keeps %d bytes", len(body))
		}
		if err != nil {
			return
		}
		raw, _ := json.Marshal([]map[string]any{
			{"source": "json", "property": path, "comparison": "exists"},
			{"source": "json", "property": path, "comparison": "contains", "target": expression},
			{"source": "body", "comparison": "matches", "target": expression},
			{"source": "body", "comparison": "not_matches", "target": expression, "severity": "degraded"},
		})
		finding := probe.Finding{Secrets: []string{"hunter22"}, Phases: uptime.Phases{Total: time.Millisecond}}
		env.Judge(t.Context(), &finding, uptime.KindHTTP, raw, &assertion.Observation{Status: 200, Body: body})
		if finding.Evidence != nil {
			for _, failure := range finding.Evidence.Failures {
				if len(failure.Actual) > 256 || len(failure.Expected) > 256 || strings.Contains(failure.Actual, "hunter22") {
					t.Fatalf("shows %q, %q", failure.Expected, failure.Actual)
				}
			}
		}
	})
}
