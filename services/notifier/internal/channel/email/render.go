package email

import (
	"bytes"
	"html/template"
	"slices"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
)

// compose returns the message: text and simple HTML, with a Message-ID drawn from the
// idempotency key, so that a mail that was sent twice is one to its reader's program.
func compose(n *alert.News, from string, to []string) (*mail.Msg, error) {
	t := n.Text()
	m := mail.NewMsg(mail.WithBoundary("pf-"+n.Key), mail.WithNoDefaultUserAgent())
	if err := m.FromFormat("probefleet", from); err != nil {
		return nil, attempt.Fail(attempt.Refused, "the sender is not an e-mail address")
	}
	if err := m.To(to...); err != nil {
		return nil, attempt.Fail(attempt.Refused, "a recipient is not an e-mail address")
	}
	domain := "probefleet"
	if i := strings.LastIndexByte(from, '@'); i >= 0 && i < len(from)-1 {
		domain = from[i+1:]
	}
	m.Subject(t.Subject)
	m.SetDateWithValue(n.Now)
	m.SetMessageIDWithValue(n.Key + "@" + domain)
	if n.ReplyTo != "" && n.ReplyTo != n.Key {
		m.SetGenHeaderPreformatted(mail.HeaderInReplyTo, "<"+n.ReplyTo+"@"+domain+">")
		m.SetGenHeaderPreformatted(mail.HeaderReferences, "<"+n.ReplyTo+"@"+domain+">")
	}
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office replies
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetGenHeader("X-Probefleet-Event", string(n.Event))
	m.SetBodyString(mail.TypeTextPlain, plainText(&t))
	html, err := htmlText(n, &t)
	if err != nil {
		return nil, attempt.Fail(attempt.Refused, "cannot write the mail: %v", err)
	}
	m.AddAlternativeString(mail.TypeTextHTML, html)
	return m, nil
}

// plainText lays the text out for a terminal.
func plainText(t *alert.Text) string {
	var b strings.Builder
	b.WriteString(t.Subject + "\n")
	if t.Sentence != "" {
		b.WriteString("\n" + t.Sentence + "\n")
	}
	if len(t.Lines) > 0 {
		b.WriteByte('\n')
	}
	for _, line := range lines(t) {
		b.WriteString("  - " + line + "\n")
	}
	if len(t.Facts) > 0 {
		b.WriteByte('\n')
	}
	for _, f := range t.Facts {
		b.WriteString(f.Label + ": " + f.Value + "\n")
	}
	for _, part := range parts(t) {
		b.WriteString("\n" + part.Label + ":\n")
		for _, line := range part.Regions {
			b.WriteString("  - " + line + "\n")
		}
	}
	if t.Link != "" {
		b.WriteString("\n" + t.LinkText + ": " + t.Link + "\n")
	}
	return b.String()
}

// lines are the alerts of a digest, and which more there are.
func lines(t *alert.Text) []string {
	if t.Rest == "" {
		return t.Lines
	}
	return append(slices.Clone(t.Lines), t.Rest)
}

type part struct {
	Label, Colour string
	Regions       []string
}

// parts are the lists of regions that are not empty.
func parts(t *alert.Text) []part {
	var out []part
	for _, p := range []part{
		{"Failing", "#d93025", t.Failing}, {"Passing", "#188038", t.Passing}, {"Not counted", "#5f6368", t.Others},
	} {
		if len(p.Regions) > 0 {
			out = append(out, p)
		}
	}
	return out
}

var page = template.Must(template.New("mail").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Text.Subject}}</title></head>
<body style="margin:0;padding:16px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.45;color:#202124">
<div style="max-width:600px;border-left:4px solid {{.Colour}};padding-left:16px">
<h1 style="font-size:18px;margin:0 0 8px">{{.Text.Subject}}</h1>
{{- if .Text.Sentence}}
<p style="margin:0 0 12px">{{.Text.Sentence}}</p>
{{- end}}
{{- if .Lines}}
<ul style="margin:0 0 12px;padding-left:20px">
{{- range .Lines}}
<li>{{.}}</li>
{{- end}}
</ul>
{{- end}}
{{- if .Text.Facts}}
<table role="presentation" cellspacing="0" cellpadding="0" style="margin:0 0 12px;font-size:14px">
{{- range .Text.Facts}}
<tr><td style="padding:2px 12px 2px 0;color:#5f6368;vertical-align:top">{{.Label}}</td><td style="padding:2px 0">{{.Value}}</td></tr>
{{- end}}
</table>
{{- end}}
{{- range .Parts}}
<p style="margin:0 0 2px;color:{{.Colour}};font-weight:600">{{.Label}}</p>
<ul style="margin:0 0 12px;padding-left:20px">
{{- range .Regions}}
<li>{{.}}</li>
{{- end}}
</ul>
{{- end}}
{{- if .Text.Link}}
<p style="margin:0"><a href="{{.Text.Link}}" style="color:#1a56db">{{.Text.LinkText}}</a></p>
{{- end}}
</div>
</body></html>
`))

func htmlText(n *alert.News, t *alert.Text) (string, error) {
	colour := "#d93025"
	switch {
	case n.Event == alert.EventTest:
		colour = "#5f6368"
	case t.Good:
		colour = "#188038"
	case n.Event == alert.EventDegraded, n.Event == alert.EventAdvisory, n.Event == alert.EventFleet, n.Event == alert.EventExpiry:
		colour = "#b06000"
	}
	var b bytes.Buffer
	err := page.Execute(&b, struct {
		Text   *alert.Text
		Colour string
		Parts  []part
		Lines  []string
	}{t, colour, parts(t), lines(t)})
	return b.String(), err
}
