package alert_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/uptime"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func news(change func(*alert.News)) alert.News {
	n := alert.News{
		Message: alert.Message{
			Event: alert.EventDown, IncidentID: uptime.ID{15: 1}, WebsiteID: uptime.ID{15: 2},
			Website: "shop.example.com", URL: "https://shop.example.com/", Verdict: uptime.VerdictDown,
			Reason: uptime.ReasonConnectTimeout, Explanation: "DOWN: 3 of 3 fresh regions, connect timeout", Since: noon,
			Votes: []alert.Vote{
				{Region: "us-east", Outcome: uptime.OutcomeFail, Reason: uptime.ReasonConnectTimeout, Counted: true},
				{Region: "ap-south", Outcome: uptime.OutcomeFail, Reason: uptime.ReasonConnectTimeout, Counted: true},
				{Region: "eu-west", Outcome: uptime.OutcomeFail, Reason: uptime.ReasonConnectTimeout, Counted: true},
			},
		},
		Key: "k", PublicURL: "https://status.example.com", Now: noon.Add(250 * time.Second),
	}
	if change != nil {
		change(&n)
	}
	return n
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*alert.News)
		want   string
	}{
		{"down", nil, "DOWN shop.example.com — connect timeout from 3 of 3 regions"},
		{
			"down in two of three, by different causes",
			func(n *alert.News) {
				n.Reason = uptime.ReasonNone
				n.Votes[0].Reason = uptime.ReasonDNS
				n.Votes[1].Outcome, n.Votes[1].Reason = uptime.OutcomePass, uptime.ReasonNone
			},
			"DOWN shop.example.com — failing from 2 of 3 regions",
		},
		{
			"a region that does not count is in no number",
			func(n *alert.News) { n.Votes[0].Counted = false },
			"DOWN shop.example.com — connect timeout from 2 of 2 regions",
		},
		{"one region", func(n *alert.News) { n.Votes = n.Votes[:1] }, "DOWN shop.example.com — connect timeout from 1 of 1 region"},
		{
			"a job that calls in has no regions",
			func(n *alert.News) {
				n.Reason = uptime.ReasonSilent
				n.Votes = []alert.Vote{{Region: uptime.RegionHeartbeat, Outcome: uptime.OutcomeFail, Reason: uptime.ReasonSilent, Counted: true}}
			},
			"DOWN shop.example.com — no heartbeat",
		},
		{"without votes", func(n *alert.News) { n.Votes = nil }, "DOWN shop.example.com — connect timeout"},
		{"without a name", func(n *alert.News) { n.Website = "" }, "DOWN https://shop.example.com/ — connect timeout from 3 of 3 regions"},
		{
			"recovered",
			func(n *alert.News) { n.Event, n.Until = alert.EventRecovered, noon.Add(250*time.Second) },
			"UP shop.example.com after 4 min 10 s",
		},
		{
			"recovered, but not quite",
			func(n *alert.News) {
				n.Event, n.Until, n.Verdict = alert.EventRecovered, noon.Add(4*time.Minute), uptime.VerdictDegraded
			},
			"UP shop.example.com after 4 min, but degraded",
		},
		{
			"not degraded any more",
			func(n *alert.News) {
				n.Event, n.Until, n.IncidentID = alert.EventRecovered, noon.Add(4*time.Minute), uptime.ID{}
			},
			"UP shop.example.com — no longer degraded after 4 min",
		},
		{
			"degraded and its end combined",
			func(n *alert.News) {
				n.Event, n.Until, n.IncidentID, n.Combined = alert.EventRecovered, noon.Add(4*time.Minute), uptime.ID{}, true
			},
			"UP shop.example.com — was degraded 4 min, is well again",
		},
		{
			"combined",
			func(n *alert.News) {
				n.Event, n.Until, n.Combined = alert.EventRecovered, noon.Add(4*time.Minute), true
			},
			"UP shop.example.com — was down 4 min, is up again",
		},
		{
			"reminder",
			func(n *alert.News) { n.Event, n.Number = alert.EventReminder, 2 },
			"STILL DOWN shop.example.com for 4 min 10 s (reminder 2)",
		},
		{
			"first told by a reminder",
			func(n *alert.News) { n.Event = alert.EventReminder },
			"STILL DOWN shop.example.com for 4 min 10 s",
		},
		{
			"a reminder of what is degraded",
			func(n *alert.News) { n.Event, n.Verdict = alert.EventReminder, uptime.VerdictDegraded },
			"STILL DEGRADED shop.example.com for 4 min 10 s",
		},
		{
			"degraded",
			func(n *alert.News) {
				n.Event, n.Reason = alert.EventDegraded, uptime.ReasonAssertion
				n.Votes[0].Outcome = uptime.OutcomeDegraded
				n.Votes[1].Outcome, n.Votes[2].Outcome = uptime.OutcomePass, uptime.OutcomePass
			},
			"DEGRADED shop.example.com — assertion failed from 1 of 3 regions",
		},
		{
			"advisory",
			func(n *alert.News) {
				n.Event = alert.EventAdvisory
				n.Votes[0].Outcome, n.Votes[1].Outcome = uptime.OutcomePass, uptime.OutcomePass
			},
			"PARTLY DOWN shop.example.com — connect timeout from 1 of 3 regions",
		},
		{
			"end of an advisory",
			func(n *alert.News) { n.Event, n.Until = alert.EventAdvisory, noon.Add(time.Hour) },
			"OK shop.example.com — passes in every region again after 1 h",
		},
		{
			"the fleet",
			func(n *alert.News) { n.Event, n.Explanation = alert.EventFleet, "every region is blind" },
			"FLEET — every region is blind",
		},
		{
			"the fleet again",
			func(n *alert.News) { n.Event, n.Explanation, n.Until = alert.EventFleet, "eu-west is back", noon },
			"FLEET OK — eu-west is back",
		},
		{
			"a certificate",
			func(n *alert.News) {
				n.Event, n.Expiry = alert.EventExpiry, ending("certificate", 7*24*time.Hour-time.Second)
			},
			"CERTIFICATE shop.example.com — ends in 7 days",
		},
		{
			"a domain, first seen with five days left",
			func(n *alert.News) {
				n.Event, n.URL, n.Expiry = alert.EventExpiry, "example.com", ending("domain", 5*24*time.Hour+4*time.Hour)
			},
			"DOMAIN example.com — ends in 5 days",
		},
		{
			"tomorrow",
			func(n *alert.News) {
				n.Event, n.Expiry = alert.EventExpiry, ending("certificate", 24*time.Hour-time.Minute)
			},
			"CERTIFICATE shop.example.com — ends in 1 day",
		},
		{
			"today",
			func(n *alert.News) {
				n.Event, n.Expiry = alert.EventExpiry, ending("certificate", 9*time.Hour+time.Second)
			},
			"CERTIFICATE shop.example.com — ends in 9 h",
		},
		{
			"over by the time that it is told",
			func(n *alert.News) { n.Event, n.Expiry = alert.EventExpiry, ending("certificate", -time.Second) },
			"CERTIFICATE shop.example.com — has ended",
		},
		{
			"a test",
			func(n *alert.News) { n.Message = alert.Message{Event: alert.EventTest} },
			"TEST — this is a test, nothing is wrong",
		},
	}
	for _, tt := range tests {
		n := news(tt.change)
		if got := n.Text().Subject; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// ending is an end so long after the news is told.
func ending(subject string, left time.Duration) *alert.Expiry {
	return &alert.Expiry{Subject: subject, EndsAt: noon.Add(250*time.Second + left), Days: 7}
}

func TestAWarningSaysWhenAndWhatToDo(t *testing.T) {
	t.Parallel()
	for subject, todo := range map[string]string{
		"certificate": "Renew the certificate, and have every server show the new one", "domain": "Renew the registration at the registrar",
	} {
		n := news(func(n *alert.News) {
			n.Message = alert.Message{
				Event: alert.EventExpiry, WebsiteID: n.WebsiteID, Website: "shop", URL: "example.com", Expiry: ending(subject, 6*24*time.Hour+time.Hour),
			}
		})
		text := n.Text()
		want := []alert.Fact{
			{Label: "Website", Value: "shop"}, {Label: "URL", Value: "example.com"}, {Label: "Ends", Value: "2026-05-10 13:04:10 UTC"},
			{Label: "Time left", Value: "6 d 1 h"}, {Label: "To do", Value: todo},
		}
		if diff := cmp.Diff(want, text.Facts); diff != "" {
			t.Errorf("facts (-want +got):\n%s", diff)
		}
		if text.Good || text.Link != "https://status.example.com/websites/00000000-0000-0000-0000-000000000002" {
			t.Errorf("good %v, link %q", text.Good, text.Link)
		}
	}
}

func TestTextSortsRegionsAndNamesTheirReasons(t *testing.T) {
	t.Parallel()
	n := news(func(n *alert.News) {
		n.Votes = append(n.Votes,
			alert.Vote{Region: "sa-east", Outcome: uptime.OutcomePass, Counted: true},
			alert.Vote{Region: "af-south", Outcome: uptime.OutcomeFail, Reason: uptime.ReasonDNS, Detail: "sick"},
			alert.Vote{Region: "af-north"},
		)
	})
	text := n.Text()
	if diff := cmp.Diff([]string{"ap-south: connect timeout", "eu-west: connect timeout", "us-east: connect timeout"}, text.Failing); diff != "" {
		t.Errorf("failing (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"sa-east"}, text.Passing); diff != "" {
		t.Errorf("passing (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"af-north — no answer", "af-south: DNS failure (sick) — fail, not counted"}, text.Others); diff != "" {
		t.Errorf("others (-want +got):\n%s", diff)
	}
	if want := "https://status.example.com/incidents/00000000-0000-0000-0000-000000000001"; text.Link != want {
		t.Errorf("link %q, want %q", text.Link, want)
	}
	if want := (alert.Fact{Label: "Since", Value: "2026-05-04 12:00:00 UTC (4 min 10 s)"}); text.Facts[2] != want {
		t.Errorf("fact %+v, want %+v", text.Facts[2], want)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		change func(*alert.News)
		want   string
	}{
		{func(n *alert.News) { n.PublicURL = "" }, ""},
		{func(n *alert.News) { n.IncidentID = uptime.ID{} }, "https://status.example.com/websites/00000000-0000-0000-0000-000000000002"},
		{func(n *alert.News) { n.Message = alert.Message{Event: alert.EventTest} }, "https://status.example.com"},
	} {
		n := news(tt.change)
		if got := n.Text().Link; got != tt.want {
			t.Errorf("link %q, want %q", got, tt.want)
		}
	}
}

func TestTextIsBoundedAndOneLineWhateverOthersWrote(t *testing.T) {
	t.Parallel()
	hostile := "a\r\nBcc: x@example.com\x00\u2028" + strings.Repeat("ä", 5000) + "\xff"
	n := news(func(n *alert.News) {
		n.Website, n.URL, n.Explanation = hostile, hostile, hostile
		n.Votes[0].Detail, n.Votes[0].Region = hostile, hostile
	})
	text := n.Text()
	lines := append([]string{text.Subject, text.Headline, text.Sentence}, text.Failing...)
	for _, f := range text.Facts {
		lines = append(lines, f.Value)
	}
	for _, line := range lines {
		if len(line) > 600 || strings.ContainsAny(line, "\r\n\x00\u2028") || strings.ToValidUTF8(line, "") != line {
			t.Errorf("line of %d bytes: %.80q", len(line), line)
		}
	}
	if len(text.Subject) > 150 {
		t.Errorf("subject of %d bytes", len(text.Subject))
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0 s", -time.Second: "0 s", 900 * time.Millisecond: "0 s", 59 * time.Second: "59 s", time.Minute: "1 min",
		250 * time.Second: "4 min 10 s", 2 * time.Hour: "2 h", 2*time.Hour + 30*time.Second: "2 h",
		3*24*time.Hour + 4*time.Hour + 5*time.Minute: "3 d 4 h",
	} {
		if got := alert.Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, want %q", d, got, want)
		}
	}
}
