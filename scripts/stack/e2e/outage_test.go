//go:build e2e

package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

type channel struct {
	ID string `json:"id"`
}

// addChannel adds a channel for one website's alerts, removed after the test.
func addChannel(t *testing.T, kind string, config any, w website, more map[string]any) channel {
	t.Helper()
	in := map[string]any{"name": kind + " of " + t.Name(), "kind": kind, "config": config, "website_ids": []string{w.ID}}
	for k, v := range more {
		in[k] = v
	}
	c := call[channel](t, http.MethodPost, "/v1/channels", in)
	t.Cleanup(func() { _ = fleet.Client().Do(context.Background(), http.MethodDelete, "/v1/channels/"+c.ID, nil, nil) })
	return c
}

func webhookSecret() string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of 32 bytes, for tests!"))
}

// The whole story: added, checked at once from every region, charted, down by quorum,
// one incident with its evidence, told three ways, recovered and told again.
func TestFromAddingToAlerting(t *testing.T) {
	t.Parallel()
	site := targets.New(t, nil)
	w := watch(t, site.URL+"/shop", map[string]any{"name": "The Shop"})
	t.Logf("first votes of all regions after %v", w.allVote(t, "pass").Round(time.Millisecond))
	w.becomes(t, "up")

	mail, slack, hook := newMailbox(t), newHook(t, "ok"), newHook(t, `{"ok":true}`)
	addChannel(t, "email", map[string]any{"to": []string{"ops@example.com"}, "smtp": map[string]any{
		"host": "127.0.0.1", "port": mail.smtp, "security": "none", "from": "fleet@example.com",
	}}, w, nil)
	addChannel(t, "slack", map[string]any{"webhook_url": slack.url + "/services/T/B/x"}, w, nil)
	addChannel(t, "webhook", map[string]any{"url": hook.url, "secret": webhookSecret()}, w, nil)

	site.Set("/shop", targets.Status(http.StatusInternalServerError))
	turned := time.Now()
	eventually(t, "an incident is open", func() bool { return len(w.incidents(t)) == 1 })
	opened := time.Since(turned)
	eventually(t, "mail, Slack and webhook have told", func() bool {
		return len(mail.with("DOWN")) > 0 && len(slack.with("The Shop")) > 0 && len(hook.with("alert.down")) > 0
	})
	told := time.Since(turned)
	t.Logf("MEASURED outage → incident %v, → told by all three %v", opened.Round(time.Millisecond), told.Round(time.Millisecond))

	got := w.incidents(t)[0]
	if got.Status != "open" || got.Explanation == "" || len(got.Evidence.Votes) != len(stack.DefaultRegions()) {
		t.Errorf("incident %+v", got)
	}
	counted := 0 // two are a quorum, and the third may answer too late to be counted
	for _, v := range got.Evidence.Votes {
		if !v.Counted {
			continue
		}
		counted++
		if v.Vote != "fail" || v.Reason != "status" || v.StatusCode != 500 || v.ResolvedIP != "127.0.0.1" {
			t.Errorf("evidence of %s: %+v in %+v", v.Region, v, got)
		}
	}
	if counted < 2 {
		t.Errorf("%d votes were counted, want a quorum: %+v", counted, got)
	}
	w.becomes(t, "down")
	checkSignature(t, hook.with("alert.down")[0])

	site.Set("/shop", targets.Status(http.StatusOK))
	turned = time.Now()
	eventually(t, "recovery has been told", func() bool {
		return len(mail.with("UP")) > 0 && len(hook.with("alert.recovered")) > 0 && len(slack.with("The Shop")) > 1
	})
	t.Logf("MEASURED back → resolved and told %v", time.Since(turned).Round(time.Millisecond))
	got = w.incidents(t)[0]
	if got.Status != "resolved" || got.ResolvedAt == nil {
		t.Errorf("incident is %s, want resolved", got.Status)
	}
	for name, n := range map[string]int{
		"mails":    len(mail.with("")), // one down, one recovered: not one a failed check
		"Slack":    len(slack.with("")),
		"webhooks": len(hook.with("")),
	} {
		if n != 2 {
			t.Errorf("%s: %d messages, want 2", name, n)
		}
	}
	w.becomes(t, "up")
	checkHistory(t, w)
}

func checkSignature(t *testing.T, m message) {
	t.Helper()
	wh, err := webhooks.NewWebhook(webhookSecret())
	if err != nil {
		t.Fatal(err)
	}
	if err := wh.Verify([]byte(m.body), m.header); err != nil {
		t.Errorf("webhook signature: %v", err)
	}
}

// checkHistory looks at what is kept: charts, ticks and uptime.
func checkHistory(t *testing.T, w website) {
	t.Helper()
	id := w.Monitors[0].ID
	type tick struct {
		Time   time.Time `json:"time"`
		Region string    `json:"region"`
		OK     bool      `json:"ok"`
	}
	eventually(t, "failed ticks are kept", func() bool {
		ticks, _ := tryCall[page[tick]](t, http.MethodGet, "/v1/monitors/"+id+"/ticks?ok=false")
		return len(ticks.Items) > 0
	})
	type series struct {
		Series []struct {
			Region string `json:"region"`
			Points []struct {
				Count int64    `json:"count"`
				P50   *float64 `json:"p50_ms"`
			} `json:"points"`
		} `json:"series"`
	}
	from := url.QueryEscape(time.Now().Add(-10 * time.Minute).UTC().Format(time.RFC3339))
	eventually(t, "the chart has one line a region, with response times", func() bool {
		chart, _ := tryCall[series](t, http.MethodGet, "/v1/monitors/"+id+"/latency?from="+from)
		for _, s := range chart.Series {
			if len(s.Points) == 0 || s.Points[0].P50 == nil {
				return false
			}
		}
		return len(chart.Series) == len(stack.DefaultRegions())
	})
	type uptime struct {
		Up       float64 `json:"up_seconds"`
		Down     float64 `json:"down_seconds"`
		Coverage float64 `json:"coverage_percent"`
	}
	u := call[uptime](t, http.MethodGet, "/v1/websites/"+w.ID+"/uptime", nil)
	if u.Up <= 0 || u.Down <= 0 {
		t.Errorf("uptime %+v, want seconds up and down", u)
	}
}

// A region that stands alone is shown, and is no incident.
func TestOneRegionAloneIsAnAdvisory(t *testing.T) {
	t.Parallel()
	site := targets.New(t, nil)
	w := watch(t, site.URL+"/", map[string]any{"interval_seconds": 5})
	w.becomes(t, "up")
	site.Set("/", targets.InRegion("ap-south", targets.Status(http.StatusBadGateway), targets.Status(http.StatusOK)))
	eventually(t, "an advisory for ap-south", func() bool {
		for _, v := range w.votes(t) {
			if v.Region == "ap-south" && v.Vote == "fail" && v.Advisory {
				return true
			}
		}
		return false
	})
	// The next two cycles of the schedule must change nothing.
	seen := site.Requests("/")
	eventually(t, "two more cycles", func() bool { return site.Requests("/") >= seen+6 })
	eventually(t, "it is up, but for ap-south", func() bool {
		now := w.now(t)
		return now.Verdict == "up" && slices.Equal(now.AdvisoryRegions, []string{"ap-south"})
	})
	if got := w.incidents(t); len(got) != 0 {
		t.Errorf("incidents %+v, want none", got)
	}
	site.Set("/", targets.Status(http.StatusOK))
	eventually(t, "the advisory is over", func() bool { return len(w.now(t).AdvisoryRegions) == 0 })
}

// Two of three regions fail, one passes: down by majority, and the evidence says so.
func TestMajorityDecides(t *testing.T) {
	t.Parallel()
	site := targets.New(t, nil)
	w := watch(t, site.URL+"/", nil)
	w.becomes(t, "up")
	site.Set("/", targets.InRegion("us-east", targets.Status(http.StatusOK), targets.Reset()))
	w.becomes(t, "down")
	eventually(t, "an incident", func() bool { return len(w.incidents(t)) > 0 })
	failed := 0
	for _, v := range w.incidents(t)[0].Evidence.Votes {
		if v.Vote == "fail" && v.Counted {
			failed++
		}
	}
	if failed != 2 {
		t.Errorf("evidence has %d counted failures, want 2", failed)
	}
}

// A website that is down from the start is an incident, not a silence.
func TestDownFromTheStart(t *testing.T) {
	t.Parallel()
	w := watch(t, targets.Refused(t), nil)
	w.becomes(t, "down")
	eventually(t, "an incident", func() bool { return len(w.incidents(t)) > 0 })
	got := w.incidents(t)
	refusals := 0
	for _, v := range got[0].Evidence.Votes {
		if v.Counted && v.Reason == "connect_refused" {
			refusals++
		}
	}
	if len(got) != 1 || refusals < 2 {
		t.Errorf("incidents %+v, want one with connect_refused", got)
	}
}

// What is under way when a website is paused, changed or deleted opens nothing.
func TestChangesWhileAChecksIsInFlight(t *testing.T) {
	t.Parallel()
	// The answer comes when the test lets it, and no check gives up before.
	slow := func(t *testing.T) (site *targets.Server, w website, answer func()) {
		site = targets.New(t, nil)
		w = watch(t, site.URL+"/old", map[string]any{"interval_seconds": 30, "timeout_ms": 30000})
		w.becomes(t, "up")
		w.allVote(t, "pass")
		held := make(chan struct{})
		answer = sync.OnceFunc(func() { close(held) })
		t.Cleanup(answer)
		site.Set("/old", func(rw http.ResponseWriter, r *http.Request) {
			select {
			case <-held:
				targets.Status(http.StatusInternalServerError)(rw, r)
			case <-r.Context().Done():
			}
		})
		seen := site.Requests("/old")
		eventually(t, "a check is in flight", func() bool { return site.Requests("/old") > seen })
		return site, w, answer
	}
	t.Run("pause", func(t *testing.T) {
		t.Parallel()
		site, w, answer := slow(t)
		call[website](t, http.MethodPost, "/v1/websites/"+w.ID+"/pause", nil)
		answer()
		if now := w.now(t); now.Status != "paused" {
			t.Errorf("status %s, want paused", now.Status)
		}
		nothingOpens(t, w)
		site.Set("/old", targets.Status(http.StatusOK))
		call[website](t, http.MethodPost, "/v1/websites/"+w.ID+"/resume", nil)
		w.becomes(t, "up")
		nothingOpens(t, w)
	})
	t.Run("another URL", func(t *testing.T) {
		t.Parallel()
		site, w, answer := slow(t)
		call[website](t, http.MethodPatch, "/v1/websites/"+w.ID, map[string]any{"url": site.URL + "/new"})
		answer()
		w.becomes(t, "up")
		nothingOpens(t, w)
	})
	t.Run("delete", func(t *testing.T) {
		t.Parallel()
		_, w, answer := slow(t)
		call[any](t, http.MethodDelete, "/v1/websites/"+w.ID, nil)
		answer()
		refused(t, http.StatusNotFound, http.MethodGet, "/v1/websites/"+w.ID, nil)
		nothingOpens(t, w)
	})
}

// nothingOpens watches for longer than the checks in flight and their rounds take: a
// second website's checks are the clock.
func nothingOpens(t *testing.T, w website) {
	t.Helper()
	other := targets.New(t, nil)
	watch(t, other.URL+"/", map[string]any{"interval_seconds": 5, "timeout_ms": 1000})
	seen := other.Requests("/")
	eventually(t, "two cycles of another website", func() bool { return other.Requests("/") >= seen+6 })
	if got := w.incidents(t); len(got) != 0 {
		t.Errorf("incidents %+v, want none", got)
	}
}

// Muted: judged, not alerted.
func TestMutedIsJudgedAndNotAlerted(t *testing.T) {
	t.Parallel()
	site := targets.New(t, nil)
	w := watch(t, site.URL+"/", map[string]any{"interval_seconds": 5})
	hook := newHook(t, "ok")
	addChannel(t, "webhook", map[string]any{"url": hook.url}, w, nil)
	w.becomes(t, "up")
	call[website](t, http.MethodPost, "/v1/websites/"+w.ID+"/mute", nil)
	site.Set("/", targets.Status(http.StatusInternalServerError))
	w.becomes(t, "down")
	site.Set("/", targets.Status(http.StatusOK))
	w.becomes(t, "up")
	if got := w.incidents(t); len(got) != 1 {
		t.Errorf("%d incidents, want 1", len(got))
	}
	if got := hook.with(""); len(got) != 0 {
		t.Errorf("alerts %v, want none", got)
	}
	if got := call[page[delivery]](t, http.MethodGet, "/v1/deliveries?incident_id="+w.incidents(t)[0].ID, nil); len(got.Items) != 0 {
		t.Errorf("deliveries %+v, want none", got.Items)
	}
}

// A channel's test tells what the other side answered.
func TestChannelTest(t *testing.T) {
	t.Parallel()
	site := targets.New(t, nil)
	w := watch(t, site.URL+"/", nil)
	hook := newHook(t, "thank you")
	good := addChannel(t, "webhook", map[string]any{"url": hook.url}, w, nil)
	bad := addChannel(t, "slack", map[string]any{"webhook_url": site.URL + "/nobody"}, w, nil)
	site.Set("/nobody", targets.Status(http.StatusNotFound))
	type report struct {
		Status   string `json:"status"`
		Response *struct {
			Code int    `json:"code"`
			Text string `json:"text"`
		} `json:"response"`
	}
	if got := call[report](t, http.MethodPost, "/v1/channels/"+good.ID+"/test", nil); got.Status != "delivered" || got.Response == nil || got.Response.Code != 200 || got.Response.Text != "thank you" {
		t.Errorf("test of a good channel: %+v", got)
	}
	if got := call[report](t, http.MethodPost, "/v1/channels/"+bad.ID+"/test", nil); got.Status == "delivered" || got.Response == nil || got.Response.Code != 404 {
		t.Errorf("test of a bad channel: %+v", got)
	}
}

// "Check now" asks every region and waits.
func TestCheckNow(t *testing.T) {
	t.Parallel()
	site := targets.New(t, nil)
	w := watch(t, site.URL+"/", map[string]any{"interval_seconds": 3600})
	w.becomes(t, "up")
	w.allVote(t, "pass") // the first checks are all done
	seen := site.Requests("/")
	type report struct {
		Complete bool `json:"complete"`
		Results  []struct {
			Region string `json:"region"`
			OK     bool   `json:"ok"`
		} `json:"results"`
	}
	got := call[report](t, http.MethodPost, "/v1/websites/"+w.ID+"/check", nil)
	if !got.Complete || len(got.Results) != len(stack.DefaultRegions()) {
		t.Errorf("report %+v", got)
	}
	for _, r := range got.Results {
		if !r.OK {
			t.Errorf("%s says not ok", r.Region)
		}
	}
	if n := site.Requests("/"); n != seen+len(stack.DefaultRegions()) {
		t.Errorf("the target had %d more requests, want one a region", n-seen)
	}
	if h := site.LastHeader("/"); len(h.Get("User-Agent")) == 0 {
		t.Error("no User-Agent")
	} else {
		t.Log(fmt.Sprint("User-Agent: ", h.Get("User-Agent")))
	}
}
