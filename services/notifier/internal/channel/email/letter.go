package email

import (
	"bytes"
	"context"
	"html/template"
	"net"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/letter"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
)

// SendLetter sends a letter once, through the fleet's own server. Its errors are of type
// [*attempt.Failure] and do not quote the letter.
func (s *Sender) SendLetter(ctx context.Context, id string, l *letter.Letter) (*alert.Answer, error) {
	server := s.cfg.Fleet
	if server == nil {
		return nil, attempt.Fail(attempt.Transient, "%s", channelspec.SMTPNotConfigured)
	}
	msg, err := composeLetter(id, l, server.From)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	answer, err := s.converse(ctx, server, &net.Dialer{}, msg, []string{l.To})
	if err != nil {
		f := classify(ctx, err, server.Pass)
		if l.Link != "" { // some servers quote what they were sent
			f = attempt.Fail(f.Class, "%s", attempt.Redact(f.Error(), l.Link))
		}
		return nil, f
	}
	return answer, nil
}

// composeLetter returns the message, as text and simple HTML.
func composeLetter(id string, l *letter.Letter, from string) (*mail.Msg, error) {
	t := l.Text()
	m := mail.NewMsg(mail.WithBoundary("pf-"+id), mail.WithNoDefaultUserAgent())
	if err := m.FromFormat("probefleet", from); err != nil {
		return nil, attempt.Fail(attempt.Refused, "the sender is not an e-mail address")
	}
	if err := m.To(l.To); err != nil {
		return nil, attempt.Fail(attempt.Refused, "the recipient is not an e-mail address")
	}
	m.Subject(t.Subject)
	at := l.At
	if at.IsZero() {
		at = time.Now()
	}
	m.SetDateWithValue(at)
	m.SetMessageIDWithValue(id + "@" + domainOf(from))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office replies
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetBodyString(mail.TypeTextPlain, plainLetter(&t))
	var html bytes.Buffer
	if err := letterPage.Execute(&html, t); err != nil {
		return nil, attempt.Fail(attempt.Refused, "cannot write the mail: %v", err)
	}
	m.AddAlternativeString(mail.TypeTextHTML, html.String())
	return m, nil
}

func domainOf(from string) string {
	if i := strings.LastIndexByte(from, '@'); i >= 0 && i < len(from)-1 {
		return from[i+1:]
	}
	return "probefleet"
}

func plainLetter(t *letter.Text) string {
	var b strings.Builder
	for _, line := range t.Lines {
		b.WriteString(line + "\n\n")
	}
	if t.Action != "" && t.Link != "" {
		b.WriteString(t.Action + ":\n" + t.Link + "\n\n")
	}
	b.WriteString(t.Foot + "\n")
	return b.String()
}

var letterPage = template.Must(template.New("letter").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:16px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.45;color:#202124">
<div style="max-width:600px">
<h1 style="font-size:18px;margin:0 0 8px">{{.Subject}}</h1>
{{- range .Lines}}
<p style="margin:0 0 12px">{{.}}</p>
{{- end}}
{{- if and .Action .Link}}
<p style="margin:0 0 12px"><a href="{{.Link}}" style="color:#1a56db">{{.Action}}</a></p>
{{- end}}
<p style="margin:0;color:#5f6368;font-size:13px">{{.Foot}}</p>
</div>
</body></html>
`))
