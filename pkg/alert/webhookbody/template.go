package webhookbody

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Bounds of a template. What it may use makes its work proportional to its own
// length times the regions; nothing that it may call can build a long
// string out of short ones.
const (
	MaxTemplateBytes = 16 << 10
	MaxOutputBytes   = 64 << 10
	maxRangeDepth    = 1 // a loop over the regions, and none inside it
)

// ErrTooLong is returned for a template that writes more than MaxOutputBytes.
var ErrTooLong = fmt.Errorf("the template writes more than %d KiB", MaxOutputBytes>>10)

// allowed are the functions that a template may call. The printing ones are not
// among them: with variables they could double a string again and again.
var allowed = []string{
	"and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len", "index", // of text/template
	"json", "upper", "lower",
}

var funcs = template.FuncMap{
	"json": func(v any) (string, error) {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		err := enc.Encode(v)
		return strings.TrimSuffix(b.String(), "\n"), err
	},
	"upper": strings.ToUpper,
	"lower": strings.ToLower,
}

// Template is a user's own body, checked and compiled.
type Template struct{ t *template.Template }

// Compile checks and compiles a template of text/template syntax over the body's
// JSON names, as in {"text": {{json .data.title}}}. It also runs it once for each
// event, so that a wrong name is found now and not in the night. Errors are fit to be shown.
func Compile(text string) (*Template, error) {
	if len(text) > MaxTemplateBytes {
		return nil, fmt.Errorf("longer than %d KiB", MaxTemplateBytes>>10)
	}
	t, err := template.New("template").Funcs(funcs).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, readable(err)
	}
	if t.Tree == nil || parse.IsEmptyTree(t.Root) {
		return nil, errors.New("it writes nothing")
	}
	if len(t.Templates()) > 1 {
		return nil, errors.New("define and block are not available")
	}
	if err := check(t.Root, 0); err != nil {
		return nil, err
	}
	compiled := &Template{t: t}
	for _, n := range Samples() {
		if _, err := compiled.Render(New(&n)); err != nil {
			return nil, fmt.Errorf("for the event %q: %w", n.Event, err)
		}
	}
	return compiled, nil
}

// Render writes the body by the template.
func (t *Template) Render(b Body) ([]byte, error) {
	encoded, err := b.JSON()
	if err != nil {
		return nil, err
	}
	var data map[string]any
	if err := json.Unmarshal(encoded, &data); err != nil {
		return nil, err
	}
	out := &limited{left: MaxOutputBytes}
	if err := t.t.Execute(out, data); err != nil {
		if errors.Is(err, ErrTooLong) {
			return nil, ErrTooLong
		}
		return nil, readable(err)
	}
	return out.b.Bytes(), nil
}

// readable drops the machinery's own prefix from an error of text/template.
func readable(err error) error {
	return errors.New(strings.TrimPrefix(err.Error(), "template: "))
}

type limited struct {
	b    bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, ErrTooLong
	}
	return l.b.Write(p)
}

var _ io.Writer = (*limited)(nil)

// check walks the tree and refuses what is not on the list.
func check(node parse.Node, depth int) error {
	switch n := node.(type) {
	case nil:
		return nil
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, child := range n.Nodes {
			if err := check(child, depth); err != nil {
				return err
			}
		}
		return nil
	case *parse.ActionNode:
		return check(n.Pipe, depth)
	case *parse.IfNode:
		return checkBranch(&n.BranchNode, depth)
	case *parse.WithNode:
		return checkBranch(&n.BranchNode, depth)
	case *parse.RangeNode:
		if depth++; depth > maxRangeDepth {
			return errors.New("range inside range is not available")
		}
		if !isName(n.Pipe) {
			return errors.New("range goes over a field only, as in {{range .data.regions}}")
		}
		return checkBranch(&n.BranchNode, depth)
	case *parse.PipeNode:
		return checkPipe(n, depth)
	case *parse.TextNode, *parse.CommentNode, *parse.BreakNode, *parse.ContinueNode,
		*parse.FieldNode, *parse.VariableNode, *parse.DotNode, *parse.NilNode,
		*parse.StringNode, *parse.NumberNode, *parse.BoolNode:
		return nil
	case *parse.ChainNode:
		return check(n.Node, depth)
	case *parse.IdentifierNode:
		if !slices.Contains(allowed, n.Ident) {
			return fmt.Errorf("the function %q is not available; there are %s", n.Ident, strings.Join(allowed, ", "))
		}
		return nil
	default:
		return fmt.Errorf("%s is not available", node.String())
	}
}

func checkBranch(n *parse.BranchNode, depth int) error {
	for _, part := range []parse.Node{n.Pipe, n.List, n.ElseList} {
		if err := check(part, depth); err != nil {
			return err
		}
	}
	return nil
}

func checkPipe(n *parse.PipeNode, depth int) error {
	for _, cmd := range n.Cmds {
		for _, arg := range cmd.Args {
			if err := check(arg, depth); err != nil {
				return err
			}
		}
	}
	return nil
}

// isName tells whether a pipeline is a plain field: looping over numbers could run
// for hours, and a variable could hold one.
func isName(p *parse.PipeNode) bool {
	if len(p.Cmds) != 1 || len(p.Cmds[0].Args) != 1 {
		return false
	}
	switch arg := p.Cmds[0].Args[0].(type) {
	case *parse.FieldNode:
		return arg.Ident[len(arg.Ident)-1] == "regions"
	case *parse.VariableNode: // $ and what is under it, and no other variable
		return arg.Ident[0] == "$" && arg.Ident[len(arg.Ident)-1] == "regions"
	}
	return false
}

// Samples are one made-up piece of news for each event, for checking templates and
// for showing users what they would get.
func Samples() []alert.News {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	id := func(n byte) uptime.ID { return uptime.ID{0: 1, 6: 0x70, 8: 0x80, 15: n} }
	base := alert.Message{
		IncidentID: id(1), WebsiteID: id(2), MonitorID: id(3), Website: "shop.example.com",
		URL: "https://shop.example.com/", Verdict: uptime.VerdictDown, Reason: uptime.ReasonConnectTimeout,
		Explanation: "DOWN: 2 of 3 fresh regions, connect timeout", Since: at,
		Votes: []alert.Vote{
			{Region: "ap-south", Outcome: uptime.OutcomeFail, Reason: uptime.ReasonConnectTimeout, Detail: "dial: i/o timeout", Counted: true},
			{Region: "eu-west", Outcome: uptime.OutcomeFail, Reason: uptime.ReasonConnectTimeout, Counted: true},
			{Region: "us-east", Outcome: uptime.OutcomePass, Counted: true},
		},
	}
	var news []alert.News
	for _, event := range []alert.Event{
		alert.EventDown, alert.EventReminder, alert.EventRecovered, alert.EventDegraded, alert.EventAdvisory,
		alert.EventFleet, alert.EventExpiry, alert.EventTest,
	} {
		m := base
		m.Event = event
		switch event {
		case alert.EventRecovered:
			m.Verdict, m.Reason, m.Until = uptime.VerdictUp, uptime.ReasonNone, at.Add(250*time.Second)
			m.Explanation = "UP: 3 of 3 fresh regions pass"
			m.Votes = slices.Clone(m.Votes)
			for i := range m.Votes {
				m.Votes[i] = alert.Vote{Region: m.Votes[i].Region, Outcome: uptime.OutcomePass, Counted: true}
			}
		case alert.EventReminder:
			m.Number = 1
		case alert.EventFleet:
			m = alert.Message{Event: event, Explanation: "the region eu-west is silent", Since: at}
		case alert.EventExpiry:
			m = alert.Message{
				Event: event, WebsiteID: id(2), MonitorID: id(3), Website: m.Website, URL: m.URL, Verdict: uptime.VerdictUp,
				Explanation: "The certificate ends at 2026-05-11 11:50:00 UTC",
				Expiry:      &alert.Expiry{Subject: "certificate", EndsAt: at.Add(7*24*time.Hour - 10*time.Minute), Days: 7},
			}
		case alert.EventTest:
			m = alert.Message{Event: event, Explanation: "This is a test of this channel. Nothing is wrong."}
		default:
		}
		news = append(news, alert.News{
			Message: m, Key: "0123456789abcdef0123456789abcdef", PublicURL: "https://status.example.com",
			Now: at.Add(5 * time.Minute),
		})
	}
	return news
}
