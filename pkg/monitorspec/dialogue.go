package monitorspec

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// TCP opens a connection and may talk over it. Target: host:port.
type TCP struct {
	Common
	Security  string    `json:"security,omitempty" rule:"enum=none|tls,default=none" doc:"tls begins with a handshake"`
	TLS       ClientTLS `json:"tls,omitzero" doc:"How to take part in TLS, from the start or after a starttls step"`
	IPVersion string    `json:"ip_version,omitempty" rule:"enum=auto|4|6,default=auto" doc:"Version of IP"`
	Steps     []Step    `json:"steps,omitempty" rule:"max=20" doc:"The dialogue, one step after the other"`
}

// Step is one step of a dialogue: exactly one of Send, Expect and StartTLS.
type Step struct {
	Send     string `json:"send,omitempty" rule:"max=16384,secret-if" doc:"Bytes to send; ${name} and ${1} stand for what earlier expressions captured, $${ for ${ itself"`
	Expect   string `json:"expect,omitempty" rule:"max=1024" doc:"RE2 expression that what comes back must match"`
	StartTLS bool   `json:"starttls,omitempty" doc:"Begin TLS on the connection"`
	Encoding string `json:"encoding,omitempty" rule:"enum=text|hex|base64,default=text" doc:"How send is written; with hex, expect sees lower-case hex digits"`
	Secret   bool   `json:"secret,omitempty" doc:"What is sent is never shown again"`
}

// UDP sends a datagram and waits for one. Target: host:port.
type UDP struct {
	Common
	Send      string `json:"send" rule:"required,max=8192,secret-if" doc:"The datagram"`
	Expect    string `json:"expect,omitempty" rule:"max=1024" doc:"RE2 expression that an answer must match; any answer will do without one"`
	Encoding  string `json:"encoding,omitempty" rule:"enum=text|hex|base64,default=text" doc:"How send is written; with hex, expect sees lower-case hex digits"`
	Secret    bool   `json:"secret,omitempty" doc:"What is sent is never shown again"`
	Tries     int    `json:"tries,omitempty" rule:"default=2,min=1,max=5" doc:"How often the datagram is sent within the timeout while nothing comes back"`
	IPVersion string `json:"ip_version,omitempty" rule:"enum=auto|4|6,default=auto" doc:"Version of IP"`
}

// WebSocket opens a WebSocket and may say something. Target: a URL of ws or wss.
type WebSocket struct {
	Common
	Headers      []Header  `json:"headers,omitempty" rule:"max=50" doc:"Headers of the opening request, Origin included"`
	Subprotocols []string  `json:"subprotocols,omitempty" rule:"max=10,each=64" doc:"Subprotocols to offer; the server must take one"`
	Send         string    `json:"send,omitempty" rule:"max=16384,secret-if" doc:"Message to send"`
	Expect       string    `json:"expect,omitempty" rule:"max=1024" doc:"RE2 expression that what comes back, messages one after the other, must match"`
	Encoding     string    `json:"encoding,omitempty" rule:"enum=text|hex|base64,default=text" doc:"hex and base64 send a binary message; with hex, expect sees lower-case hex digits"`
	Secret       bool      `json:"secret,omitempty" doc:"What is sent is never shown again"`
	TLS          ClientTLS `json:"tls,omitzero" doc:"How to take part in TLS"`
	IPVersion    string    `json:"ip_version,omitempty" rule:"enum=auto|4|6,default=auto" doc:"Version of IP"`
}

// Kind implements [Settings].
func (*TCP) Kind() uptime.Kind { return uptime.KindTCP }

// Kind implements [Settings].
func (*UDP) Kind() uptime.Kind { return uptime.KindUDP }

// Kind implements [Settings].
func (*WebSocket) Kind() uptime.Kind { return uptime.KindWebSocket }

func (t *TCP) check(l *list, path string) {
	secured := t.Security == SecurityTLS
	captured := map[string]bool{} // by expressions so far
	for i := range t.Steps {
		s, at := &t.Steps[i], fmt.Sprintf("%s.steps[%d]", path, i)
		switch {
		case s.StartTLS && secured:
			l.add(at+".starttls", "comes when the connection has TLS already")
		case s.StartTLS:
			secured = true
		case s.Send != "":
			for _, name := range references(s.Send) {
				if !captured[name] {
					l.add(at+".send", "uses ${%.64s}, which no expression before it captures", name)
				}
			}
		case s.Expect != "":
			learn(captured, s.Expect)
		}
	}
	if !secured && t.TLS.set() {
		l.add(path+".tls", "goes with security tls or a starttls step")
	}
}

// learn adds what an expression captures: its numbers hold until the next expression,
// its names until the end.
func learn(captured map[string]bool, expression string) {
	re, err := regexp.Compile(expression)
	if err != nil {
		return // has been refused already
	}
	for name := range captured {
		if name[0] >= '0' && name[0] <= '9' {
			delete(captured, name)
		}
	}
	for i, name := range re.SubexpNames() {
		captured[fmt.Sprint(i)] = true
		if name != "" {
			captured[name] = true
		}
	}
}

func (s *Step) check(l *list, path string) {
	n := 0
	for _, given := range []bool{s.Send != "", s.Expect != "", s.StartTLS} {
		if given {
			n++
		}
	}
	if n != 1 {
		l.add(path, "must have exactly one of send, expect and starttls")
		return
	}
	if s.Secret && s.Send == "" {
		l.add(path+".secret", "goes with send")
	}
	if _, err := Expand([]byte(s.Send), nil); err != nil {
		l.add(path+".send", "%s", err)
		return
	}
	encoded := s.Send
	if len(references(s.Send)) > 0 && s.Encoding != EncodingText {
		l.add(path+".send", "cannot hold what was captured unless its encoding is text")
		return
	}
	checkPayload(l, path, uptime.KindTCP, encoded, s.Encoding, s.Expect)
}

func (u *UDP) check(l *list, path string) {
	checkPayload(l, path, uptime.KindUDP, u.Send, u.Encoding, u.Expect)
}

func (w *WebSocket) normalise() { markSecret(w.Headers) }

func (w *WebSocket) check(l *list, path string) {
	checkPayload(l, path, uptime.KindWebSocket, w.Send, w.Encoding, w.Expect)
	for i, p := range w.Subprotocols {
		if !httpguts.ValidHeaderFieldName(p) {
			l.add(fmt.Sprintf("%s.subprotocols[%d]", path, i), "is not the name of a subprotocol")
		}
	}
	if w.Secret && w.Send == "" {
		l.add(path+".secret", "goes with send")
	}
}

// maxExpanded is how many bytes a text may become by what was captured.
const maxExpanded = 64 << 10

var errUnclosed = errors.New("has a ${ without its }; $${ stands for ${ itself")

// ErrExpanded is returned by [Expand] if too much was captured.
var ErrExpanded = errors.New("becomes longer than 64 KiB")

// Expand puts what was captured in the place of ${name}; a name that nothing captured
// becomes nothing, and $${ becomes ${.
func Expand(text []byte, captured map[string][]byte) ([]byte, error) {
	var out []byte
	s := string(text)
	for {
		before, rest, found := strings.Cut(s, "${")
		if !found {
			out = append(out, s...)
			break
		}
		if strings.HasSuffix(before, "$") {
			out = append(out, before...)
			out = append(out, '{')
			s = rest
			continue
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, errUnclosed
		}
		out = append(out, before...)
		out = append(out, captured[name]...)
		s = after
		if len(out) > maxExpanded {
			return nil, ErrExpanded
		}
	}
	return out, nil
}

// references returns the names that a text has in ${…}.
func references(text string) []string {
	var names []string
	for {
		before, rest, found := strings.Cut(text, "${")
		if !found {
			return names
		}
		if strings.HasSuffix(before, "$") {
			text = rest
			continue
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return names
		}
		names, text = append(names, name), after
	}
}
