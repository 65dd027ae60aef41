package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// toSlack sends every alert to a Slack that is busy and broken until healed, beside the
// webhook. It answers 429 with a Retry-After, then 503, then 429 again, and so on.
func toSlack(ctx context.Context, r *Rig) (func(context.Context) error, error) {
	slack := &sink{}
	server := httptest.NewServer(slack)
	var n atomic.Int64
	slack.failWith(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if n.Add(1)%2 == 1 {
			answer(http.StatusTooManyRequests, "Retry-After", "2").ServeHTTP(w, req)
			return
		}
		answer(http.StatusServiceUnavailable).ServeHTTP(w, req)
	}))
	r.slack = slack
	var made struct {
		ID string `json:"id"`
	}
	err := r.call(ctx, http.MethodPost, "/v1/channels", map[string]any{
		"name": "busy Slack", "kind": "slack", "config": map[string]any{"webhook_url": server.URL + "/services/T/B/x"},
	}, &made)
	if err != nil {
		server.Close()
		return nil, err
	}
	r.ends = append(r.ends, func() error { server.Close(); return nil })
	r.slackChannel = made.ID
	return func(context.Context) error { slack.failWith(nil); return nil }, nil
}

// slackTold checks that each outage that began in the fault or after it was told there,
// and its end, and that nothing was told twice.
func slackTold(ctx context.Context, r *Rig, p *play) []Check {
	since := append(append([]website(nil), p.in...), p.past...)
	names := func() (lost, extra int) {
		for _, w := range since {
			n := r.slack.mentions(r.targets.URL + w.path + `"`)
			if n == 0 {
				n = r.slack.mentions(w.path[1:])
			}
			switch {
			case n == 0:
				lost++
			case n > 2:
				extra++
			}
		}
		return lost, extra
	}
	until(ctx, patience, func() bool { lost, _ := names(); return lost == 0 })
	lost, extra := names()
	err := r.discard(ctx, "/v1/channels/"+r.slackChannel)
	checks := []Check{
		{What: "Slack turned away", Got: strconv.Itoa(r.slack.turnedAway()), OK: r.slack.turnedAway() > 1},
		{What: "outages that Slack was never told of:", Got: strconv.Itoa(lost), OK: lost == 0},
		{What: "told more than twice:", Got: strconv.Itoa(extra), OK: extra == 0},
	}
	if err != nil {
		checks = append(checks, Check{What: "remove the channel", Got: err.Error()})
	}
	return checks
}

// hookAnswers makes the receiver of webhooks fail.
func hookAnswers(h http.Handler) injection {
	return func(_ context.Context, r *Rig) (func(context.Context) error, error) {
		r.hook.failWith(h)
		return func(context.Context) error { r.hook.failWith(nil); return nil }, nil
	}
}

// MailAway is the name of [Mail]'s row.
const MailAway = "mail server away"

// Mail is an outage of a mail server that lasts as long as the other scenarios take.
type Mail struct {
	rig     *Rig
	inbox   *sink
	way     *link
	site    website
	channel string

	began, back time.Time // when it went and came back
	early       int       // mails that arrived before, which cannot be
}

// BeginMail makes a channel whose mail server refuses every connection, and an outage to tell by it.
func (r *Rig) BeginMail(ctx context.Context) (*Mail, error) {
	m := &Mail{rig: r, inbox: &sink{}}
	server, closeServer, err := m.inbox.listenMail()
	if err != nil {
		return nil, err
	}
	r.ends = append(r.ends, closeServer)
	way, at, err := r.link("mail", server)
	if err != nil {
		return nil, err
	}
	m.way = way
	sites, err := r.outages(ctx, 1)
	if err != nil {
		return nil, err
	}
	m.site = sites[0]
	host, port, _ := strings.Cut(at, ":")
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	var made struct {
		ID string `json:"id"`
	}
	err = r.call(ctx, http.MethodPost, "/v1/channels", map[string]any{
		"name": "mail", "kind": "email", "website_ids": []string{m.site.ID},
		"config": map[string]any{"to": []string{"ops@example.com"}, "smtp": map[string]any{
			"host": host, "port": number, "security": "none", "from": "fleet@example.com",
		}},
	}, &made)
	if err != nil {
		return nil, err
	}
	m.channel, m.began = made.ID, time.Now()
	told := len(r.hook.all())
	way.refuse()
	r.turn(sites, http.StatusInternalServerError)
	if _, ok := r.have(ctx, sites, "open", m.began); !ok {
		return nil, errors.New("the outage to be told by mail is not found")
	}
	// The channel of all websites hears of it, too; that is nobody else's alert.
	if _, ok := until(ctx, patience, func() bool { return len(r.hook.all()) > told }); !ok {
		return nil, errors.New("the outage to be told by mail is not told by webhook")
	}
	return m, nil
}

// mailPatience is the longest pause between attempts, and some.
const mailPatience = 3 * time.Minute

// Mend lets the mail server come back; called again, it ends the outage once that has
// been told.
func (m *Mail) Mend(ctx context.Context) error {
	if m.back.IsZero() {
		m.early, m.back = len(m.inbox.all()), time.Now()
		return m.way.mend(ctx)
	}
	if len(m.inbox.all()) > m.early {
		m.rig.turn([]website{m.site}, http.StatusOK)
	}
	return nil
}

// End counts what arrives after the mail server has come back.
func (m *Mail) End(ctx context.Context) Row {
	row := Row{Name: MailAway, Promise: "the alert is kept and arrives once when it is back, and then the recovery"}
	f := &row.Figures
	fail := func(err error) Row {
		f.Checks = append(f.Checks, Check{What: "played", Got: err.Error()})
		return row
	}
	if m.back.IsZero() {
		if err := m.Mend(ctx); err != nil {
			return fail(err)
		}
	}
	f.Held = m.back.Sub(m.began)
	row.Fault = "refuses connections for " + plain(f.Held.Round(time.Second))
	f.Recovery, f.Recovered = until(ctx, mailPatience, func() bool { return len(m.inbox.all()) > m.early })
	if f.Recovered {
		f.Recovery = m.inbox.all()[m.early].at.Sub(m.back)
	}
	m.rig.turn([]website{m.site}, http.StatusOK)
	until(ctx, patience, func() bool { return len(m.inbox.all()) > m.early+1 })
	f.Outages, f.Alerts = 1, 2
	f.Lost = max(0, 2-len(m.inbox.all()))
	f.Twice = max(0, len(m.inbox.all())-2)
	f.Checks = append(f.Checks, Check{What: "mails of the outage and its end:", OK: m.inbox.mentions("DOWN") == 1 && m.inbox.mentions("UP") == 1,
		Got: fmt.Sprintf("%d and %d", m.inbox.mentions("DOWN"), m.inbox.mentions("UP"))})
	err := errors.Join(m.rig.remove(ctx, []website{m.site}), m.rig.discard(ctx, "/v1/channels/"+m.channel))
	if err != nil {
		return fail(err)
	}
	return row
}

// channels are faults of who is told.
func channels() []Scenario {
	return []Scenario{{
		Name: "Slack busy", Fault: "429 with Retry-After 2 and 503 in turn, for %s", Promise: "every alert arrives, none before it may",
		Long: 15 * time.Second, Inject: toSlack, After: slackTold,
	}, {
		Name: "webhook failing", Fault: "answers 500 for %s", Promise: "every alert arrives under its one key",
		Long: 15 * time.Second, Inject: hookAnswers(answer(http.StatusInternalServerError)),
	}}
}
