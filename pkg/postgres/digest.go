package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Story is what makes alerts to one channel belong together: they tell the same of one
// website, or of one cause.
type Story struct {
	Channel  uptime.ID
	Website  uptime.ID
	Incident uptime.ID // whose own alerts do not count; zero: all do
	Event    alert.Event
	Ended    bool          // the end of something
	CauseKey string        // empty: only the website counts
	Places   []alert.Place // where others may have the cause in common
	Joined   bool          // CauseKey is that of another cause which shares a place with it
}

// StoryFacts are what a decision about holding an alert depends on.
type StoryFacts struct {
	// Website is when the channel was last told of the website within the window: now,
	// while it is being told; zero if it was not.
	Website time.Time
	// Cause is what the channel was told of the cause within the window.
	Cause []Told
	// Held is until when others of the story wait; zero if none do. In the past: they
	// are due.
	Held time.Time
}

// Told is a message about a cause.
type Told struct {
	Message uptime.ID // its delivery's; a digest of the cause may be in a list several times
	At      time.Time // now, while it is on its way
	Grouped bool      // it told several alerts
	Placed  bool      // it was about a place that is shared, not only about the reason
}

// Bounds of how many alerts of a cause, and messages with places, are looked at, newest
// first: enough to find the last digest, or the few messages before the first one.
const (
	toldLimit  = 100
	placeLimit = 50
)

// ReadStory reads what the channel was told of a story within the window before now,
// and whether something waits. Where nothing was told of its own cause, but of one that
// shares a place with it, it joins the story of that. The channel must be locked.
func ReadStory(ctx context.Context, tx pgx.Tx, s *Story, now time.Time, window time.Duration) (*StoryFacts, error) {
	q := dbgen.New(tx)
	told, err := toldOfCause(ctx, q, s, now, window)
	if err != nil {
		return nil, err
	}
	row, err := q.StoryFacts(ctx, dbgen.StoryFactsParams{
		ChannelID: s.Channel, WebsiteID: s.Website, Now: now, WindowMs: window.Milliseconds(), Transition: string(s.Event),
		Ended: s.Ended, ExceptIncident: s.Incident, DigestKey: s.CauseKey,
	})
	if err != nil {
		return nil, fmt.Errorf("facts of website %s's story: %w", s.Website, err)
	}
	f := &StoryFacts{Website: unlessEpoch(row.Told), Held: unlessEpoch(row.HeldOfWebsite), Cause: told}
	if held := unlessEpoch(row.HeldOfCause); !held.IsZero() && (f.Held.IsZero() || held.Before(f.Held)) {
		f.Held = held
	}
	return f, nil
}

func toldOfCause(ctx context.Context, q *dbgen.Queries, s *Story, now time.Time, window time.Duration) ([]Told, error) {
	if s.CauseKey == "" {
		return nil, nil
	}
	rows, err := q.ToldOfCause(ctx, dbgen.ToldOfCauseParams{
		ChannelID: s.Channel, DigestKey: s.CauseKey, Now: now, WindowMs: window.Milliseconds(), MaxRows: toldLimit,
	})
	if err != nil {
		return nil, fmt.Errorf("what was told of a cause: %w", err)
	}
	told := make([]Told, 0, len(rows))
	for _, r := range rows {
		told = append(told, Told{Message: r.Message, At: r.At, Grouped: r.Grouped})
	}
	if len(s.Places) == 0 || s.Ended {
		return told, nil
	}
	messages, err := q.ToldOfPlaces(ctx, dbgen.ToldOfPlacesParams{
		ChannelID: s.Channel, Transition: string(s.Event), Now: now, WindowMs: window.Milliseconds(), MaxRows: placeLimit,
	})
	if err != nil {
		return nil, fmt.Errorf("what was told of places: %w", err)
	}
	for _, m := range messages {
		places, err := placesOf(m.Places)
		if err != nil {
			return nil, err
		}
		if len(alert.CommonPlaces(s.Places, places)) == 0 {
			continue
		}
		if len(told) == 0 {
			s.CauseKey, s.Joined = m.DigestKey, m.DigestKey != s.CauseKey
		}
		told = append(told, Told{Message: m.Message, At: m.At, Grouped: m.Grouped, Placed: true})
	}
	return told, nil
}

func placesOf(b []byte) (places []alert.Place, err error) {
	if err := json.Unmarshal(b, &places); err != nil {
		return nil, fmt.Errorf("places of a delivery: %w", err)
	}
	return places, nil
}

// unlessEpoch is zero for the epoch, which stands for no time.
func unlessEpoch(t time.Time) time.Time {
	if t.Unix() == 0 {
		return time.Time{}
	}
	return t
}

// HoldDeliveries makes deliveries wait until a time, and with them at most limit others
// of the same website and of the same cause that nobody has looked at yet.
func HoldDeliveries(ctx context.Context, tx pgx.Tx, s *Story, byWebsite, byCause bool, until time.Time, limit int, ids ...uptime.ID) error {
	_, err := dbgen.New(tx).HoldDeliveries(ctx, dbgen.HoldDeliveriesParams{
		Until: until, Ids: ids, ByCause: byCause, ByWebsite: byWebsite, ChannelID: s.Channel, DigestKey: s.CauseKey,
		WebsiteID: s.Website, Transition: string(s.Event), Ended: s.Ended, MaxRows: int32(limit), Joins: s.Joined,
	})
	if err != nil {
		return fmt.Errorf("hold deliveries: %w", err)
	}
	return nil
}

// Waiting is a delivery without its payload, as one of many that are told together.
type Waiting struct {
	ID         uptime.ID
	IncidentID uptime.ID
	WebsiteID  uptime.ID
	MonitorID  string
	Event      alert.Event
	Ended      bool // it tells the end of something
	Seq        int64
	Attempts   int
	Claimed    time.Time // until then somebody sends it
	RetryAt    time.Time // until then it waits, or did
	DigestID   uptime.ID
	CauseKey   string
	Reason     string // its name; empty: none that all regions have
	Places     []alert.Place
	CreatedAt  time.Time
	// Apart says that it needs a decision of its own: it may not be for telling.
	Apart bool
}

// WaitingFor returns what waits of a story, with all that is unfinished of the same
// incidents (of the same monitors, where there are none), in the order of telling. Throttle
// is the channel's, and throttlers the events whose alerts throttle those of the story.
func WaitingFor(ctx context.Context, tx pgx.Tx, s *Story, throttle time.Duration, throttlers []alert.Event, limit int) ([]Waiting, error) {
	rows, err := dbgen.New(tx).WaitingOfStory(ctx, dbgen.WaitingOfStoryParams{
		ChannelID: s.Channel, WebsiteID: s.Website, DigestKey: s.CauseKey, Transition: string(s.Event), Ended: s.Ended,
		ThrottleMs: throttle.Milliseconds(), Throttlers: eventNames(throttlers), MaxRows: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("what waits of website %s's story: %w", s.Website, err)
	}
	out := make([]Waiting, len(rows))
	for i, r := range rows {
		if out[i], err = waitingOf(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// LockWaiting locks deliveries and returns those that are still there: what is being
// deleted at this moment is not waited for.
func LockWaiting(ctx context.Context, tx pgx.Tx, ids []uptime.ID) (map[uptime.ID]bool, error) {
	locked, err := dbgen.New(tx).LockWaiting(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("lock %d deliveries: %w", len(ids), err)
	}
	set := make(map[uptime.ID]bool, len(locked))
	for _, id := range locked {
		set[id] = true
	}
	return set, nil
}

// DigestOf returns all that the message of a head tells, itself among it, in the order
// of telling.
func DigestOf(ctx context.Context, tx pgx.Tx, head uptime.ID) ([]Waiting, error) {
	rows, err := dbgen.New(tx).DigestMembers(ctx, head)
	if err != nil {
		return nil, fmt.Errorf("digest of delivery %s: %w", head, err)
	}
	out := make([]Waiting, len(rows))
	for i, r := range rows {
		if out[i], err = waitingOf(dbgen.WaitingOfStoryRow(r)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func waitingOf(r dbgen.WaitingOfStoryRow) (Waiting, error) {
	places, err := placesOf(r.Places)
	return Waiting{
		ID: r.ID, IncidentID: r.IncidentID, WebsiteID: r.WebsiteID, MonitorID: r.MonitorID, Event: alert.Event(r.Transition),
		Ended: r.Ended, Seq: deref(r.Seq), Attempts: int(r.Attempts), Claimed: deref(r.ClaimedUntil), RetryAt: deref(r.RetryAt), DigestID: r.DigestID,
		CauseKey: r.DigestKey, Reason: r.Reason, Places: places, CreatedAt: r.CreatedAt, Apart: r.Apart,
	}, err
}

// DeliveryMessages returns what deliveries say.
func DeliveryMessages(ctx context.Context, tx pgx.Tx, ids []uptime.ID) (map[uptime.ID]alert.Message, error) {
	rows, err := dbgen.New(tx).DeliveryPayloads(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read %d messages: %w", len(ids), err)
	}
	out := make(map[uptime.ID]alert.Message, len(rows))
	for _, r := range rows {
		var m alert.Message
		if err := json.Unmarshal(r.Payload, &m); err != nil {
			return nil, fmt.Errorf("payload of delivery %s: %w", r.ID, err)
		}
		out[r.ID] = m
	}
	return out, nil
}
