package alert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// How much a digest says of its alerts: the first have a line each, more are named, the
// rest is counted.
const (
	MaxDigestLines = 20
	MaxDigestNamed = 200
)

// Bounds of a digest's subject.
const (
	maxDigestNames   = 80 // bytes of the monitors' names together
	maxDigestRegions = 4
	// maxDigestRest bounds the names of those without a line, in bytes: a chat takes 3,000
	// at a time.
	maxDigestRest = 2000
)

// Digest is several alerts that are one story to people, told by one message.
type Digest struct {
	Event    Event        // what they began with
	Ended    bool         // they tell the end of something
	Lines    []DigestLine // those to be named, at most MaxDigestNamed, what lasts first
	Alerts   int          // all of them
	Over     int          // of them over before they were told
	Websites int          // that they are about
	Monitors int
	OneCause bool  // they have one reason
	Place    Place // that all of them have in common; empty: none
}

// DigestLine is one alert of a digest.
type DigestLine struct {
	Message
	Combined bool // it tells an end whose begin was never told
}

// digestWords are how a digest says what happened: to one or many, now or meanwhile over.
type digestWords struct{ now, over, are, became, were string }

func (d *Digest) words() digestWords {
	switch {
	case d.Event == EventRecovered:
		return digestWords{now: "UP", over: "UP", are: "up again"}
	case d.Ended:
		return digestWords{now: "OK", over: "OK", are: "well in every region again"}
	case d.Event == EventReminder:
		return digestWords{"STILL DOWN", "UP", "still down", "still down", "down"}
	case d.Event == EventDegraded:
		return digestWords{"DEGRADED", "UP", "degraded", "degraded", "degraded"}
	case d.Event == EventAdvisory:
		return digestWords{"PARTLY DOWN", "OK", "partly down", "partly down", "partly down"}
	}
	return digestWords{"DOWN", "UP", "down", "down", "down"}
}

// good tells whether nothing of it lasts.
func (d *Digest) good() bool { return d.Event == EventRecovered || d.Ended || d.Over >= d.Alerts }

// digestText puts a digest in words.
func (n *News) digestText() Text {
	d := n.Digest
	lines := d.Lines[:min(len(d.Lines), MaxDigestLines)]
	t := Text{Good: d.good(), Rest: d.rest(len(lines))}
	word := d.words().now
	if d.good() {
		word = d.words().over
	}
	whose := ""
	if d.Websites == 1 {
		whose = clean(n.Website, maxName)
		t.Facts = []Fact{{"Website", whose}}
		t.Headline = word + dash + plural(d.Monitors, "monitor") + ": " + d.names()
		t.Subject = word + " " + whose + t.Headline[len(word):]
	} else {
		t.Headline = word + " " + plural(d.Websites, "website") + d.where()
		if cause := d.causeText(); cause != "" {
			t.Headline += dash + cause
		}
		t.Subject = t.Headline
	}
	t.Sentence = d.sentence(whose)
	for i := range lines {
		t.Lines = append(t.Lines, lines[i].line(d, n))
	}
	t.Link, t.LinkText = n.digestLink()
	return t
}

// sentence says how many of what are how: "41 websites are down: connect timeout from
// eu-west, us-east."
func (d *Digest) sentence(whose string) string {
	w := d.words()
	n, what := d.Websites, plural(d.Websites, "website")+d.where()
	if d.Websites == 1 {
		n, what = d.Monitors, plural(d.Monitors, "monitor")+" of "+whose
	}
	are, were, became := " are ", " were ", " went "
	if n == 1 {
		are, were = " is ", " was "
	}
	if d.Event == EventDegraded {
		became = " became "
	}
	cause := ""
	if c := d.causeText(); c != "" && !d.good() {
		cause = ": " + c
	}
	switch {
	case d.Over == 0 || d.Event == EventRecovered || d.Ended:
		return what + are + w.are + cause + "."
	case d.good():
		return what + were + w.were + ", all over by now."
	}
	if are = " are"; d.Over == 1 {
		are = " is"
	}
	return fmt.Sprintf("%s%s%s%s. %d of %d alerts%s over by now.", what, became, w.became, cause, d.Over, d.Alerts, are)
}

// where is the place that several websites have in common: " on 203.0.113.7".
func (d *Digest) where() string {
	if phrase := d.Place.Phrase(); phrase != "" {
		return " " + phrase
	}
	return ""
}

// names lists the monitors, as far as there is room.
func (d *Digest) names() string {
	var b strings.Builder
	seen := map[string]bool{}
	for i := range d.Lines {
		name := d.Lines[i].monitorName()
		if seen[name] {
			continue
		}
		if b.Len()+len(name) > maxDigestNames {
			break
		}
		if seen[name] = true; b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(name)
	}
	if len(seen) < d.Monitors {
		b.WriteString(", …")
	}
	return b.String()
}

// rest says how many alerts have no line, and what they are about: "and 21 more: shop,
// blog (Feed)". Empty if there are none.
func (d *Digest) rest(lines int) string {
	if d.Alerts <= lines {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "and %d more", d.Alerts-lines)
	told := lines
	for sep := ": "; told < len(d.Lines); told++ {
		name := d.Lines[told].subject(d)
		if b.Len()+len(name) > maxDigestRest {
			break
		}
		b.WriteString(sep + name)
		sep = ", "
	}
	if told > lines && told < d.Alerts {
		b.WriteString(", …")
	}
	return b.String()
}

// subject names what an alert of a digest is about.
func (l *DigestLine) subject(d *Digest) string {
	if d.Websites == 1 {
		return l.monitorName()
	}
	one := News{Message: l.Message}
	return one.name()
}

// causeText is the reason that all share, and the regions if they do, too: "connect
// timeout from eu-west".
func (d *Digest) causeText() string {
	if !d.OneCause || len(d.Lines) == 0 || d.good() {
		return ""
	}
	m := &d.Lines[0].Message
	reasons, regions := m.cause()
	if len(reasons) != 1 {
		return ""
	}
	reason, err := uptime.ParseReason(reasons[0])
	if err != nil {
		return ""
	}
	text := reason.Phrase()
	for i := range d.Lines {
		l := &d.Lines[i]
		if _, others := l.cause(); l.Event == m.Event && !slices.Equal(others, regions) {
			return text
		}
	}
	for i, region := range regions[:min(len(regions), maxDigestRegions)] {
		text += [...]string{" from ", ", "}[min(i, 1)] + clean(region, maxName)
	}
	if more := len(regions) - maxDigestRegions; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// line is one alert in one line: what it is about, and its sentence.
func (l *DigestLine) line(d *Digest, n *News) string {
	one := News{Message: l.Message, Combined: l.Combined, Now: n.Now}
	name := l.subject(d)
	switch {
	case l.Event == EventRecovered && !l.Combined && !l.IncidentID.IsZero():
		return name + dash + "up again" + one.recovery()
	case l.Event == EventRecovered:
		return name + one.recovery()
	case !l.Until.IsZero():
		_, rest := one.headline()
		return name + rest
	case l.Event == EventReminder:
		return name + dash + "for " + Duration(n.Now.Sub(l.Since)) + numbered(l.Number)
	}
	if why := clean(l.Explanation, maxDetail); why != "" {
		return name + dash + why
	}
	return name + dash + one.tally()
}

func (m *Message) monitorName() string {
	for _, name := range []string{m.Monitor, m.Website, m.URL} {
		if name != "" {
			return clean(name, maxName)
		}
	}
	return "a monitor"
}

func (n *News) digestLink() (link, text string) {
	switch {
	case n.PublicURL == "":
		return "", ""
	case n.Digest.Websites == 1 && !n.WebsiteID.IsZero():
		return n.PublicURL + "/websites/" + n.WebsiteID.String(), "Open the website"
	}
	return n.PublicURL, "Open the dashboard"
}
