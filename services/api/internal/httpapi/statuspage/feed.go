package statuspage

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"html/template"
	"net/url"
	"time"
	"unicode/utf8"
)

func secondsOf(v float64) time.Duration { return time.Duration(v * float64(time.Second)) }

type (
	feed struct {
		XMLName  xml.Name  `xml:"http://www.w3.org/2005/Atom feed"`
		ID       string    `xml:"id"`
		Title    string    `xml:"title"`
		Subtitle string    `xml:"subtitle,omitempty"`
		Updated  string    `xml:"updated"`
		Author   string    `xml:"author>name"`
		Links    []feedRef `xml:"link"`
		Entries  []entry   `xml:"entry"`
	}
	feedRef struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	}
	entry struct {
		ID        string  `xml:"id"`
		Title     string  `xml:"title"`
		Published string  `xml:"published"`
		Updated   string  `xml:"updated"`
		Link      feedRef `xml:"link"`
		Content   string  `xml:"content"`
	}
)

// Atom writes the incidents as a feed (RFC 4287); at is the address of the page.
func Atom(s State, at string) ([]byte, error) {
	host := "status"
	if u, err := url.Parse(at); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	out := feed{
		ID: fmt.Sprintf("tag:%s,2026:status/%s", host, s.Slug), Title: s.Title, Subtitle: s.Description, Author: s.Title,
		Updated: s.AsOf.UTC().Format(time.RFC3339), Links: []feedRef{{"alternate", at}, {"self", at + "/feed.atom"}},
	}
	if len(s.Incidents) > 0 {
		out.Updated = "" // the latest change, so that a feed without news stays as it is
	}
	for i := range s.Incidents {
		in := &s.Incidents[i]
		name := sha256.Sum256([]byte(in.Title))
		e := entry{
			ID:        fmt.Sprintf("tag:%s,2026:status/%s/%d-%x", host, s.Slug, in.OpenedAt.UnixMilli(), name[:4]),
			Title:     in.Title + ": down",
			Published: in.OpenedAt.UTC().Format(time.RFC3339), Updated: in.OpenedAt.UTC().Format(time.RFC3339),
			Link: feedRef{"alternate", at}, Content: "Since " + moment(in.OpenedAt) + ".",
		}
		if end, err := in.ResolvedAt.Get(); err == nil {
			e.Title, e.Updated = in.Title+": resolved", end.UTC().Format(time.RFC3339)
			e.Content = fmt.Sprintf("From %s to %s, %s.", moment(in.OpenedAt), moment(end), span(end.Sub(in.OpenedAt)))
		}
		if in.Note != "" {
			e.Content += " " + in.Note
		}
		out.Updated = max(out.Updated, e.Updated)
		out.Entries = append(out.Entries, e)
	}
	body, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("feed: %w", err)
	}
	return append([]byte(xml.Header), body...), nil
}

var badgeColours = map[string]string{
	"up": "#15753a", "degraded": "#8f5a00", "down": "#b3261e", "unknown": "#5b6470", "pending": "#5b6470", "paused": "#4a5f7d",
}

// Badge draws the state in a line, for other pages to show.
func Badge(s State) []byte {
	status := string(s.Status)
	if s.stale() {
		status = "unknown"
	}
	word := words["unknown"].word
	if w, ok := words[s.Status]; ok && !s.stale() {
		word = w.word
	}
	label := s.Title
	if utf8.RuneCountInString(label) > 40 {
		label = string([]rune(label)[:39]) + "…"
	}
	// About seven units a letter; textLength makes it fit whatever the font.
	left, right := 7*utf8.RuneCountInString(label)+16, 7*len(word)+16
	text := template.HTMLEscapeString(label)
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="22" viewBox="0 0 %[1]d 22" role="img" aria-label="%[2]s: %[3]s">
<title>%[2]s: %[3]s</title>
<rect width="%[1]d" height="22" rx="4" fill="#30363f"/>
<path d="M%[4]d 0h%[5]dq4 0 4 4v14q0 4 -4 4h-%[5]dz" fill="%[6]s"/>
<g fill="#fff" font-family="system-ui,Verdana,sans-serif" font-size="12"><text x="8" y="15.5" textLength="%[7]d" lengthAdjust="spacingAndGlyphs">%[2]s</text><text x="%[8]d" y="15.5" textLength="%[9]d" lengthAdjust="spacingAndGlyphs">%[3]s</text></g>
</svg>
`, left+right, text, word, left, right-4, badgeColours[status], left-16, left+8, right-16)
}
