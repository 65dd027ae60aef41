//go:build integration

package runner_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

// A page that repeats all that it was sent and that it sets: what travels of it tells
// neither the monitor's secrets nor cookies, and fits.
func TestEvidenceOfAPageThatEchoesSecrets(t *testing.T) {
	t.Parallel()
	const token, password, session, tracker = "t0ken-of-the-monitor", "pass&word<1>", "5e551on-c00kie", "tr4cker%20c00kie"
	echo := func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "second", Value: "another-c00kie", HttpOnly: true})
		w.Header().Set("Server", "echo/"+token)
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, "it broke\n")
		for name, values := range r.Header {
			fmt.Fprintf(w, "%s => %s\n", name, values)
		}
		user, pass, _ := r.BasicAuth()
		fmt.Fprintf(w, "%s and %s, %q, session %s, %s, tr4cker c00kie, another-c00kie\nSet-Cookie: third=0123456789\n",
			user, pass, pass, session, tracker)
		fmt.Fprint(w, strings.Repeat(`"`+token+`"`, 1000))
	}
	f, web := newFleet(t), targets.New(t, nil)
	web.Set("/start", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: session, Path: "/"})
		http.SetCookie(w, &http.Cookie{Name: "tracker", Value: tracker, Path: "/"})
		http.Redirect(w, r, "/broken", http.StatusFound)
	})
	web.Set("/broken", echo)
	settings, err := json.Marshal(map[string]any{
		"auth":    map[string]any{"type": "basic", "username": "watch", "password": password},
		"headers": []map[string]any{{"name": "X-Api-Token", "value": token, "secret": true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	spec, err := monitorspec.Parse(uptime.KindHTTP, web.URL+"/start", settings)
	if err != nil {
		t.Fatal(err)
	}
	if settings, err = spec.JSON(); err != nil {
		t.Fatal(err)
	}
	now := uptime.InstantOf(time.Now())
	pushed, err := f.q.PushSlot(t.Context(), f.lane, queue.Push{Epoch: 1, Slot: now, Checks: [][]byte{wire.EncodeCheck(nil, &uptime.Check{
		Monitor: uptime.ID{7}, Revision: 1, Kind: uptime.KindHTTP, Target: web.URL + "/start", Settings: settings,
		Due: now / 1000 * 1000, NotAfter: now.Add(time.Minute), Timeout: 5 * time.Second, Interval: time.Minute,
	})}})
	if err != nil || !pushed.Accepted {
		t.Fatalf("push: %+v, %v", pushed, err)
	}
	f.worker("a", nil)
	f.eventually("the check is done", func(s queue.LaneStats) bool { return s.Ledger.Done == 1 })
	r := f.only()
	if r.Outcome != uptime.OutcomeFail || r.Reason != uptime.ReasonStatus || r.Code != 500 {
		t.Fatalf("%+v", r)
	}
	if len(r.Evidence) == 0 || len(r.Evidence) > wire.MaxEvidence || !json.Valid(r.Evidence) {
		t.Fatalf("evidence of %d bytes: %s", len(r.Evidence), r.Evidence)
	}
	var e probe.Evidence
	if err := json.Unmarshal(r.Evidence, &e); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(e.Excerpt, "it broke\n") || e.Header.Get("Server") != "echo/***" || e.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("evidence is %+v", e)
	}
	for _, secret := range []string{token, "pass&word", "word<1>", session, "c00kie", "0123456789"} {
		if text := fmt.Sprintf("%+v %s", e, r.Detail); strings.Contains(text, secret) {
			t.Errorf("%s is told: %s", secret, text)
		}
	}
}

// A passing check tells when the certificate ends, and no more.
func TestPassTellsWhenTheCertificateEnds(t *testing.T) {
	t.Parallel()
	expires := time.Now().Add(40 * 24 * time.Hour).UTC().Truncate(time.Second)
	f, web := newFleet(t), targets.NewTLS(t, &targets.Certificate{Expires: expires}, nil)
	now := uptime.InstantOf(time.Now())
	pushed, err := f.q.PushSlot(t.Context(), f.lane, queue.Push{Epoch: 1, Slot: now, Checks: [][]byte{wire.EncodeCheck(nil, &uptime.Check{
		Monitor: uptime.ID{7}, Revision: 1, Kind: uptime.KindHTTP, Target: web.URL, Settings: []byte(`{"tls":{"skip_verify":true}}`),
		Due: now / 1000 * 1000, NotAfter: now.Add(time.Minute), Timeout: 5 * time.Second, Interval: time.Minute,
	})}})
	if err != nil || !pushed.Accepted {
		t.Fatalf("push: %+v, %v", pushed, err)
	}
	f.worker("a", nil)
	f.eventually("the check is done", func(s queue.LaneStats) bool { return s.Ledger.Done == 1 })
	r := f.only()
	if r.Outcome != uptime.OutcomePass || r.CertificateEnds != uptime.InstantOf(expires) || r.Evidence != nil {
		t.Errorf("%+v, want the end %s", r, expires)
	}
}

// only returns the only result of the stream.
func (f *fleet) only() uptime.Result {
	f.t.Helper()
	var all []uptime.Result
	batches, err := f.q.Results(f.lane, queue.GroupAggregator, "test").Read(f.t.Context(), 100)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, b := range batches {
		if err := wire.DecodeResults(b.Payload, "eu", func(r *uptime.Result) { all = append(all, *r) }); err != nil {
			f.t.Fatal(err)
		}
	}
	if len(all) != 1 {
		f.t.Fatalf("%d results, want one", len(all))
	}
	return all[0]
}
