package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/expiry"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Text is one alert put in words, the same for every kind of channel: each channel
// only lays it out. All strings are plain text and bounded; a channel escapes them.
type Text struct {
	Subject  string   // one line, at most about 150 characters
	Headline string   // the subject without the website
	Sentence string   // the explanation
	Facts    []Fact   // label and value, in order
	Lines    []string // of a digest: one for each alert
	Rest     string   // alerts of a digest that have no line: "and 21 more: shop, blog"; empty: none
	Failing  []string
	Passing  []string
	Others   []string // regions that did not count, or said nothing
	Link     string   // where to read more; empty without a public URL
	LinkText string
	Good     bool // the news is good
}

// Fact is one labelled line of a text.
type Fact struct{ Label, Value string }

// News is a message as it is about to be told.
type News struct {
	Message
	Key string // idempotency key, the same in every attempt
	// ReplyTo is the key of the first alert of the same incident to the same channel,
	// under which this one is threaded; empty if this is the first.
	ReplyTo string
	// Combined says that the down was never told, because it could not be delivered
	// before the recovery: one alert tells both.
	Combined bool
	// Digest is what the message tells besides, of which Message is one; nil: nothing.
	Digest *Digest
	// PublicURL is where people reach the dashboard, without a trailing slash; empty
	// leaves links out.
	PublicURL string
	Now       time.Time
}

const dash = " — "

// Bounds of what an alert repeats of what others wrote, in bytes: names and details
// come from users and from hostile targets.
const (
	maxName   = 80
	maxDetail = 160
	maxText   = 500
)

// Text puts the news in words.
func (n *News) Text() Text {
	if n.Digest != nil {
		return n.digestText()
	}
	t := Text{
		Sentence: clean(n.Explanation, maxText),
		Good:     n.Event == EventRecovered || !n.Until.IsZero(),
	}
	t.Failing, t.Passing, t.Others = n.regions()
	word, rest := n.headline()
	t.Headline, t.Subject = word+rest, word+rest
	if name := n.name(); name != "" {
		t.Subject = word + " " + name + rest
	}
	t.Facts = n.facts()
	t.Link, t.LinkText = n.link()
	return t
}

func (n *News) name() string {
	if n.Event == EventFleet {
		return ""
	}
	if n.Expiry != nil && n.Expiry.Subject == string(expiry.Domain) {
		return clean(n.URL, maxName) // the domain itself, which several websites may share
	}
	if n.Website != "" {
		return clean(n.Title(), maxName)
	}
	return clean(n.URL, maxName)
}

// headline returns the word in front of the website's name and what follows it,
// with what goes between.
func (n *News) headline() (word, rest string) {
	switch n.Event {
	case EventDown:
		return "DOWN", dash + n.tally()
	case EventReminder:
		word = "STILL DOWN"
		if n.Verdict == uptime.VerdictDegraded {
			word = "STILL DEGRADED"
		}
		return word, " for " + Duration(n.Now.Sub(n.Since)) + numbered(n.Number)
	case EventRecovered:
		return "UP", n.recovery()
	case EventDegraded:
		return "DEGRADED", dash + n.tally()
	case EventAdvisory:
		if !n.Until.IsZero() {
			return "OK", dash + "passes in every region again after " + Duration(n.lasted())
		}
		return "PARTLY DOWN", dash + n.tally()
	case EventFleet:
		if !n.Until.IsZero() {
			return "FLEET OK", dash + clean(n.Explanation, maxDetail)
		}
		return "FLEET", dash + clean(n.Explanation, maxDetail)
	case EventExpiry:
		return n.expiring()
	case EventTest:
		return "TEST", dash + "this is a test, nothing is wrong"
	}
	return strings.ToUpper(string(n.Event)), ""
}

// recovery says what is over. Without an incident it was not down, but degraded.
func (n *News) recovery() string {
	lasted := Duration(n.lasted())
	switch {
	case n.IncidentID.IsZero() && n.Combined:
		return dash + "was degraded " + lasted + ", is well again"
	case n.IncidentID.IsZero():
		return dash + "no longer degraded after " + lasted
	case n.Combined:
		lasted = dash + "was down " + lasted + ", is up again"
	default:
		lasted = " after " + lasted
	}
	if n.Verdict == uptime.VerdictDegraded {
		lasted += ", but degraded"
	}
	return lasted
}

func numbered(n int) string {
	if n < 1 {
		return ""
	}
	return fmt.Sprintf(" (reminder %d)", n)
}

// tally is the cause and its share of the regions: "connect timeout from 3 of 3 regions".
func (n *News) tally() string {
	want := uptime.OutcomeFail
	if n.Event == EventDegraded {
		want = uptime.OutcomeDegraded
	}
	bad, all := 0, 0
	reason, same := uptime.ReasonNone, true
	for _, v := range n.Votes {
		if !v.Counted {
			continue
		}
		all++
		if v.Outcome != want && v.Outcome != uptime.OutcomeFail {
			continue
		}
		bad++
		same = same && (reason == uptime.ReasonNone || reason == v.Reason)
		reason = v.Reason
	}
	if n.Reason != uptime.ReasonNone {
		reason, same = n.Reason, true
	}
	cause := reason.Phrase()
	if !same || cause == "" {
		cause = "failing"
	}
	if all == 0 || n.callsIn() {
		return cause
	}
	return fmt.Sprintf("%s from %d of %s", cause, bad, plural(all, "region"))
}

// callsIn tells whether a job speaks for itself, and no region of it.
func (n *News) callsIn() bool {
	return len(n.Votes) == 1 && n.Votes[0].Region == uptime.RegionHeartbeat
}

// regions sorts the votes into lines of text.
func (n *News) regions() (failing, passing, others []string) {
	if n.callsIn() {
		return nil, nil, nil // the explanation says it all
	}
	votes := slices.Clone(n.Votes)
	slices.SortFunc(votes, func(a, b Vote) int { return strings.Compare(a.Region, b.Region) })
	for _, v := range votes {
		line := clean(v.Region, maxName)
		if why := v.Reason.Phrase(); why != "" {
			line += ": " + why
		}
		if detail := clean(v.Detail, maxDetail); detail != "" {
			line += " (" + detail + ")"
		}
		switch {
		case !v.Counted:
			others = append(others, line+notCounted(v))
		case v.Outcome == uptime.OutcomePass:
			passing = append(passing, line)
		case v.Outcome == uptime.OutcomeFail, v.Outcome == uptime.OutcomeDegraded:
			failing = append(failing, line)
		default:
			others = append(others, line)
		}
	}
	return failing, passing, others
}

func notCounted(v Vote) string {
	if v.Outcome == uptime.OutcomeNone {
		return " — no answer"
	}
	return " — " + v.Outcome.String() + ", not counted"
}

func (n *News) facts() []Fact {
	var facts []Fact
	add := func(label, value string) {
		if value != "" {
			facts = append(facts, Fact{label, value})
		}
	}
	if n.Event != EventFleet {
		add("Website", clean(n.Title(), maxName))
		add("URL", clean(n.URL, maxText))
	}
	facts = append(facts, n.expiryFacts()...)
	if n.Event == EventTest {
		return facts
	}
	if !n.Since.IsZero() {
		if n.Until.IsZero() {
			add("Since", Instant(n.Since)+" ("+Duration(n.Now.Sub(n.Since))+")")
		} else {
			add("From", Instant(n.Since))
			add("Until", Instant(n.Until)+" ("+Duration(n.lasted())+")")
		}
	}
	return facts
}

// lasted is how long it was: to its end, or to now.
func (n *News) lasted() time.Duration {
	if n.Until.IsZero() {
		return n.Now.Sub(n.Since)
	}
	return n.Until.Sub(n.Since)
}

func (n *News) link() (link, text string) {
	switch {
	case n.PublicURL == "":
		return "", ""
	case !n.IncidentID.IsZero():
		return n.PublicURL + "/incidents/" + n.IncidentID.String(), "Open the incident"
	case !n.WebsiteID.IsZero():
		return n.PublicURL + "/websites/" + n.WebsiteID.String(), "Open the website"
	case n.Event == EventFleet:
		return n.PublicURL + "/fleet", "Open the fleet"
	}
	return n.PublicURL, "Open the dashboard"
}

// Instant writes a time in UTC for people, to the second.
func Instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// Duration writes a duration with its two largest units: "4 min 10 s", "2 h", "3 d 4 h".
func Duration(d time.Duration) string {
	units := []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	d = max(d, 0).Truncate(time.Second)
	for i, u := range units {
		if d < u.size {
			continue
		}
		text := fmt.Sprintf("%d %s", d/u.size, u.name)
		if i+1 < len(units) {
			if rest := d % u.size / units[i+1].size; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return text
	}
	return "0 s"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// clean makes one bounded line of what somebody else wrote: control characters
// become spaces, and it is cut at a rune's border.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 || r == 0xfffd {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= limit {
		return s
	}
	cut := limit - len("…")
	for cut > 0 && s[cut]&0xc0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}
