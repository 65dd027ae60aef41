//go:build integration

package app

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
)

// TestTheDrainDoesNotWaitForStreams stops one of two replicas: its streams end at once
// and say when to come back, and the other goes on where they were.
func TestTheDrainDoesNotWaitForStreams(t *testing.T) {
	cfg := settings(t, pgtest.URL(t))
	one, log, stop := start(t, cfg)
	two, _, _ := start(t, cfg)
	soon, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	look := func(base, after string) *bufio.Reader {
		t.Helper()
		var res *http.Response
		until(t, "a stream is open", func() bool {
			req, err := http.NewRequestWithContext(soon, http.MethodGet, base+"/v1/events", nil)
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
	until(t, "the other replica is ready", func() bool { return call(t, "GET", two+"/v1/websites", testKey, "", nil) == http.StatusOK })
	add := func(url string) {
		t.Helper()
		if status := call(t, "POST", two+"/v1/websites", testKey, `{"url":"`+url+`"}`, nil); status != http.StatusCreated {
			t.Fatalf("adding a website: status %d", status)
		}
	}
	add("a.example")
	last := wait(first, `data: {"change":"created","object":"website"`)
	stop()
	rest, err := io.ReadAll(first)
	if err != nil || !strings.Contains(string(rest), "retry: ") {
		t.Errorf("the stream ends with %q, %v", rest, err)
	}
	if strings.Contains(log.String(), "did not end in time") {
		t.Error("the drain waited for the stream")
	}
	add("b.example")
	wait(look(two, last), `data: {"change":"created","object":"website"`)
}
