// Package statuspage writes what the public sees of a status page: a page of HTML that
// needs no script, a badge and a feed. It is pure: it gets what is known and the present
// time, and says how old the one is at the other. Nothing of it is internal.
package statuspage

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// staleAfter is from when what is known is told as old rather than as how it is.
const staleAfter = 2 * time.Minute

//go:embed page.html.tmpl
var pageText string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Funcs(template.FuncMap{"style": func() template.CSS { return template.CSS(style) }}).Parse(pageText)) //nolint:gosec // our own file

// Policy is the Content-Security-Policy of the pages: their own style and nothing else.
var Policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// State is what a page is written from.
type State struct {
	*api.PublicStatus
	Now  time.Time
	Away bool // the database did not answer just now
}

func (s State) age() time.Duration { return max(0, s.Now.Sub(s.AsOf)) }

// stale tells whether what is known is too old to be told as how it is.
func (s State) stale() bool { return s.age() > staleAfter }

// words are how statuses are told; each has a mark of its own beside its colour.
var words = map[api.Status]struct{ word, sentence, mark string }{
	"up":       {"Up", "Everything is up", "●"},
	"degraded": {"Degraded", "Something is degraded", "◆"},
	"down":     {"Down", "Something is down", "■"},
	"unknown":  {"Unknown", "It is not known how something is", "○"},
	"pending":  {"Not checked yet", "Not everything was checked yet", "○"},
	"paused":   {"Paused", "Not watched at present", "‖"},
}

type view struct {
	Kind, Title, Description, Link, Slug string
	Class, Mark, Headline                string
	AsOf, AsOfISO, Age, Notice           string
	Sections                             []section
	Open, Past                           []incident
	Pages                                []api.PublicStatusRef
}

type section struct {
	Title    string
	Websites []website
}

type website struct {
	Title, Class, Mark, Word, Since, Uptime, Summary, Regions string
	Ring                                                      []arc
	Bars                                                      []bar
	Bad                                                       []string // days that were not up throughout
}

type incident struct {
	Title, Class, State, Opened, OpenedISO, Resolved, ResolvedISO, Took, Note string
}

// HTML writes the page.
func HTML(s State) ([]byte, error) {
	v := view{
		Kind: "page", Title: s.Title, Description: s.Description, Link: link(s.Link), Slug: s.Slug,
		AsOf: s.AsOf.UTC().Format("15:04:05 UTC"), AsOfISO: s.AsOf.UTC().Format(time.RFC3339), Age: ago(s.age()),
	}
	if s.age() >= 20*time.Hour {
		v.AsOf = s.AsOf.UTC().Format("2 January 2006, 15:04:05 UTC")
	}
	w := words[s.Status]
	v.Class, v.Mark, v.Headline = string(s.Status), w.mark, w.sentence
	switch {
	case s.stale():
		v.Class, v.Mark, v.Headline = "unknown", words["unknown"].mark, "How things are now is not known"
		v.Notice = "What stands below is " + span(s.age()) + " old: the monitoring behind this page does not work at present. Then: " + strings.ToLower(w.sentence[:1]) + w.sentence[1:] + "."
	case s.Away:
		v.Notice = "The monitoring behind this page did not answer just now. What stands below is " + span(s.age()) + " old."
	}
	for i := range s.Websites {
		one := &s.Websites[i]
		if n := len(v.Sections); n == 0 || v.Sections[n-1].Title != one.Section {
			v.Sections = append(v.Sections, section{Title: one.Section})
		}
		last := &v.Sections[len(v.Sections)-1]
		last.Websites = append(last.Websites, websiteOf(one, s.AsOf))
	}
	for i := range s.Incidents {
		in := incidentOf(&s.Incidents[i], s.AsOf)
		if s.Incidents[i].ResolvedAt.IsNull() {
			v.Open = append(v.Open, in)
		} else {
			v.Past = append(v.Past, in)
		}
	}
	return write(v)
}

// List writes the list of published pages.
func List(pages []api.PublicStatusRef) ([]byte, error) {
	return write(view{Kind: "list", Title: "Status pages", Pages: pages})
}

// Failure writes a page that says why there is none.
func Failure(title, detail string) ([]byte, error) {
	return write(view{Kind: "failure", Title: title, Description: detail})
}

func write(v view) ([]byte, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		return nil, fmt.Errorf("status page: %w", err)
	}
	return b.Bytes(), nil
}

// link lets only http and https pass; an address of another kind could run a script.
func link(text string) string {
	if strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") {
		return text
	}
	return ""
}

func websiteOf(w *api.PublicWebsite, asOf time.Time) website {
	as := words[w.Status]
	out := website{
		Title: w.Title, Class: string(w.Status), Mark: as.mark, Word: as.word, Uptime: "uptime not known", Bars: barsOf(w.Days),
	}
	out.Ring, out.Regions = ringOf(w.Regions)
	if since, err := w.Since.Get(); err == nil && w.Status != "paused" && w.Status != "pending" {
		out.Since = "for " + span(asOf.Sub(since))
	}
	if p, err := w.Uptime90DPercent.Get(); err == nil {
		out.Uptime = fmt.Sprintf("%s %% up in 90 days", number(p))
	}
	out.Summary = out.Uptime
	for i := range w.Days {
		d := &w.Days[i]
		if d.DownSeconds > 0 {
			out.Bad = append(out.Bad, dayText(d))
		}
	}
	switch n := len(out.Bad); {
	case n == 1:
		out.Summary += "; down on one day"
	case n > 1:
		out.Summary += fmt.Sprintf("; down on %d days", n)
	}
	if w.Coverage90DPercent < 99.95 {
		out.Summary += fmt.Sprintf("; known for %s %% of the time", number(w.Coverage90DPercent))
	}
	return out
}

func incidentOf(in *api.PublicIncident, asOf time.Time) incident {
	out := incident{
		Title: in.Title, Class: "down", State: "Not resolved", Opened: moment(in.OpenedAt), OpenedISO: in.OpenedAt.UTC().Format(time.RFC3339),
		Took: span(asOf.Sub(in.OpenedAt)), Note: in.Note,
	}
	if in.Status == "acknowledged" {
		out.State = "Somebody is on it"
	}
	if end, err := in.ResolvedAt.Get(); err == nil {
		out.Class, out.State = "up", "Resolved"
		out.Resolved, out.ResolvedISO, out.Took = moment(end), end.UTC().Format(time.RFC3339), span(end.Sub(in.OpenedAt))
	}
	return out
}

func moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// number writes a percentage: 100 only of all of it.
func number(p float64) string {
	text := fmt.Sprintf("%.3f", float64(int64(p*1000))/1000)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func ago(d time.Duration) string {
	if d < time.Second {
		return "just now"
	}
	return span(d) + " ago"
}

// span writes how long something took in its two largest units.
func span(d time.Duration) string {
	d = max(0, d).Truncate(time.Second)
	days, hours, minutes, seconds := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min %d s", minutes, seconds)
	}
	return fmt.Sprintf("%d s", seconds)
}
