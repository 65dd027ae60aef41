//go:build integration

package app

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
)

// TestTheDrainDoesNotWaitForStreams stops one of two replicas: its streams end at once
// and say when to come back, and the other goes on where they were.
func TestTheDrainDoesNotWaitForStreams(t *testing.T) {
	cfg := settings(t, pgtest.URL(t))
	one, log, stop := start(t, cfg)
	two, _, _ := start(t, cfg)
	look := func(base, after string) *bufio.Reader {
		t.Helper()
		var res *http.Response
		until(t, "a stream is open", func() bool {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/v1/events", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+testKey)
			req.Header.Set("Last-Event-ID", after)
			if res, err = http.DefaultClient.Do(req); err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != http.StatusOK {
				res.Body.Close()
			}
			return res.StatusCode == http.StatusOK
		})
		t.Cleanup(func() { res.Body.Close() })
		return bufio.NewReader(res.Body)
	}
	// wait reads up to a line that begins with some text and returns the last id by then.
	wait := func(r *bufio.Reader, begins string) (id string) {
		t.Helper()
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatalf("no line %q: %v", begins, err)
			}
			if rest, ok := strings.CutPrefix(line, "id: "); ok {
				id = strings.TrimSpace(rest)
			}
			if strings.HasPrefix(line, begins) {
				return id
			}
		}
	}
	first := look(one, "")
	wait(first, "id: ")
	call(t, "POST", two+"/v1/websites", testKey, `{"url":"a.example"}`, nil)
	last := wait(first, `data: {"change":"created","object":"website"`)
	stop()
	rest, err := io.ReadAll(first)
	if err != nil || !strings.Contains(string(rest), "retry: ") {
		t.Errorf("the stream ends with %q, %v", rest, err)
	}
	if strings.Contains(log.String(), "did not end in time") {
		t.Error("the drain waited for the stream")
	}
	call(t, "POST", two+"/v1/websites", testKey, `{"url":"b.example"}`, nil)
	wait(look(two, last), `data: {"change":"created","object":"website"`)
}
