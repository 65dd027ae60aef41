//go:build integration

package httpapi_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

type channel struct {
	ID, Name, Kind  string
	Config          map[string]any
	Enabled         bool
	Events          []string
	WebsiteIDs      []string `json:"website_ids"`
	ReminderSeconds int      `json:"reminder_seconds"`
	ThrottleSeconds int      `json:"throttle_seconds"`
}

type delivery struct {
	ID, Event, Status, Error string
	ChannelID                string  `json:"channel_id"`
	IncidentID               *string `json:"incident_id"`
	DigestID                 *string `json:"digest_id"`
	Attempts                 int
	Response                 *struct {
		Code int
		Text string
	}
	Message map[string]any
}

const signingSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"

func TestChannels(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	w := f.addWebsite(map[string]any{"url": "a.example"})
	var hook channel
	f.call("POST", "/v1/channels", map[string]any{"name": "hook", "kind": "webhook", "config": map[string]any{"url": "https://h.example/x?token=hush", "secret": signingSecret}}).want(201, &hook)
	want := channel{ID: hook.ID, Name: "hook", Kind: "webhook", Enabled: true, Events: []string{"down", "recovered", "expiry"},
		Config: map[string]any{"url": "https://h.example/x?token=***", "secret": "***"}}
	if diff := cmp.Diff(want, hook); diff != "" {
		t.Errorf("webhook (-want +got):\n%s", diff)
	}
	var mail channel
	f.call("POST", "/v1/channels", map[string]any{
		"name": "mail", "kind": "email", "enabled": false, "events": []string{"down", "fleet"}, "website_ids": []string{w.ID}, "reminder_seconds": 600, "throttle_seconds": 60,
		"config": map[string]any{"to": []string{"a@b.example"}, "smtp": map[string]any{"host": "mx.example", "user": "u@b.example", "pass": "hush"}},
	}).want(201, &mail)
	if mail.Enabled || !cmp.Equal(mail.Events, []string{"down", "fleet"}) || !cmp.Equal(mail.WebsiteIDs, []string{w.ID}) || mail.ReminderSeconds != 600 || mail.ThrottleSeconds != 60 {
		t.Errorf("mail: %+v", mail)
	}
	// Whatever is changed, secrets that are not named stay, and none is ever shown.
	f.call("PATCH", "/v1/channels/"+hook.ID, `{"config":{"template":"{}"},"name":"renamed","events":null,"reminder_seconds":30}`).want(200, &hook)
	f.call("PATCH", "/v1/channels/"+hook.ID, `{"config":{"url":"https://h.example/x?token=***"},"reminder_seconds":null}`).want(200, &hook)
	stored, err := f.store.Channel(t.Context(), f.org, id(t, hook.ID))
	f.ok(err)
	config, err := channelspec.Join(f.box, f.org, stored.ID, stored.Kind, stored.Config, stored.SecretsSealed)
	f.ok(err)
	if config.Webhook.URL != "https://h.example/x?token=hush" || config.Webhook.Secret != signingSecret || config.Webhook.Template != "{}" || hook.Name != "renamed" || hook.ReminderSeconds != 0 {
		t.Errorf("after the changes: %+v, %+v", config.Webhook, hook)
	}
	var all pageOf[channel]
	a := f.call("GET", "/v1/channels?limit=1", nil).want(200, &all)
	if len(all.Items) != 1 || all.NextCursor == nil || strings.Contains(string(a.body), "hush") {
		t.Errorf("first page: %s", a.body)
	}
	a = f.call("GET", "/v1/channels?limit=1&cursor="+url.QueryEscape(*all.NextCursor), nil).want(200, &all)
	if len(all.Items) != 1 || all.Items[0].ID != mail.ID || all.NextCursor != nil || strings.Contains(string(a.body), "hush") {
		t.Errorf("second page: %s", a.body)
	}
	f.call("GET", "/v1/channels/"+mail.ID, nil).want(200, nil)
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		f.as("other").call(method, "/v1/channels/"+mail.ID, `{}`).problem(404)
	}
	f.as("other").call("POST", "/v1/channels/"+mail.ID+"/test", nil).problem(404)
	f.call("DELETE", "/v1/channels/"+mail.ID, nil).want(204, nil)
	f.call("DELETE", "/v1/channels/"+mail.ID, nil).problem(404)
	f.call("GET", "/v1/channels?cursor=x", nil).invalid("#/cursor")
}

func TestChannelsRefuseWhatIsWrong(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	stranger := f.as("other").addWebsite(map[string]any{"url": "a.example"})
	tests := []struct {
		name, body string
		pointers   []string
		says       string
	}{
		{"nothing", `{}`, []string{"#/name", "#/kind", "#/config"}, ""},
		{"unknown kind", `{"name":"x","kind":"pigeon","config":{}}`, []string{"#/kind"}, "email, slack, webhook"},
		{"no mail server", `{"name":"x","kind":"email","config":{"to":["a@b.example"]}}`, []string{"#/config/smtp"}, "SMTP not configured"},
		{"bad address", `{"name":"x","kind":"email","config":{"to":["a@b.example","nobody"],"smtp":{"host":"h","from":"a@b.example"}}}`, []string{"#/config/to/1"}, ""},
		{"no hook", `{"name":"x","kind":"slack","config":{}}`, []string{"#/config/webhook_url"}, ""},
		{"ftp hook", `{"name":"x","kind":"webhook","config":{"url":"ftp://x"}}`, []string{"#/config/url"}, ""},
		{"unknown field of config", `{"name":"x","kind":"slack","config":{"webhook":"https://x"}}`, []string{"#/config/webhook"}, "unknown"},
		{"NUL in config", `{"name":"x","kind":"webhook","config":{"url":"https://x.example","template":"\u0000"}}`, []string{"#/config/template"}, "NUL"},
		{"config is text", `{"name":"x","kind":"slack","config":"https://x"}`, []string{"#/config"}, "an object"},
		{"no events", `{"name":"x","kind":"slack","config":{"webhook_url":"https://h.example/x"},"events":[]}`, []string{"#/events"}, "at least 1"},
		{"unknown event", `{"name":"x","kind":"slack","config":{"webhook_url":"https://h.example/x"},"events":["down","up"]}`, []string{"#/events/1"}, "recovered"},
		{"another tenant's website", `{"name":"x","kind":"slack","config":{"webhook_url":"https://h.example/x"},"website_ids":["` + stranger.ID + `"]}`, []string{"#/website_ids/0"}, "not a website"},
		{"no id", `{"name":"x","kind":"slack","config":{"webhook_url":"https://h.example/x"},"website_ids":["1"]}`, []string{"#/website_ids/0"}, "an id"},
		{"negative", `{"name":"x","kind":"slack","config":{"webhook_url":"https://h.example/x"},"reminder_seconds":-1,"throttle_seconds":2592001}`, []string{"#/reminder_seconds", "#/throttle_seconds"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := f.in(t).call("POST", "/v1/channels", tt.body)
			if p := a.invalid(tt.pointers...); !strings.Contains(p.Detail, tt.says) {
				t.Errorf("says %q, want %q in it", p.Detail, tt.says)
			}
		})
	}
	withMail := newFleet(t, func(c *httpapi.Config) { c.SMTPConfigured = true })
	withMail.call("POST", "/v1/channels", `{"name":"x","kind":"email","config":{"to":["a@b.example"]}}`).want(201, nil)
}

// notifier plays the notifier for one test alert: it waits for the delivery's row and
// records an answer.
func (f *fleet) notifier(status postgres.DeliveryStatus, code int, text string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	f.t.Cleanup(cancel)
	go func() {
		for ctx.Err() == nil {
			tag, err := f.store.Pool().Exec(ctx, `UPDATE delivery SET status = $1, attempts = 1, finished_at = now(),
				response = jsonb_build_object('code', $2::int, 'text', $3::text) WHERE status = 'pending' AND transition = 'test'
				AND EXISTS (SELECT FROM river_job j WHERE j.kind = 'deliver' AND j.args->>'delivery_id' = delivery.id::text)`, status, code, text)
			if err != nil || tag.RowsAffected() > 0 {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
}

func TestTestAlertReturnsWhatTheOtherSideAnswered(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	var c channel
	f.call("POST", "/v1/channels", `{"name":"x","kind":"slack","config":{"webhook_url":"https://h.example/x"},"enabled":false}`).want(201, &c)
	for _, tt := range []struct {
		status postgres.DeliveryStatus
		code   int
		text   string
	}{{postgres.DeliveryDelivered, 200, "ok"}, {postgres.DeliveryDead, 404, "no_service"}} {
		f.notifier(tt.status, tt.code, tt.text)
		var d delivery
		f.call("POST", "/v1/channels/"+c.ID+"/test", nil).want(200, &d)
		if d.Status != string(tt.status) || d.Event != "test" || d.ChannelID != c.ID || d.Response == nil || d.Response.Code != tt.code || d.Response.Text != tt.text || d.IncidentID != nil {
			t.Errorf("got %+v, want %+v", d, tt)
		}
	}
	var all pageOf[delivery]
	f.call("GET", "/v1/deliveries?channel_id="+c.ID, nil).want(200, &all)
	if len(all.Items) != 2 || all.Items[0].Status != "dead" {
		t.Errorf("history: %+v", all.Items)
	}
}

func TestTestAlertWithoutNotifier(t *testing.T) {
	t.Parallel()
	f := newFleet(t, func(c *httpapi.Config) { c.TestWait = time.Second })
	var c channel
	f.call("POST", "/v1/channels", `{"name":"x","kind":"slack","config":{"webhook_url":"https://h.example/x"}}`).want(201, &c)
	if p := f.call("POST", "/v1/channels/"+c.ID+"/test", nil).problem(504); !strings.Contains(p.Detail, "notifier") {
		t.Errorf("says %q", p.Detail)
	}
	var all pageOf[delivery]
	f.call("GET", "/v1/deliveries", nil).want(200, &all)
	if len(all.Items) != 1 || all.Items[0].Status != "pending" {
		t.Errorf("it still waits: %+v", all.Items)
	}
}

func TestChannelsAndDeliveriesTellUntilWhenTheyWait(t *testing.T) {
	t.Parallel()
	f := newFleet(t, func(c *httpapi.Config) { c.TestWait = time.Second })
	type waiting struct {
		ID        string     `json:"id"`
		HeldUntil *time.Time `json:"held_until"`
		RetryAt   *time.Time `json:"retry_at"`
	}
	var c, held waiting
	f.call("POST", "/v1/channels", `{"name":"x","kind":"slack","config":{"webhook_url":"https://h.example/x"}}`).want(201, &c)
	f.call("POST", "/v1/channels/"+c.ID+"/test", nil).problem(504)
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	_, err := f.store.Pool().Exec(context.Background(), `UPDATE channel SET hold_until = $1`, until)
	f.ok(err)
	_, err = f.store.Pool().Exec(context.Background(), `UPDATE delivery SET retry_at = $1`, until)
	f.ok(err)
	f.call("GET", "/v1/channels/"+c.ID, nil).want(200, &held)
	if c.HeldUntil != nil || held.HeldUntil == nil || !held.HeldUntil.Equal(until) {
		t.Errorf("held until %v, then %v, want %v", c.HeldUntil, held.HeldUntil, until)
	}
	var all pageOf[waiting]
	f.call("GET", "/v1/deliveries", nil).want(200, &all)
	if len(all.Items) != 1 || all.Items[0].RetryAt == nil || !all.Items[0].RetryAt.Equal(until) {
		t.Errorf("waits: %+v, want until %v", all.Items, until)
	}
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	ctx := context.Background()
	jobs, err := postgres.NewJobs(f.store)
	f.ok(err)
	var c channel
	f.call("POST", "/v1/channels", `{"name":"x","kind":"slack","config":{"webhook_url":"https://h.example/x"}}`).want(201, &c)
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m := id(t, w.Monitors[0].ID)
	f.judge(m, uptime.VerdictDown, "us-east")
	var incidents pageOf[incident]
	f.call("GET", "/v1/incidents", nil).want(200, &incidents)
	about := id(t, incidents.Items[0].ID)
	var rows []postgres.AlertRow
	for i := range 3 {
		row := postgres.AlertRow{OrgID: f.org, ChannelID: id(t, c.ID), Event: alert.EventReminder, Key: fmt.Sprint(i), Message: alert.Message{Event: alert.EventReminder, Website: "a.example", Since: time.Now()}}
		if i > 0 {
			row.IncidentID, row.WebsiteID = about, id(t, w.ID)
		}
		rows = append(rows, row)
	}
	f.ok(f.store.Tx(ctx, func(tx pgx.Tx) error { return postgres.EnqueueAlert(ctx, tx, jobs, rows...) }))
	count := func(query string) int {
		t.Helper()
		n := 0
		for cursor := ""; ; {
			var p pageOf[delivery]
			f.call("GET", "/v1/deliveries?limit=1&cursor="+cursor+"&"+query, nil).want(200, &p)
			n += len(p.Items)
			if p.NextCursor == nil {
				return n
			}
			cursor = url.QueryEscape(*p.NextCursor)
		}
	}
	nobody := uptime.NewID(time.Now()).String()
	for query, want := range map[string]int{"": 3, "incident_id=" + about.String(): 2, "channel_id=" + c.ID: 3, "channel_id=" + nobody: 0} {
		if got := count(query); got != want {
			t.Errorf("%q: %d deliveries, want %d", query, got, want)
		}
	}
	// As the notifier leaves a digest: the head was sent, and told the others.
	_, err = f.store.Pool().Exec(ctx, `UPDATE delivery SET digest_id = (SELECT id FROM delivery WHERE idempotency_key = '2'),
		status = CASE idempotency_key WHEN '2' THEN 'delivered' ELSE 'combined' END, finished_at = now(), response = '{"code": 250, "text": "taken"}'`)
	f.ok(err)
	var told pageOf[delivery]
	f.call("GET", "/v1/deliveries?incident_id="+about.String(), nil).want(200, &told)
	head, member := told.Items[0], told.Items[1]
	if head.Status == "combined" {
		head, member = member, head
	}
	if head.Status != "delivered" || head.DigestID != nil || member.Status != "combined" || member.DigestID == nil || *member.DigestID != head.ID {
		t.Errorf("of a digest: %+v and %+v", head, member)
	}
	if member.Response == nil || member.Response.Text != "taken" {
		t.Errorf("what the digest was answered: %+v", member.Response)
	}
	for query, want := range map[string]int{"status=delivered": 1, "status=combined": 2, "status=dead": 0} {
		if got := count(query); got != want {
			t.Errorf("%q: %d deliveries, want %d", query, got, want)
		}
	}
	f.call("GET", "/v1/deliveries?status=lost", nil).invalid("#/status")
	f.call("GET", "/v1/deliveries?incident_id=x", nil).invalid("#/incident_id")
	f.call("GET", "/v1/deliveries?cursor=x", nil).invalid("#/cursor")
	var none pageOf[delivery]
	f.as("other").call("GET", "/v1/deliveries", nil).want(200, &none)
	if len(none.Items) != 0 {
		t.Errorf("another tenant sees %d deliveries", len(none.Items))
	}
}
