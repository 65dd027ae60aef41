// Package webhookbody owns what a webhook receives: the documented JSON body, and
// the user's own template in place of it. A template cannot run long or grow large:
// it is checked as a syntax tree against a small list of what it may use.
package webhookbody

import (
	"encoding/json"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Body is the JSON of every webhook. Every field is always there; what does not
// apply is empty, zero or (a time) null, so that templates and receivers need no guesses.
type Body struct {
	// Type is the event with a prefix, as Standard Webhooks has it: "alert.down".
	Type string `json:"type"`
	// Timestamp is when this alert was put in words.
	Timestamp time.Time `json:"timestamp"`
	Data      Data      `json:"data"`
}

// Data is what the alert is about.
type Data struct {
	Key             string     `json:"key"` // idempotency key, also the header webhook-id
	Event           string     `json:"event"`
	Title           string     `json:"title"` // the subject line
	Explanation     string     `json:"explanation"`
	Verdict         string     `json:"verdict"`
	Reason          string     `json:"reason"`
	Since           *time.Time `json:"since"`
	Until           *time.Time `json:"until"`
	DurationSeconds int64      `json:"duration_seconds"`
	Combined        bool       `json:"combined"` // the down was never told on its own
	Number          int        `json:"number"`   // of a reminder
	Link            string     `json:"link"`
	Incident        Ref        `json:"incident"`
	Website         Website    `json:"website"`
	Monitor         Ref        `json:"monitor"`
	Expiry          Expiry     `json:"expiry"`  // of a warning
	Regions         []Region   `json:"regions"` // at most 100
}

// Ref names an object of the API.
type Ref struct {
	ID string `json:"id"`
}

// Website is what is watched.
type Website struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	URL  string `json:"url"`
}

// Expiry is what ends, and when.
type Expiry struct {
	Subject       string     `json:"subject"` // certificate or domain
	EndsAt        *time.Time `json:"ends_at"`
	DaysLeft      float64    `json:"days_left"`
	ThresholdDays int        `json:"threshold_days"` // 30, 14, 7 or 1
}

// Region is what one region saw.
type Region struct {
	Region  string `json:"region"`
	Outcome string `json:"outcome"` // pass, degraded, fail, none, …
	Reason  string `json:"reason"`
	Detail  string `json:"detail"`
	Counted bool   `json:"counted"`
}

const maxRegions = 100

// New returns the body that tells the news.
func New(n *alert.News) Body {
	text := n.Text()
	data := Data{
		Key: n.Key, Event: string(n.Event), Title: text.Subject, Explanation: text.Sentence,
		Verdict: n.Verdict.String(), Reason: n.Reason.String(), Combined: n.Combined, Number: n.Number,
		Link: text.Link, Regions: make([]Region, 0, len(n.Votes)),
	}
	if !n.Since.IsZero() {
		since, end := n.Since.UTC(), n.Now
		data.Since = &since
		if !n.Until.IsZero() {
			until := n.Until.UTC()
			data.Until, end = &until, until
		}
		data.DurationSeconds = int64(max(end.Sub(since), 0) / time.Second)
	}
	if e := n.Expiry; e != nil {
		ends := e.EndsAt.UTC()
		data.Expiry = Expiry{Subject: e.Subject, EndsAt: &ends, DaysLeft: e.DaysLeft(n.Now), ThresholdDays: e.Days}
	}
	data.Incident.ID, data.Monitor.ID = idText(n.IncidentID), idText(n.MonitorID)
	data.Website = Website{ID: idText(n.WebsiteID), Name: n.Title(), URL: n.URL}
	for _, v := range n.Votes[:min(len(n.Votes), maxRegions)] {
		data.Regions = append(data.Regions, Region{
			Region: v.Region, Outcome: v.Outcome.String(), Reason: v.Reason.String(), Detail: v.Detail, Counted: v.Counted,
		})
	}
	return Body{Type: "alert." + string(n.Event), Timestamp: n.Now.UTC().Truncate(time.Millisecond), Data: data}
}

func idText(id uptime.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

// JSON returns the body's encoding.
func (b Body) JSON() ([]byte, error) { return json.Marshal(b) }
