package slack

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/probefleet/probefleet/pkg/alert"
)

// Message is the body of an incoming webhook.
type Message struct {
	Text        string       `json:"text"` // what notifications show
	UnfurlLinks bool         `json:"unfurl_links"`
	UnfurlMedia bool         `json:"unfurl_media"`
	Attachments []Attachment `json:"attachments"`
}

// Attachment is a part with a coloured bar.
type Attachment struct {
	Color    string  `json:"color"`
	Fallback string  `json:"fallback"`
	Blocks   []Block `json:"blocks"`
}

// Block is a section, a context or a row of buttons.
type Block struct {
	Type     string    `json:"type"`
	Text     *Text     `json:"text,omitempty"`
	Fields   []Text    `json:"fields,omitempty"`
	Elements []Element `json:"elements,omitempty"`
}

// Text is a text object.
type Text struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim,omitempty"` // no links and mentions made of plain words
}

// Element is a button, or a text of a context block.
type Element struct {
	Type     string `json:"type"`
	Text     any    `json:"text"`
	Verbatim bool   `json:"verbatim,omitempty"`
	URL      string `json:"url,omitempty"`
}

// The colours of the bar.
const (
	colourBad  = "#d93025"
	colourWarn = "#f2a60d"
	colourGood = "#188038"
	colourNote = "#5f6368"
)

// maxSection is Slack's limit of a section's text, less what marks a cut, in bytes.
const maxSection = 2900

// Render lays the news out for Slack.
func Render(n *alert.News) Message {
	t := n.Text()
	var blocks []Block
	if t.Sentence != "" {
		blocks = append(blocks, section(escape(t.Sentence)))
	}
	blocks = append(blocks, digest(&t)...)
	if len(t.Facts) > 0 {
		fields := make([]Text, len(t.Facts))
		for i, f := range t.Facts {
			fields[i] = mrkdwn("*" + escape(f.Label) + "*\n" + value(f))
		}
		blocks = append(blocks, Block{Type: "section", Fields: fields})
	}
	for _, part := range []struct {
		mark, label string
		regions     []string
	}{{":red_circle:", "Failing", t.Failing}, {":large_green_circle:", "Passing", t.Passing}, {":white_circle:", "Not counted", t.Others}} {
		if len(part.regions) > 0 {
			blocks = append(blocks, section(part.mark+" *"+part.label+"*\n"+list(part.regions)))
		}
	}
	if t.Link != "" {
		blocks = append(blocks, Block{Type: "actions", Elements: []Element{{
			Type: "button", Text: Text{Type: "plain_text", Text: t.LinkText}, URL: t.Link,
		}}})
	}
	if len(blocks) == 0 {
		blocks = append(blocks, section(escape(t.Headline)))
	}
	subject := escape(t.Subject)
	fallback := subject // for chats that know attachments, but no blocks
	for _, more := range []string{escape(t.Sentence), t.Link} {
		if more != "" {
			fallback += "\n" + more
		}
	}
	return Message{
		Text:        "*" + subject + "*",
		Attachments: []Attachment{{Color: colour(n, t.Good), Fallback: fallback, Blocks: blocks}},
	}
}

// digest writes one line for each alert of a digest, in as many sections as they need.
func digest(t *alert.Text) []Block {
	var blocks []Block
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			blocks = append(blocks, section(strings.TrimSuffix(b.String(), "\n")))
			b.Reset()
		}
	}
	add := func(line string) {
		if b.Len()+len(line) > maxSection {
			flush()
		}
		b.WriteString(line + "\n")
	}
	for _, line := range t.Lines {
		add("• " + escape(line))
	}
	if t.Rest != "" {
		add("… " + escape(t.Rest))
	}
	flush()
	return blocks
}

func colour(n *alert.News, good bool) string {
	switch {
	case n.Event == alert.EventTest:
		return colourNote
	case good:
		return colourGood
	case n.Event == alert.EventDegraded, n.Event == alert.EventAdvisory, n.Event == alert.EventFleet, n.Event == alert.EventExpiry:
		return colourWarn
	}
	return colourBad
}

func section(text string) Block {
	t := mrkdwn(text)
	return Block{Type: "section", Text: &t}
}

func mrkdwn(text string) Text { return Text{Type: "mrkdwn", Text: text, Verbatim: true} }

// value makes a link of a URL, which verbatim texts would leave as words.
func value(f alert.Fact) string {
	if u, err := url.Parse(f.Value); err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
		return "<" + strings.NewReplacer("|", "%7C", ">", "%3E", "<", "%3C", "&", "&amp;").Replace(f.Value) + ">"
	}
	return escape(f.Value)
}

// list writes one line per region, and how many more there are when Slack's limit is
// reached.
func list(lines []string) string {
	var b strings.Builder
	for i, line := range lines {
		line = "• " + escape(line) + "\n"
		if b.Len()+len(line) > maxSection {
			fmt.Fprintf(&b, "… and %d more", len(lines)-i)
			break
		}
		b.WriteString(line)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// escape makes text harmless by Slack's rules: without these three characters there
// are no mentions and no links.
// https://api.slack.com/reference/surfaces/formatting#escaping
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
