package consensus

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	dns := uptime.Result{Outcome: uptime.OutcomeFail, Reason: uptime.ReasonDNS}
	slow := uptime.Result{Outcome: uptime.OutcomeDegraded, Reason: uptime.ReasonAssertion}
	ok := uptime.Result{}
	tests := []struct {
		name   string
		sees   []uptime.Result // by a, b, c, …
		sick   string
		silent string
		want   string
	}{
		{"up", []uptime.Result{ok, ok, ok}, "", "", "Up: 3 of 3 fresh regions pass"},
		{"one region up", []uptime.Result{ok}, "", "", "Up: the only region passes"},
		{"one region down", []uptime.Result{dns}, "", "", "Down: the only region failed, DNS failure"},
		{
			"majority", []uptime.Result{netFail(none, ""), netFail(none, ""), netFail(none, ""), ok, ok}, "e", "",
			"Down: 3 of 4 fresh regions failed, connect timeout; e excluded as sick",
		},
		{
			"mostly", []uptime.Result{dns, dns, status(500)}, "", "",
			"Down: 3 of 3 fresh regions failed, mostly DNS failure",
		},
		{"codes differ", []uptime.Result{status(500), status(502)}, "", "", "Down: 2 of 2 fresh regions failed, unexpected status"},
		{"one code", []uptime.Result{status(500), status(500)}, "", "", "Down: 2 of 2 fresh regions failed, unexpected status 500"},
		{
			"advisory", []uptime.Result{ok, dns, ok, ok}, "", "d",
			"Partly down: b fails, DNS failure; 2 of 3 fresh regions pass; d silent",
		},
		{
			"unknown", []uptime.Result{ok, ok, ok}, "a", "bc",
			"Unknown: 0 of 3 regions count, 2 needed; a excluded as sick, b and c silent",
		},
		{
			"blind", []uptime.Result{netFail(failed, ""), netFail(failed, ""), ok}, "", "",
			"Unknown: 1 of 3 regions counts, 2 needed; a and b blind (canary failed)",
		},
		{"degraded", []uptime.Result{slow, slow, ok}, "", "", "Degraded: 2 degraded of 3 fresh regions, assertion failed"},
		{
			"degraded and failing", []uptime.Result{slow, slow, dns, ok}, "", "",
			"Degraded: 1 failed and 2 degraded of 4 fresh regions, DNS failure",
		},
		{
			"many", []uptime.Result{ok, ok, dns, dns, dns, dns, dns, dns, dns}, "cdefghi", "",
			"Unknown: 2 of 9 regions count, 5 needed; c, d, e, f, g and 2 more excluded as sick",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, time.Minute, strings.Split("abcdefghi"[:len(tt.sees)], "")...)
			for _, r := range w.m.Assigned {
				w.f.Regions[r] = Region{Healthy: !strings.Contains(tt.sick, r), Live: !strings.Contains(tt.silent, r)}
			}
			w.see = func(region string, _ uptime.Instant) uptime.Result { return tt.sees[region[0]-'a'] }
			w.run(5 * time.Minute)
			if got := w.s.Explain(w.m, w.f, w.now); got != tt.want {
				t.Errorf("\ngot  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Only a round that lasted its whole time may say of a region that it did not answer.
func TestWhoIsNotWaitedForDidNotFailToAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ regions, mute, want string }{
		{"abc", "c", "Down: 2 of 2 fresh regions failed, unexpected status 500; c not waited for"},
		{"abcd", "cd", "Down: 2 of 2 fresh regions failed, unexpected status 500; c and d did not answer"},
	} {
		w := newWorld(t, time.Minute, strings.Split(tt.regions, "")...)
		for _, r := range strings.Split(tt.mute, "") {
			w.mute[r] = true
		}
		w.see = during(3*time.Minute, forever, status(500))
		w.run(3*time.Minute + 29*time.Second)
		w.wantIncidents(1, 0)
		if got := w.did.Opened[0].Explanation; got != tt.want {
			t.Errorf("\ngot  %s\nwant %s", got, tt.want)
		}
	}
}

func TestEvidenceJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute, "a", "b", "c")
	w.f.Regions["c"] = Region{Healthy: true}
	w.see = during(3*time.Minute, forever, uptime.Result{
		Outcome: uptime.OutcomeFail, Reason: uptime.ReasonStatus, Code: 503, IP: "192.0.2.7", Detail: "503 Busy",
		Site: "here", Canary: passed, Phases: uptime.Phases{Total: 1234567 * time.Nanosecond},
	})
	w.run(4 * time.Minute)
	w.wantIncidents(1, 0)
	got, err := json.MarshalIndent(w.did.Opened[0].Evidence, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		Round  int
		Quorum struct {
			Mode     string
			K, N     int
			Failed   int
			Assigned int
		}
		Votes  []map[string]any
		Rounds []map[string]any
	}
	if err := json.Unmarshal(got, &e); err != nil {
		t.Fatal(err)
	}
	if e.Round != 2 || e.Quorum.Mode != "majority" || e.Quorum.K != 2 || e.Quorum.N != 2 || e.Quorum.Failed != 2 || e.Quorum.Assigned != 3 {
		t.Errorf("%s", got)
	}
	if len(e.Votes) != 3 || len(e.Rounds) != 2 || e.Rounds[0]["verdict"] != "down" {
		t.Fatalf("%s", got)
	}
	want := map[string]any{
		"region": "a", "vote": "fail", "reason": "status", "detail": "503 Busy", "latency_ms": 1.234,
		"status_code": 503.0, "resolved_ip": "192.0.2.7", "site": "here", "canary": "passed", "counted": true,
	}
	for k, v := range want {
		if e.Votes[0][k] != v {
			t.Errorf("%s is %v, want %v", k, e.Votes[0][k], v)
		}
	}
	if due, err := time.Parse(time.RFC3339Nano, e.Votes[0]["due"].(string)); err != nil || due.Before(w.at(3*time.Minute).Time()) {
		t.Errorf("due %v: %v", due, err)
	}
	if c := e.Votes[2]; c["counted"] != false || c["why"] != "silent" || c["due"] != nil {
		t.Errorf("c: %v", c)
	}
	var back Evidence
	if err := json.Unmarshal(got, &back); err != nil || back.Votes[2].Why != WhySilent {
		t.Errorf("read back: %v, %+v", err, back.Votes)
	}
}

func TestWhyNames(t *testing.T) {
	t.Parallel()
	for w := range whyCount {
		b, _ := w.MarshalText()
		var back Why
		if err := back.UnmarshalText(b); err != nil || back != w || w.Phrase() == "" {
			t.Errorf("%d: %q, %v", w, b, err)
		}
	}
	var w Why
	if err := w.UnmarshalText([]byte("dunno")); err == nil {
		t.Error("an unknown name is read")
	}
	if Why(99).String() != "why_99" || Why(99).Phrase() != "why_99" {
		t.Error("an unknown value has no name")
	}
}
