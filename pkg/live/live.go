// Package live says what has just happened to whoever looks on: what the events are,
// and the publisher that puts them on Redis after what they tell of is durable. Telling
// is a convenience. It never delays or fails what it tells of, and what it loses nobody
// is alerted by: the database and its outbox are where truth and alerts come from.
package live

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Type names what an event tells of. The names are part of the API.
type Type string

// The types. Ticks are not published: who wants them looks at the results themselves.
const (
	TypeVerdict  Type = "verdict"
	TypeIncident Type = "incident"
	TypeFleet    Type = "fleet"
	TypeConfig   Type = "config"
	TypeTick     Type = "tick"
)

// Change says what has become of the object of an event.
type Change string

// The changes: of incidents the first five, of fleet events opened and resolved, of
// configuration the others.
const (
	Opened       Change = "opened"
	Acknowledged Change = "acknowledged"
	Resolved     Change = "resolved"
	Commented    Change = "commented"
	Noted        Change = "noted"
	Created      Change = "created"
	Changed      Change = "changed"
	Deleted      Change = "deleted"
)

// Object is a kind of configured object.
type Object string

// The objects whose changes are told.
const (
	ObjectWebsite Object = "website"
	ObjectMonitor Object = "monitor"
	ObjectChannel Object = "channel"
	ObjectRegion  Object = "region"

	ObjectStatusPage Object = "status_page"
)

// Event is one thing that has happened.
type Event struct {
	Org     uptime.ID // zero: everybody's
	Website uptime.ID // that it is about; zero: about none
	Body    Body
}

// Body is what an event says, as its JSON goes to the API's clients. Fields are only
// ever added.
type Body interface{ Type() Type }

// Verdict is a change of a monitor's verdict.
type Verdict struct {
	MonitorID   uptime.ID      `json:"monitor_id"`
	WebsiteID   uptime.ID      `json:"website_id"`
	WebsiteName string         `json:"website_name"`
	MonitorName string         `json:"monitor_name"`
	From        uptime.Verdict `json:"from"`
	To          uptime.Verdict `json:"to"`
	At          time.Time      `json:"at"`
	Reason      uptime.Reason  `json:"reason"`
	Explanation string         `json:"explanation"`
}

// Incident is an incident that was opened, acknowledged, resolved or written about.
type Incident struct {
	Change      Change    `json:"change"`
	IncidentID  uptime.ID `json:"incident_id"`
	MonitorID   uptime.ID `json:"monitor_id"`
	WebsiteID   uptime.ID `json:"website_id"`
	WebsiteName string    `json:"website_name"`
	Severity    string    `json:"severity"`
	At          time.Time `json:"at"`
	OpenedAt    time.Time `json:"opened_at"`
	Explanation string    `json:"explanation"`  // why it was opened, or how it ended
	By          string    `json:"by,omitempty"` // who acknowledged it, or wrote
}

// Fleet is the begin or the end of what troubles the fleet or one of its regions.
type Fleet struct {
	Change      Change    `json:"change"` // Opened or Resolved
	Kind        string    `json:"kind"`   // of a fleet event: sick, silent, blind, …
	Region      string    `json:"region"` // empty: of the whole fleet
	At          time.Time `json:"at"`
	Explanation string    `json:"explanation"`
}

// Config is a change of what is configured.
type Config struct {
	Change    Change     `json:"change"`
	Object    Object     `json:"object"`
	ID        string     `json:"id"` // of a region its name
	WebsiteID *uptime.ID `json:"website_id,omitempty"`
	At        time.Time  `json:"at"`
}

// Type implements [Body].
func (Verdict) Type() Type { return TypeVerdict }

// Type implements [Body].
func (Incident) Type() Type { return TypeIncident }

// Type implements [Body].
func (Fleet) Type() Type { return TypeFleet }

// Type implements [Body].
func (Config) Type() Type { return TypeConfig }

// maxText bounds each text of an event, in bytes: whoever wants all of it asks for the
// object itself.
const maxText = 512

// encode writes an event as Redis keeps it.
func encode(e Event) (queue.LiveEvent, error) {
	switch b := e.Body.(type) {
	case Verdict:
		b.WebsiteName, b.MonitorName, b.Explanation = clip(b.WebsiteName), clip(b.MonitorName), clip(b.Explanation)
		e.Body = b
	case Incident:
		b.WebsiteName, b.Explanation, b.By = clip(b.WebsiteName), clip(b.Explanation), clip(b.By)
		e.Body = b
	case Fleet:
		b.Explanation = clip(b.Explanation)
		e.Body = b
	}
	data, err := json.Marshal(e.Body)
	if err != nil {
		return queue.LiveEvent{}, fmt.Errorf("encode event: %w", err)
	}
	return queue.LiveEvent{Org: e.Org, Website: e.Website, Type: string(e.Body.Type()), Data: data}, nil
}

// clip shortens text without cutting a character.
func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	n := maxText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
