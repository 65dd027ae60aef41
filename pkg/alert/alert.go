// Package alert is the contract between whoever notices something worth telling and
// the notifier that tells it: the events, the self-contained message, and the job on
// the queue. The writer of an event inserts a delivery row and its job per channel
// in the transaction of the event itself; the notifier does the rest.
package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Event is what an alert tells of; channels subscribe to events.
type Event string

// The events. A reminder goes to whoever got the down; a test to one channel only.
const (
	EventDown      Event = "down"
	EventRecovered Event = "recovered"
	EventDegraded  Event = "degraded"
	EventAdvisory  Event = "advisory" // failing in some regions, below quorum
	EventFleet     Event = "fleet"    // the fleet itself: blind, a region sick, a stage that stands still, a ledger that is off
	EventExpiry    Event = "expiry"   // a certificate or a domain's registration ends soon
	EventReminder  Event = "reminder"
	EventTest      Event = "test"
)

// DefaultEvents is what a channel hears of when its user says nothing.
var DefaultEvents = []Event{EventDown, EventRecovered, EventExpiry}

// Subscribable are the events that a channel may name.
var Subscribable = []Event{EventDown, EventRecovered, EventDegraded, EventAdvisory, EventFleet, EventExpiry}

// Vote is what one region said, for the text of an alert.
type Vote struct {
	Region  string         `json:"region"`
	Outcome uptime.Outcome `json:"outcome"`
	Reason  uptime.Reason  `json:"reason,omitempty"`
	Detail  string         `json:"detail,omitempty"`
	Counted bool           `json:"counted"`
}

// Message is the payload of a delivery: all that an alert's text says, as known in
// the transaction of the event.
type Message struct {
	Event       Event          `json:"event"`
	IncidentID  uptime.ID      `json:"incident_id,omitzero"`
	WebsiteID   uptime.ID      `json:"website_id,omitzero"`
	MonitorID   uptime.ID      `json:"monitor_id,omitzero"`
	Website     string         `json:"website,omitempty"` // its name
	Monitor     string         `json:"monitor,omitempty"` // its name, unless that is the website's
	URL         string         `json:"url,omitempty"`     // what is watched
	Verdict     uptime.Verdict `json:"verdict"`
	Explanation string         `json:"explanation"` // one sentence
	Reason      uptime.Reason  `json:"reason,omitempty"`
	Votes       []Vote         `json:"votes,omitempty"`
	Places      []Place        `json:"places,omitempty"` // where others may have the cause in common
	Since       time.Time      `json:"since"`            // the verdict began
	Until       time.Time      `json:"until,omitzero"`   // of a recovery: it ended
	Number      int            `json:"number,omitzero"`  // of a reminder: 1, 2, …
	Expiry      *Expiry        `json:"expiry,omitempty"`
}

// Expiry is what a warning of [EventExpiry] is about.
type Expiry struct {
	Subject string    `json:"subject"` // certificate or domain
	EndsAt  time.Time `json:"ends_at"`
	Days    int       `json:"days"` // the threshold that was passed: 30, 14, 7 or 1
}

// Title names what the message is about: the website, and which monitor of it.
func (m *Message) Title() string {
	if m.Monitor == "" || m.Website == "" {
		return m.Website
	}
	return m.Website + " (" + m.Monitor + ")"
}

// Key returns the idempotency key of one event to one channel: the same event never
// gets a second key, however often it is retried. Subject is the incident, or what
// else the event is about; n tells reminders apart.
func Key(subject string, event Event, channel uptime.ID, n int) string {
	sum := sha256.Sum256([]byte(subject + "|" + string(event) + "|" + channel.String() + "|" + strconv.Itoa(n)))
	return hex.EncodeToString(sum[:16])
}

// Queue is the job queue of alerts; only the notifier works on it.
const Queue = "alerts"

// JobAttempts bounds how often a job may fail by the notifier's own fault (no
// database, say). It is out of reach on purpose: what bounds the attempts to send an
// alert is kept in its delivery.
const JobAttempts = 10_000

// Answer is what the other side of a channel last answered.
type Answer struct {
	Code int    `json:"code"` // HTTP status, or SMTP reply code
	Text string `json:"text"` // the first 1 KiB of the body, or the SMTP reply
}

// DeliverArgs is the job that carries one delivery row to its channel.
type DeliverArgs struct {
	DeliveryID uptime.ID `json:"delivery_id" river:"unique"`
}

// Kind implements river's JobArgs.
func (DeliverArgs) Kind() string { return "deliver" }

// RemindArgs is the job that looks, when due, whether an incident still wants a reminder.
type RemindArgs struct {
	IncidentID uptime.ID `json:"incident_id" river:"unique"`
	ChannelID  uptime.ID `json:"channel_id" river:"unique"`
	Number     int       `json:"number" river:"unique"`
}

// Kind implements river's JobArgs.
func (RemindArgs) Kind() string { return "remind" }
