package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/alert/webhookbody"
	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/testenv/golden"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
	"github.com/probefleet/probefleet/services/notifier/internal/channel/slack"
	"github.com/probefleet/probefleet/services/notifier/internal/post"
)

func sender(timeout time.Duration) *slack.Sender {
	return slack.New(post.New(egress.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}), "probefleet/test", timeout))
}

func config(url string) *channelspec.Config {
	return &channelspec.Config{Kind: channelspec.KindSlack, Slack: &channelspec.Slack{WebhookURL: url}}
}

func encode(t *testing.T, m slack.Message) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRenderings(t *testing.T) {
	t.Parallel()
	for _, n := range webhookbody.Samples() {
		golden.Check(t, string(n.Event)+".json", encode(t, slack.Render(&n)))
	}
	n := webhookbody.Samples()[2]
	n.Combined = true
	golden.Check(t, "combined.json", encode(t, slack.Render(&n)))
}

// digest is a sample of several monitors of a website, or of many websites.
func digest(websites int) alert.News {
	n := webhookbody.Samples()[0]
	d := &alert.Digest{Event: alert.EventDown, Alerts: 3, Over: 1, Websites: 1, Monitors: 3}
	for _, name := range []string{"API", "Checkout <b>&</b>", "Mail"} {
		l := alert.DigestLine{Message: n.Message}
		l.Monitor = name
		d.Lines = append(d.Lines, l)
	}
	last := &d.Lines[2]
	last.Event, last.Until, last.Combined = alert.EventRecovered, last.Since.Add(20*time.Second), true
	if websites > 1 {
		*d = alert.Digest{Event: alert.EventDown, Alerts: websites, Websites: websites, Monitors: websites, OneCause: true}
		for i := range alert.MaxDigestLines {
			l := alert.DigestLine{Message: n.Message}
			l.Website = fmt.Sprintf("site %d", i+1)
			d.Lines = append(d.Lines, l)
		}
	}
	n.Digest = d
	return n
}

func TestDigests(t *testing.T) {
	t.Parallel()
	several, storm := digest(1), digest(57)
	golden.Check(t, "digest.json", encode(t, slack.Render(&several)))
	golden.Check(t, "storm.json", encode(t, slack.Render(&storm)))
	storm.Digest.Lines[0].Website = "<!channel>"
	for i := range storm.Digest.Lines { // as long as a line gets
		storm.Digest.Lines[i].Explanation = strings.Repeat("&", 500)
	}
	m := slack.Render(&storm)
	for _, b := range m.Attachments[0].Blocks {
		if b.Text != nil && len(b.Text.Text) > 3000 {
			t.Errorf("a section has %d bytes, Slack takes 3000", len(b.Text.Text))
		}
	}
	if got := string(encode(t, m)); strings.Contains(got, "<!channel>") || !strings.Contains(got, "… and 37 more") || len(m.Attachments[0].Blocks) > 50 {
		t.Errorf("%d blocks:\n%s", len(m.Attachments[0].Blocks), got)
	}
}

func TestWhatOthersWroteIsNoMarkup(t *testing.T) {
	t.Parallel()
	n := webhookbody.Samples()[0]
	n.Website = "<!channel> & <https://evil.example|click>"
	n.URL = "https://shop.example.com/?a=1&b=<x>|y"
	n.Explanation = "<@U123>"
	n.Votes[0].Detail = "<!here>"
	got := string(encode(t, slack.Render(&n)))
	for _, s := range []string{"<!channel>", "<@U123>", "<!here>", "<https://evil", "|click", "|y>"} {
		if strings.Contains(got, s) && s != "|click" {
			t.Errorf("%s gets through:\n%s", s, got)
		}
	}
	if !strings.Contains(got, "<https://shop.example.com/?a=1&amp;b=%3Cx%3E%7Cy>") {
		t.Errorf("the URL is no link:\n%s", got)
	}
}

func TestManyRegionsStayWithinSlacksLimits(t *testing.T) {
	t.Parallel()
	n := webhookbody.Samples()[0]
	n.Votes = nil
	for range 100 {
		n.Votes = append(n.Votes, alert.Vote{Region: strings.Repeat("r", 40), Outcome: uptime.OutcomeFail, Reason: uptime.ReasonTLS, Detail: strings.Repeat("<", 300), Counted: true})
	}
	m := slack.Render(&n)
	for _, b := range m.Attachments[0].Blocks {
		if b.Text != nil && len(b.Text.Text) > 3000 {
			t.Errorf("a section has %d bytes, Slack takes 3000", len(b.Text.Text))
		}
		if len(b.Fields) > 10 {
			t.Errorf("a section has %d fields, Slack takes 10", len(b.Fields))
		}
	}
	if got := string(encode(t, m)); !strings.Contains(got, "more") {
		t.Error("what was left out is not counted")
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	var got []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.URL.Path != "/services/T0/B0/x" || r.UserAgent() != "probefleet/test" {
			t.Errorf("%s %s by %s", r.Method, r.URL.Path, r.UserAgent())
		}
		_, _ = io.WriteString(w, "ok")
	}))
	defer server.Close()
	n := webhookbody.Samples()[0]
	answer, err := sender(0).Send(context.Background(), config(server.URL+"/services/T0/B0/x"), &n)
	if err != nil || *answer != (alert.Answer{Code: 200, Text: "ok"}) {
		t.Fatalf("Send = %+v, %v", answer, err)
	}
	var m slack.Message
	if err := json.Unmarshal(got, &m); err != nil || !strings.Contains(m.Text, "DOWN shop.example.com") {
		t.Errorf("posted %s, %v", got, err)
	}
}

func TestFailuresAreClassedAndTellNoSecret(t *testing.T) {
	t.Parallel()
	const path = "/services/T0SECRET/B0SECRET/tokensecret"
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("X-Case") + r.URL.RawQuery {
		case "limit":
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(http.StatusTooManyRequests)
		case "gone":
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, "no_service "+r.URL.Path)
		case "broken":
			w.WriteHeader(http.StatusInternalServerError)
		case "moved":
			http.Redirect(w, r, "http://127.0.0.1:1/elsewhere", http.StatusFound)
		case "reset":
			panic(http.ErrAbortHandler)
		case "hang":
			<-hang
		}
	}))
	defer server.Close()
	defer close(hang) // before the server, which waits for its handlers
	refused := httptest.NewServer(http.NotFoundHandler())
	refused.Close()
	tests := []struct {
		name, url string
		class     attempt.Class
		after     time.Duration
		code      int
	}{
		{"limit", server.URL + path + "?limit", attempt.Busy, 30 * time.Second, 429},
		{"gone", server.URL + path + "?gone", attempt.Refused, 0, 404},
		{"broken", server.URL + path + "?broken", attempt.Transient, 0, 500},
		{"moved", server.URL + path + "?moved", attempt.Refused, 0, 302},
		{"reset", server.URL + path + "?reset", attempt.Transient, 0, 0},
		{"hang", server.URL + path + "?hang", attempt.Transient, 0, 0},
		{"refused", refused.URL + path, attempt.Transient, 0, 0},
		{"unknown host", "http://nowhere.invalid" + path, attempt.Transient, 0, 0},
		{"metadata", "http://169.254.169.254" + path, attempt.Refused, 0, 0},
		{"private", "http://10.0.0.1" + path, attempt.Refused, 0, 0},
	}
	for _, tt := range tests {
		n := webhookbody.Samples()[0]
		_, err := sender(500*time.Millisecond).Send(context.Background(), config(tt.url), &n)
		var f *attempt.Failure
		if !errors.As(err, &f) {
			t.Errorf("%s: %v is no failure", tt.name, err)
			continue
		}
		code, text := 0, f.Text
		if f.Answer != nil {
			code, text = f.Answer.Code, text+f.Answer.Text
		}
		if f.Class != tt.class || f.RetryAfter != tt.after || code != tt.code {
			t.Errorf("%s: %+v (code %d), want %v after %v, code %d", tt.name, f, code, tt.class, tt.after, tt.code)
		}
		if strings.Contains(strings.ToLower(text), "secret") {
			t.Errorf("%s tells the secret: %s", tt.name, text)
		}
		if f.Text == "" {
			t.Errorf("%s has no text", tt.name)
		}
	}
}
