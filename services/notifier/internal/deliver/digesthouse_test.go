//go:build integration

package deliver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/targets/smtpserver"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/notifier/internal/channel/email"
	"github.com/probefleet/probefleet/services/notifier/internal/channel/slack"
	"github.com/probefleet/probefleet/services/notifier/internal/deliver"
	"github.com/probefleet/probefleet/services/notifier/internal/post"
)

// letter is a mail as its reader sees it.
type letter struct {
	id, replyTo, subject, text string
}

// postbox is a mail server and what it took.
type postbox struct {
	mu     sync.Mutex
	got    []letter
	answer func() error // nil: it takes the mail
	smtp   *channelspec.SMTP
}

func newPostbox(t *testing.T) *postbox {
	t.Helper()
	p := &postbox{}
	host, port, err := net.SplitHostPort(smtpserver.New(t, smtpserver.Config{Take: p.take}))
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(port)
	p.smtp = &channelspec.SMTP{Host: host, Port: n, Security: channelspec.SecurityNone, From: "alerts@example.com"}
	return p
}

func (p *postbox) take(_ string, _ []string, data []byte) error {
	l, err := readLetter(data)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		return err
	}
	p.got = append(p.got, l)
	if p.answer != nil {
		return p.answer()
	}
	return nil
}

func (p *postbox) answers(f func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = f
}

func (p *postbox) letters() []letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]letter(nil), p.got...)
}

func (p *postbox) subjects() (all []string) {
	for _, l := range p.letters() {
		all = append(all, l.subject)
	}
	return all
}

func readLetter(data []byte) (l letter, err error) {
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return l, err
	}
	if l.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return l, err
	}
	id := func(name string) string {
		return strings.TrimSuffix(strings.Trim(m.Header.Get(name), "<>"), "@example.com")
	}
	l.id, l.replyTo = id("Message-ID"), id("In-Reply-To")
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return l, err
	}
	part, err := multipart.NewReader(m.Body, params["boundary"]).NextRawPart()
	if err != nil {
		return l, err
	}
	text, err := io.ReadAll(quotedprintable.NewReader(part))
	l.text = strings.ReplaceAll(string(text), "\r\n", "\n")
	return l, err
}

// lines are the lines of a digest.
func (l letter) lines() (lines []string) {
	for _, line := range strings.Split(l.text, "\n") {
		if rest, ok := strings.CutPrefix(line, "  - "); ok {
			lines = append(lines, rest)
		}
	}
	return lines
}

// chat is an incoming webhook of Slack, and what was posted to it.
type chat struct {
	*httptest.Server
	mu  sync.Mutex
	got []slack.Message
}

func newChat(t *testing.T) *chat {
	t.Helper()
	c := &chat{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m slack.Message
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.got = append(c.got, m)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *chat) texts() (texts []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.got {
		texts = append(texts, strings.Trim(m.Text, "*"))
	}
	return texts
}

// people starts a notifier that also sends mail and chat.
func (h *house) people(box *postbox, change func(*deliver.Config)) (stop func()) {
	h.t.Helper()
	return h.start(func(c *deliver.Config) {
		guard := egress.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
		c.Senders[channelspec.KindSlack] = slack.New(post.New(guard, "probefleet/test", enough))
		if box != nil {
			c.Senders[channelspec.KindEmail] = email.New(email.Config{Fleet: box.smtp, Guard: guard, Timeout: enough})
		}
		if change != nil {
			change(c)
		}
	})
}

func (h *house) mailChannel(change func(*postgres.Channel)) postgres.Channel {
	return h.kindOfChannel(channelspec.Config{Kind: channelspec.KindEmail, Email: &channelspec.Email{To: []string{"ops@example.org"}}}, change)
}

func (h *house) chatChannel(c *chat, change func(*postgres.Channel)) postgres.Channel {
	return h.kindOfChannel(channelspec.Config{Kind: channelspec.KindSlack, Slack: &channelspec.Slack{WebhookURL: c.URL}}, change)
}

func (h *house) kindOfChannel(cfg channelspec.Config, change func(*postgres.Channel)) postgres.Channel {
	h.t.Helper()
	c := postgres.Channel{ID: newID(), OrgID: h.org, Name: "people", Kind: string(cfg.Kind), Enabled: true, Events: alert.DefaultEvents}
	var err error
	if c.Config, c.SecretsSealed, err = channelspec.Split(h.box, c.OrgID, c.ID, cfg); err != nil {
		h.t.Fatal(err)
	}
	if change != nil {
		change(&c)
	}
	if c, err = h.CreateChannel(context.Background(), c); err != nil {
		h.t.Fatal(err)
	}
	return c
}

// site is a website in a test.
type site struct {
	id   uptime.ID
	name string
}

func (h *house) site(name string) site { return site{h.newWebsite(name), name} }

// shop is the house's own website.
func (h *house) shop() site { return site{h.website, "shop"} }

// outage is an incident of a monitor of a site, and how it is told.
type outage struct {
	h       *house
	site    site
	monitor uptime.ID
	name    string
	id      uptime.ID
	reason  uptime.Reason
}

func (h *house) outage(s site, monitor string, reason uptime.Reason) outage {
	h.t.Helper()
	o := outage{h: h, site: s, name: monitor, id: h.incidentOf(s.id), reason: reason}
	if err := h.Pool().QueryRow(context.Background(), `SELECT monitor_id FROM incident WHERE id = $1`, o.id).Scan(&o.monitor); err != nil {
		h.t.Fatal(err)
	}
	return o
}

func (o outage) row(c postgres.Channel, event alert.Event) postgres.AlertRow {
	r := o.h.row(c, o.id, event)
	r.WebsiteID, r.Message.WebsiteID, r.Message.MonitorID = o.site.id, o.site.id, o.monitor
	r.Message.Website, r.Message.Monitor, r.Message.Reason = o.site.name, o.name, o.reason
	r.Message.Explanation = "DOWN: " + o.reason.Phrase()
	if event == alert.EventRecovered {
		r.Message.Reason, r.Message.Since = uptime.ReasonNone, r.Message.Until.Add(-20*time.Second)
	}
	return r
}

// tell enqueues an alert of the outage, and resolves it if that is the end.
func (o outage) tell(c postgres.Channel, event alert.Event) uptime.ID {
	o.h.t.Helper()
	if event == alert.EventRecovered {
		o.h.resolve(o.id)
	}
	r := o.row(c, event)
	o.h.enqueue(r)
	return r.ID
}

// held waits until deliveries wait for others of their story.
func (h *house) held(ids ...uptime.ID) {
	h.t.Helper()
	h.eventually("they are held", func() bool {
		return h.count(`SELECT count(*) FROM delivery d WHERE id = ANY ($1) AND status = 'pending' AND attempts = 0 AND retry_at > now()
		    AND EXISTS (SELECT FROM river_job j WHERE j.args->>'delivery_id' = d.id::text
		        AND j.state = 'scheduled' AND j.scheduled_at > d.retry_at - interval '1 second')`, texts(ids)) == len(ids)
	})
}

// oneHeld waits until an alert of the event waits for others of its story.
func (h *house) oneHeld(event alert.Event) {
	h.t.Helper()
	var id uptime.ID
	h.eventually("one is held", func() bool {
		return h.Pool().QueryRow(context.Background(), `SELECT id FROM delivery WHERE transition = $1 AND attempts = 0 AND retry_at > now()`, event).Scan(&id) == nil
	})
	h.held(id)
}

func texts(ids []uptime.ID) (out []string) {
	for _, id := range ids {
		out = append(out, id.String())
	}
	return out
}

// aMinuteLater is the database's clock put forward: everything that was written is a
// minute older.
func (h *house) aMinuteLater() {
	h.t.Helper()
	h.exec(`UPDATE delivery SET created_at = created_at - interval '1 minute', finished_at = finished_at - interval '1 minute',
	        retry_at = retry_at - interval '1 minute', claimed_until = claimed_until - interval '1 minute'`)
	h.exec(`UPDATE river_job SET scheduled_at = now(), state = 'available' WHERE kind = 'deliver' AND state IN ('scheduled', 'available')`)
}

func (h *house) allEnd() {
	h.t.Helper()
	h.eventually("all are finished", func() bool { return h.count(`SELECT count(*) FROM delivery WHERE status = 'pending'`) == 0 })
}
