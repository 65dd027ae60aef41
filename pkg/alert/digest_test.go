package alert_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// line is one alert of a digest, of a monitor of a website.
func line(website, monitor string, change func(*alert.DigestLine)) alert.DigestLine {
	l := alert.DigestLine{Message: news(nil).Message}
	l.Website, l.Monitor = website, monitor
	l.Explanation = "DOWN: 3 of 3 fresh regions, connect timeout"
	if change != nil {
		change(&l)
	}
	return l
}

func over(l *alert.DigestLine) {
	l.Event, l.Until, l.Combined, l.Reason = alert.EventRecovered, l.Since.Add(20*time.Second), true, uptime.ReasonNone
}

func digestNews(d alert.Digest) alert.News {
	n := news(nil)
	n.Website, n.Event, n.Digest = d.Lines[0].Website, d.Event, &d
	return n
}

func TestDigests(t *testing.T) {
	t.Parallel()
	up := func(l *alert.DigestLine) {
		over(l)
		l.Combined = false
	}
	shop := []alert.DigestLine{line("shop", "API", nil), line("shop", "Checkout", nil), line("shop", "Mail", nil)}
	for _, tt := range []struct {
		name              string
		digest            alert.Digest
		subject, sentence string
		last              string // line
	}{
		{
			"monitors of a website", alert.Digest{Event: alert.EventDown, Lines: shop, Alerts: 3, Websites: 1, Monitors: 3},
			"DOWN shop — 3 monitors: API, Checkout, Mail", "3 monitors of shop are down.", "Mail — DOWN: 3 of 3 fresh regions, connect timeout",
		},
		{
			"of one cause", alert.Digest{Event: alert.EventDown, Lines: shop, Alerts: 3, Websites: 1, Monitors: 3, OneCause: true},
			"DOWN shop — 3 monitors: API, Checkout, Mail", "3 monitors of shop are down: connect timeout from ap-south, eu-west, us-east.",
			"Mail — DOWN: 3 of 3 fresh regions, connect timeout",
		},
		{
			"one is over", alert.Digest{
				Event: alert.EventDown, Lines: []alert.DigestLine{shop[0], line("shop", "Mail", over)}, Alerts: 2, Over: 1, Websites: 1, Monitors: 2,
			},
			"DOWN shop — 2 monitors: API, Mail", "2 monitors of shop went down. 1 of 2 alerts is over by now.", "Mail — was down 20 s, is up again",
		},
		{
			"all are over", alert.Digest{
				Event: alert.EventDown, Lines: []alert.DigestLine{line("shop", "Mail", over)}, Alerts: 2, Over: 2, Websites: 1, Monitors: 1,
			},
			"UP shop — 1 monitor: Mail", "1 monitor of shop was down, all over by now.", "Mail — was down 20 s, is up again",
		},
		{
			"a storm", alert.Digest{
				Event: alert.EventDown, Lines: []alert.DigestLine{line("shop", "", nil), line("blog", "Feed", nil)}, Alerts: 41, Websites: 41, Monitors: 41, OneCause: true,
			},
			"DOWN 41 websites — connect timeout from ap-south, eu-west, us-east",
			"41 websites are down: connect timeout from ap-south, eu-west, us-east.", "blog (Feed) — DOWN: 3 of 3 fresh regions, connect timeout",
		},
		{
			"at one place", alert.Digest{
				Event: alert.EventDown, Lines: []alert.DigestLine{line("shop", "", nil), line("blog", "Feed", nil)}, Alerts: 41, Websites: 41, Monitors: 41, OneCause: true,
				Place: "address 203.0.113.7",
			},
			"DOWN 41 websites on 203.0.113.7 — connect timeout from ap-south, eu-west, us-east",
			"41 websites on 203.0.113.7 are down: connect timeout from ap-south, eu-west, us-east.", "blog (Feed) — DOWN: 3 of 3 fresh regions, connect timeout",
		},
		{
			"at one place for different reasons", alert.Digest{
				Event: alert.EventDown, Lines: []alert.DigestLine{line("shop", "", nil), line("blog", "", nil)}, Alerts: 2, Websites: 2, Monitors: 2, Place: "host shop.test",
			},
			"DOWN 2 websites on shop.test", "2 websites on shop.test are down.", "blog — DOWN: 3 of 3 fresh regions, connect timeout",
		},
		{
			"of one reason in different regions", alert.Digest{
				Event: alert.EventDown, Lines: []alert.DigestLine{line("shop", "", nil), line("blog", "", func(l *alert.DigestLine) { l.Votes = l.Votes[:2] })},
				Alerts: 2, Websites: 2, Monitors: 2, OneCause: true, Place: "address 203.0.113.7",
			},
			"DOWN 2 websites on 203.0.113.7 — connect timeout", "2 websites on 203.0.113.7 are down: connect timeout.", "blog — DOWN: 3 of 3 fresh regions, connect timeout",
		},
		{
			"its end", alert.Digest{
				Event: alert.EventRecovered, Ended: true, Lines: []alert.DigestLine{line("shop", "", up), line("blog", "Feed", up)},
				Alerts: 41, Websites: 41, Monitors: 41, OneCause: true,
			},
			"UP 41 websites", "41 websites are up again.", "blog (Feed) — up again after 20 s",
		},
		{
			"different causes", alert.Digest{
				Event: alert.EventDegraded, Lines: []alert.DigestLine{line("shop", "", nil), line("blog", "", nil)}, Alerts: 2, Websites: 2, Monitors: 2,
			},
			"DEGRADED 2 websites", "2 websites are degraded.", "blog — DOWN: 3 of 3 fresh regions, connect timeout",
		},
		{
			"the end of what was degraded", alert.Digest{
				Event: alert.EventRecovered, Ended: true, Lines: []alert.DigestLine{line("shop", "API", func(l *alert.DigestLine) {
					up(l)
					l.IncidentID = uptime.ID{}
				})}, Alerts: 2, Websites: 1, Monitors: 2,
			},
			"UP shop — 2 monitors: API, …", "2 monitors of shop are up again.", "API — no longer degraded after 20 s",
		},
		{
			"advisories", alert.Digest{Event: alert.EventAdvisory, Lines: shop[:1], Alerts: 2, Websites: 1, Monitors: 2},
			"PARTLY DOWN shop — 2 monitors: API, …", "2 monitors of shop are partly down.", "API — DOWN: 3 of 3 fresh regions, connect timeout",
		},
		{
			"the ends of advisories", alert.Digest{
				Event: alert.EventAdvisory, Ended: true, Alerts: 2, Websites: 2, Monitors: 2, Lines: []alert.DigestLine{line("shop", "API", func(l *alert.DigestLine) {
					over(l)
					l.Event = alert.EventAdvisory
				})},
			},
			"OK 2 websites", "2 websites are well in every region again.", "shop (API) — passes in every region again after 20 s",
		},
		{
			"reminders", alert.Digest{
				Event: alert.EventReminder, Alerts: 2, Websites: 2, Monitors: 2, OneCause: true, Lines: []alert.DigestLine{line("shop", "", func(l *alert.DigestLine) {
					l.Event, l.Number = alert.EventReminder, 2
				})},
			},
			"STILL DOWN 2 websites — connect timeout from ap-south, eu-west, us-east",
			"2 websites are still down: connect timeout from ap-south, eu-west, us-east.", "shop — for 4 min 10 s (reminder 2)",
		},
	} {
		n := digestNews(tt.digest)
		got := n.Text()
		if got.Subject != tt.subject || got.Sentence != tt.sentence || got.Lines[len(got.Lines)-1] != tt.last {
			t.Errorf("%s:\n%q\n%q\n%q, want\n%q\n%q\n%q", tt.name, got.Subject, got.Sentence, got.Lines[len(got.Lines)-1], tt.subject, tt.sentence, tt.last)
		}
		want := ""
		if more := tt.digest.Alerts - len(tt.digest.Lines); more > 0 {
			want = fmt.Sprintf("and %d more", more)
		}
		if got.Rest != want {
			t.Errorf("%s: %q, want %q", tt.name, got.Rest, want)
		}
	}
}

func TestADigestNamesThoseWithoutALine(t *testing.T) {
	t.Parallel()
	d := alert.Digest{Event: alert.EventDown, Alerts: 22, Websites: 22, Monitors: 22}
	for i := range d.Alerts {
		d.Lines = append(d.Lines, line(fmt.Sprint("site ", i), "", nil))
	}
	rest := func() string {
		n := digestNews(d)
		text := n.Text()
		if len(text.Lines) != alert.MaxDigestLines {
			t.Errorf("%d lines", len(text.Lines))
		}
		return text.Rest
	}
	if got, want := rest(), "and 2 more: site 20, site 21"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if d.Alerts = 30; rest() != "and 10 more: site 20, site 21, …" {
		t.Errorf("of more than are named: %q", rest())
	}
	d.Lines[21].Website = strings.Repeat("long ", 20)
	for range alert.MaxDigestNamed - len(d.Lines) {
		d.Lines = append(d.Lines, d.Lines[21])
	}
	d.Alerts, d.Websites = 5000, 5000
	if got := rest(); len(got) > 2010 || !strings.HasSuffix(got, ", …") || !strings.HasPrefix(got, "and 4980 more: site 20, long") {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

func TestADigestsLink(t *testing.T) {
	t.Parallel()
	n := digestNews(alert.Digest{Event: alert.EventDown, Lines: []alert.DigestLine{line("shop", "", nil)}, Alerts: 2, Websites: 1, Monitors: 2})
	if got := n.Text().Link; got != "https://status.example.com/websites/"+n.WebsiteID.String() {
		t.Errorf("of a website: %q", got)
	}
	n.Digest.Websites = 2
	if got := n.Text().Link; got != "https://status.example.com" {
		t.Errorf("of several: %q", got)
	}
}

func TestADigestOfWhatOthersWroteIsBoundedAndClean(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hostile := rapid.StringOfN(rapid.Rune(), 0, 400, -1)
		d := alert.Digest{
			Event:  rapid.SampledFrom([]alert.Event{alert.EventDown, alert.EventRecovered, alert.EventDegraded, alert.EventReminder}).Draw(t, "event"),
			Alerts: 2000, Websites: rapid.IntRange(1, 2).Draw(t, "websites"), Monitors: 2000, OneCause: true,
		}
		for range alert.MaxDigestNamed {
			l := line(hostile.Draw(t, "website"), hostile.Draw(t, "monitor"), nil)
			l.URL, l.Explanation, l.Votes[0].Region = hostile.Draw(t, "url"), hostile.Draw(t, "why"), hostile.Draw(t, "region")
			d.Lines = append(d.Lines, l)
		}
		n := digestNews(d)
		text := n.Text()
		if len(text.Rest) > 2100 || !utf8.ValidString(text.Rest) || strings.ContainsAny(text.Rest, "\r\n\x00") {
			t.Fatalf("%d bytes: %q", len(text.Rest), text.Rest)
		}
		for _, s := range append([]string{text.Subject, text.Headline, text.Sentence}, text.Lines...) {
			if len(s) > 500 || !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n\x00") {
				t.Fatalf("%d bytes: %q", len(s), s)
			}
		}
	})
}

func TestCauseKeys(t *testing.T) {
	t.Parallel()
	key := func(change func(*alert.News)) string {
		n := news(change)
		return n.CauseKey()
	}
	down := key(nil)
	if down == "" {
		t.Fatal("a down has no cause")
	}
	for name, change := range map[string]func(*alert.News){
		"another website": func(n *alert.News) { n.WebsiteID, n.Website, n.URL = uptime.ID{15: 9}, "blog", "https://blog.test" },
		"another order":   func(n *alert.News) { n.Votes[0], n.Votes[2] = n.Votes[2], n.Votes[0] },
		"other details":   func(n *alert.News) { n.Votes[0].Detail, n.Explanation, n.Since = "10.0.0.1", "x", noon.Add(time.Hour) },
		"one that passes": func(n *alert.News) {
			n.Votes = append(n.Votes, alert.Vote{Region: "sa-east", Outcome: uptime.OutcomePass, Counted: true})
		},
		"fewer regions":       func(n *alert.News) { n.Votes = n.Votes[:2] },
		"a region's own name": func(n *alert.News) { n.Votes[0].Region = "us-east\x00x" },
		"one not counted": func(n *alert.News) {
			n.Votes = append(n.Votes, alert.Vote{Region: "sa-east", Outcome: uptime.OutcomeFail})
		},
	} {
		if key(change) != down {
			t.Errorf("%s: another cause", name)
		}
	}
	seen := map[string]string{down: "a down"}
	for name, change := range map[string]func(*alert.News){
		"another reason":   func(n *alert.News) { n.Reason = uptime.ReasonDNS },
		"another event":    func(n *alert.News) { n.Event = alert.EventDegraded },
		"a reminder":       func(n *alert.News) { n.Event = alert.EventReminder },
		"a recovery":       func(n *alert.News) { n.Event, n.Until = alert.EventRecovered, noon },
		"of a degraded":    func(n *alert.News) { n.Event, n.Until, n.IncidentID = alert.EventRecovered, noon, uptime.ID{} },
		"an advisory":      func(n *alert.News) { n.Event = alert.EventAdvisory },
		"in fewer regions": func(n *alert.News) { n.Event, n.Votes = alert.EventAdvisory, n.Votes[:2] },
		"in a region so called": func(n *alert.News) {
			n.Event, n.Votes = alert.EventAdvisory, append([]alert.Vote(nil), n.Votes...)
			n.Votes[0].Region = "us-east\x00x"
		},
		"its end":            func(n *alert.News) { n.Event, n.Until = alert.EventAdvisory, noon },
		"the votes' reasons": func(n *alert.News) { n.Reason, n.Votes[0].Reason = uptime.ReasonNone, uptime.ReasonTLS },
	} {
		k := key(change)
		if other, ok := seen[k]; ok || k == "" {
			t.Errorf("%s has the cause of %s (%q)", name, other, k)
		}
		seen[k] = name
	}
	for name, change := range map[string]func(*alert.News){
		"no reason": func(n *alert.News) { n.Reason, n.Votes = uptime.ReasonNone, nil },
		"a test":    func(n *alert.News) { n.Event = alert.EventTest },
		"the fleet": func(n *alert.News) { n.Event = alert.EventFleet },
		"a warning": func(n *alert.News) { n.Event = alert.EventExpiry },
	} {
		if k := key(change); k != "" {
			t.Errorf("%s has a cause", name)
		}
	}
	if a, b := key(func(n *alert.News) { n.Event, n.Until = alert.EventRecovered, noon }), key(func(n *alert.News) {
		n.Event, n.Until, n.Votes = alert.EventRecovered, noon.Add(time.Hour), nil
	}); a != b {
		t.Error("two recoveries do not belong together")
	}
}

func TestTitles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ website, monitor, want string }{
		{"shop", "", "shop"}, {"shop", "API", "shop (API)"}, {"", "API", ""},
	} {
		m := alert.Message{Website: tt.website, Monitor: tt.monitor}
		if got := m.Title(); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
	n := news(func(n *alert.News) { n.Monitor = "API" })
	if got := n.Text().Subject; got != fmt.Sprintf("DOWN %s (API) — connect timeout from 3 of 3 regions", n.Website) {
		t.Errorf("subject %q", got)
	}
	if diff := cmp.Diff(alert.Fact{Label: "Website", Value: n.Website + " (API)"}, n.Text().Facts[0]); diff != "" {
		t.Errorf("fact (-want +got):\n%s", diff)
	}
}
