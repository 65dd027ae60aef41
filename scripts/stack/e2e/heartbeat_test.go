//go:build e2e

package e2e

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// job calls in by itself, as a heartbeat's job does, for as long as its mood lasts.
type job struct {
	url  string
	mood atomic.Value // status and message, as a query; empty: it says nothing
	done chan struct{}
}

// every is how often it calls: well within the interval, and what one token may.
const every = 1500 * time.Millisecond

// newJob starts a job that says nothing yet.
func newJob(t *testing.T, url string) *job {
	t.Helper()
	j := &job{url: url, done: make(chan struct{})}
	j.mood.Store("")
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(j.done)
		next := time.NewTicker(every)
		defer next.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-next.C:
			}
			if mood, _ := j.mood.Load().(string); mood != "" {
				_, _ = callIn(ctx, j.url+"?"+mood) // a call that is lost is followed by another
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-j.done
	})
	return j
}

// callIn calls in once and returns the status.
func callIn(ctx context.Context, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// called is a heartbeat as the API shows it.
type called struct {
	checked
	Heartbeat struct {
		PingURL     string     `json:"ping_url"`
		LastOK      *bool      `json:"last_ok"`
		LastMessage string     `json:"last_message"`
		DurationMS  *int64     `json:"duration_ms"`
		StartedAt   *time.Time `json:"started_at"`
	} `json:"heartbeat"`
}

func (m checked) asCalled(t *testing.T) called {
	t.Helper()
	return call[called](t, http.MethodGet, m.path(), nil)
}

// token is what is secret of the address that a heartbeat is called by.
func (c called) token(t *testing.T) string {
	t.Helper()
	_, token, found := strings.Cut(c.Heartbeat.PingURL, "/v1/heartbeats/hb_")
	if !found {
		t.Fatalf("address %q", c.Heartbeat.PingURL)
	}
	return token
}

// heartbeats is the life of a monitor that is called by its job: which reports a failure,
// mends, falls silent and comes back.
func heartbeats(t *testing.T, heard *ear, secrets *hoard) {
	w, hook := bystander(t), newHook(t, "ok")
	settings := object{"grace_seconds": 10} // a job that a stalled machine holds up is not silent
	refused(t, http.StatusUnprocessableEntity, http.MethodPost, "/v1/monitors/test", object{"kind": "heartbeat", "settings": settings})
	in := object{"kind": "heartbeat", "name": "backup", "interval_seconds": 10, "settings": settings}
	m := call[checked](t, http.MethodPost, "/v1/websites/"+w.ID+"/monitors", in)
	first := m.asCalled(t)
	secrets.addShown(first.token(t))
	refused(t, http.StatusConflict, http.MethodPost, m.path()+"/check", nil)
	if m.Status != "pending" {
		t.Errorf("before its first call it is %s", m.Status)
	}
	addChannel(t, "webhook", object{"url": hook.url}, w, nil)

	if status, err := callIn(t.Context(), first.Heartbeat.PingURL+"?status=start"); err != nil || status != http.StatusOK {
		t.Fatalf("start: %d %v", status, err)
	}
	eventually(t, "the start is seen", func() bool { return m.asCalled(t).Heartbeat.StartedAt != nil })
	if status, err := callIn(t.Context(), first.Heartbeat.PingURL+"?status=ok&msg=done&duration_ms=1234"); err != nil || status != http.StatusOK {
		t.Fatalf("finish: %d %v", status, err)
	}
	m.becomes(t, "up")
	if got := m.asCalled(t).Heartbeat; got.LastOK == nil || !*got.LastOK || got.LastMessage != "done" || got.DurationMS == nil || *got.DurationMS != 1234 || got.StartedAt != nil {
		t.Errorf("after its first run: %+v", got)
	}

	j := newJob(t, first.Heartbeat.PingURL)
	for i, outage := range []struct{ mood, reason, says string }{
		{"status=fail&msg=" + url.QueryEscape("disk is full"), "reported", "The job reported a failure: disk is full"},
		{"", "silent", "No call since "},
	} {
		j.mood.Store(outage.mood)
		eventually(t, "incident of "+outage.reason, func() bool { return len(w.incidents(t)) == i+1 })
		eventually(t, "alert of "+outage.reason, func() bool { return len(hook.with("alert.down", outage.says)) == 1 })
		if got := m.becomes(t, "down"); got.Reason != outage.reason {
			t.Errorf("down by %q, want %q", got.Reason, outage.reason)
		}
		for _, in := range w.incidents(t) {
			if in.Status == "open" && (!strings.Contains(in.Explanation, outage.says) || len(in.Evidence.Votes) != 1 || in.Evidence.Votes[0].Reason != outage.reason) {
				t.Errorf("incident %+v, want it by %q", in, outage.says)
			}
		}
		j.mood.Store("status=ok")
		m.becomes(t, "up")
		eventually(t, "the recovery is told", func() bool { return len(hook.with("alert.recovered")) == i+1 })
	}
	pauseAndDouble(t, w, m, secrets)
	heard.lookEverywhere(t, w, m, hook)
	if got := len(hook.with("")); got != 4 {
		t.Errorf("%d alerts, want two of down and two of recovery", got)
	}
	if found := hook.with(first.token(t)); len(found) > 0 {
		t.Errorf("the token in an alert: %s", found[0].body)
	}
	call[any](t, http.MethodDelete, m.path(), nil)
	gone(t, first.Heartbeat.PingURL)
}

// gone waits until nobody takes calls at an address any more.
func gone(t *testing.T, url string) {
	t.Helper()
	eventually(t, "its address is gone", func() bool {
		status, err := callIn(t.Context(), url)
		return err == nil && status == http.StatusNotFound
	})
}

// pauseAndDouble pauses, resumes and clones a heartbeat whose job goes on calling.
func pauseAndDouble(t *testing.T, w website, m checked, secrets *hoard) {
	t.Helper()
	if got := call[checked](t, http.MethodPost, m.path()+"/pause", nil); !got.Paused || got.Status != "paused" {
		t.Errorf("paused, it is %s", got.Status)
	}
	m.becomes(t, "unknown")
	call[checked](t, http.MethodPost, m.path()+"/resume", nil)
	m.becomes(t, "up")
	twin := call[called](t, http.MethodPost, m.path()+"/clone", object{"name": "twin"})
	secrets.addShown(twin.token(t))
	if twin.ID == m.ID || twin.Name != "twin" || twin.WebsiteID != w.ID || twin.Status != "pending" || twin.token(t) == m.asCalled(t).token(t) {
		t.Errorf("the clone of %+v is %+v", m, twin)
	}
	if status, err := callIn(t.Context(), twin.Heartbeat.PingURL); err != nil || status != http.StatusOK {
		t.Errorf("the clone is called: %d %v", status, err)
	}
	twin.becomes(t, "up")
	call[any](t, http.MethodDelete, twin.path(), nil)
	gone(t, twin.Heartbeat.PingURL)
}
