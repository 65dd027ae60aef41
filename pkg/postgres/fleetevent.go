package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// The kinds of fleet events: what concerns the fleet itself, not a website.
const (
	FleetBlind  = "blind"  // no region reaches the world
	FleetSilent = "silent" // an enabled region without a live worker
	FleetSick   = "sick"   // a region that fails what the others pass
	FleetLedger = "ledger" // a region's ledger that does not balance
	// FleetStalled precedes the name of a stage that stands still.
	FleetStalled = "stalled_"
)

// FleetEvent is one stretch of trouble of the fleet.
type FleetEvent struct {
	ID          uptime.ID
	Kind        string
	Region      string // empty for the whole fleet
	Opened      uptime.Instant
	Resolved    uptime.Instant // zero: it is on, or nobody asked
	Explanation string
}

// OpenFleetEvent records the begin of trouble and tells whether it was news: of each
// kind and region at most one event is open.
func OpenFleetEvent(ctx context.Context, tx pgx.Tx, e FleetEvent) (bool, error) {
	n, err := dbgen.New(tx).OpenFleetEvent(ctx, dbgen.OpenFleetEventParams{
		ID: e.ID, Kind: e.Kind, Region: e.Region, OpenedAt: e.Opened.Time(), Explanation: e.Explanation,
	})
	if err != nil {
		return false, fmt.Errorf("open fleet event %s %s: %w", e.Kind, e.Region, err)
	}
	return n > 0, nil
}

// ResolveFleetEvent ends the open event of a kind and region, if there is one.
func ResolveFleetEvent(ctx context.Context, tx pgx.Tx, kind, region string, at uptime.Instant) (FleetEvent, bool, error) {
	end := at.Time()
	rows, err := dbgen.New(tx).ResolveFleetEvent(ctx, dbgen.ResolveFleetEventParams{At: &end, Kind: kind, Region: region})
	if err != nil {
		return FleetEvent{}, false, fmt.Errorf("resolve fleet event %s %s: %w", kind, region, err)
	}
	if len(rows) == 0 {
		return FleetEvent{}, false, nil
	}
	return FleetEvent{
		ID: rows[0].ID, Kind: kind, Region: region, Opened: uptime.InstantOf(rows[0].OpenedAt), Explanation: rows[0].Explanation,
	}, true, nil
}

// TellFleet writes an alert of the event for every channel that subscribed to such,
// whosever it is: of its begin, or with until, of its end. Of a private region only its
// organisation is told.
func (s *Store) TellFleet(ctx context.Context, tx pgx.Tx, jobs Jobs, e *FleetEvent, until uptime.Instant, explanation string) error {
	channels, err := s.ChannelsFor(ctx, tx, uptime.ID{}, uptime.ID{}, alert.EventFleet)
	if err != nil {
		return err
	}
	if e.Region != "" {
		owner, err := dbgen.New(tx).PrivateTo(ctx, e.Region)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("whose region %s is: %w", e.Region, err)
		}
		channels = slices.DeleteFunc(channels, func(c Channel) bool { return err == nil && c.OrgID != owner })
	}
	m := alert.Message{Event: alert.EventFleet, Explanation: explanation, Since: e.Opened.Time()}
	n := 0
	if until != 0 {
		m.Until, n = max(until, e.Opened).Time(), 1
	}
	rows := make([]AlertRow, len(channels))
	for i, c := range channels {
		rows[i] = AlertRow{
			OrgID: c.OrgID, ChannelID: c.ID, Event: alert.EventFleet, Key: alert.Key(e.ID.String(), alert.EventFleet, c.ID, n), Message: m,
		}
	}
	return EnqueueAlert(ctx, tx, jobs, rows...)
}

// OpenFleetEvents returns the trouble that is on, oldest first.
func (s *Store) OpenFleetEvents(ctx context.Context) ([]FleetEvent, error) {
	rows, err := s.fleet.OpenFleetEvents(ctx)
	if err != nil {
		return nil, fmt.Errorf("read open fleet events: %w", err)
	}
	out := make([]FleetEvent, len(rows))
	for i, r := range rows {
		out[i] = FleetEvent{ID: r.ID, Kind: r.Kind, Region: r.Region, Opened: uptime.InstantOf(r.OpenedAt), Explanation: r.Explanation}
	}
	return out, nil
}

// RecentFleetEvents returns the trouble that has ended since a time, the latest end first:
// of the fleet as a whole and of the regions that an organisation may know.
func (s *Store) RecentFleetEvents(ctx context.Context, org uptime.ID, since time.Time, most int) ([]FleetEvent, error) {
	rows, err := s.fleet.RecentFleetEvents(ctx, dbgen.RecentFleetEventsParams{Since: since, OrgID: org, MaxRows: int32(most)})
	if err != nil {
		return nil, fmt.Errorf("read recent fleet events: %w", err)
	}
	out := make([]FleetEvent, len(rows))
	for i, r := range rows {
		out[i] = FleetEvent{
			ID: r.ID, Kind: r.Kind, Region: r.Region, Opened: uptime.InstantOf(r.OpenedAt), Resolved: uptime.InstantOf(r.ResolvedAt), Explanation: r.Explanation,
		}
	}
	return out, nil
}

// JudgedRegion is a region as the aggregator sees it.
type JudgedRegion struct {
	Name      string
	Org       uptime.ID
	Enabled   bool
	Private   bool           // it looks only where it is named
	SickSince uptime.Instant // zero if it is well
	Health    []byte         // JSON: what the aggregator saved of its judgement of the region
}

// JudgedRegions returns every region there is a row of, by name.
func (s *Store) JudgedRegions(ctx context.Context) ([]JudgedRegion, error) {
	rows, err := s.fleet.JudgedRegions(ctx)
	if err != nil {
		return nil, fmt.Errorf("read regions: %w", err)
	}
	out := make([]JudgedRegion, len(rows))
	for i, r := range rows {
		out[i] = JudgedRegion{Name: r.Name, Org: r.OrgID, Enabled: r.Enablement == "enabled", Private: r.Private, Health: r.Health}
		if r.SickSince != nil {
			out[i].SickSince = uptime.InstantOf(*r.SickSince)
		}
	}
	return out, nil
}

// SetRegionSick notes since when a region is sick; the zero instant says it is well.
func SetRegionSick(ctx context.Context, tx pgx.Tx, region string, since uptime.Instant) error {
	p := dbgen.SetRegionSickParams{Name: region}
	if since != 0 {
		t := since.Time()
		p.SickSince = &t
	}
	if err := dbgen.New(tx).SetRegionSick(ctx, p); err != nil {
		return fmt.Errorf("set health of region %s: %w", region, err)
	}
	return nil
}

// SeeRegions notes that live workers of the regions were seen just now.
func (s *Store) SeeRegions(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	if err := s.fleet.SeeRegions(ctx, names); err != nil {
		return fmt.Errorf("note live regions: %w", err)
	}
	return nil
}

// SaveRegionHealth replaces what is saved of the judgement of regions, JSON by name.
func (s *Store) SaveRegionHealth(ctx context.Context, health map[string][]byte) error {
	if len(health) == 0 {
		return nil
	}
	var p dbgen.SaveRegionHealthParams
	for name, text := range health {
		p.Names, p.Healths = append(p.Names, name), append(p.Healths, text)
	}
	if err := s.q.SaveRegionHealth(ctx, p); err != nil {
		return fmt.Errorf("save health of %d regions: %w", len(health), err)
	}
	return nil
}
