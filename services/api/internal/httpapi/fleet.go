package httpapi

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

const (
	// stageLag is from when a stage's backlog is a fault rather than work in progress.
	stageLag = 30 * time.Second
	// pusherLag is the same for the pusher, which has no backlog of its own: its
	// cursor follows the clock, a second or two ahead.
	pusherLag = 10 * time.Second
	// statAge is how old the statistics of a window may be to be shown.
	statAge = 2 * time.Minute
	// recentAge is for how long trouble that is over is shown, recentMost how much of it.
	recentAge  = 7 * 24 * time.Hour
	recentMost = 50
)

// GetFleet implements [api.StrictServerInterface].
func (s *Server) GetFleet(ctx context.Context, _ api.GetFleetRequestObject) (api.GetFleetResponseObject, error) {
	regions, err := s.Store.Regions(ctx, callerOf(ctx).Org)
	if err != nil {
		return nil, err
	}
	late, err := s.Store.RegionLatenesses(ctx)
	if err != nil {
		return nil, err
	}
	leases, err := s.Store.ShardLeases(ctx)
	if err != nil {
		return nil, err
	}
	events, err := s.Store.OpenFleetEvents(ctx)
	if err != nil {
		return nil, err
	}
	recent, err := s.Store.RecentFleetEvents(ctx, callerOf(ctx).Org, s.Now().Add(-recentAge), recentMost)
	if err != nil {
		return nil, err
	}
	minutes, err := s.Store.LedgerMinutes(ctx)
	if err != nil {
		return nil, err
	}
	used, limit, err := s.Queue.MemoryUse(ctx)
	if err != nil {
		return nil, unavailable("The queue does not answer.", err)
	}
	out := api.Fleet{
		Time: s.Now().UTC(), Regions: make([]api.FleetRegion, len(regions)), Events: fleetEvents(events, regions),
		RecentEvents:     recentEvents(recent),
		QueueMemoryBytes: used, QueueMemoryMaxBytes: limit, Balanced: true,
	}
	var sum backlog
	for i := range regions {
		now := s.look(ctx, regions[i].Name)
		if !now.known {
			return nil, unavailable("The queue does not answer.", nil)
		}
		out.Regions[i] = s.fleetRegion(&regions[i], &now, late[regions[i].Name])
		addMinutes(&out.Regions[i], &now, minutes)
		out.Balanced = out.Balanced && out.Regions[i].Balanced
		if regions[i].Enabled() {
			sum.add(&now)
		}
	}
	pending, oldest, err := s.Store.DeliveryBacklog(ctx)
	if err != nil {
		return nil, err
	}
	out.Stages = s.stages(&sum, leases, pending, oldest)
	return api.GetFleet200JSONResponse(out), nil
}

// fleetEvents shows the trouble of the fleet as a whole and of the regions that the
// caller knows: there may be others that look for another organisation alone.
func fleetEvents(events []postgres.FleetEvent, regions []postgres.Region) []api.FleetEvent {
	out := []api.FleetEvent{}
	for _, e := range events {
		if e.Region == "" || slices.ContainsFunc(regions, func(r postgres.Region) bool { return r.Name == e.Region }) {
			out = append(out, api.FleetEvent{Kind: e.Kind, Region: e.Region, OpenedAt: e.Opened.Time(), Explanation: e.Explanation})
		}
	}
	return out
}

func recentEvents(events []postgres.FleetEvent) []api.RecentFleetEvent {
	out := make([]api.RecentFleetEvent, len(events))
	for i, e := range events {
		out[i] = api.RecentFleetEvent{
			Kind: e.Kind, Region: e.Region, OpenedAt: e.Opened.Time(), ResolvedAt: e.Resolved.Time(), Explanation: e.Explanation,
		}
	}
	return out
}

func (s *Server) fleetRegion(r *postgres.Region, now *regionNow, late postgres.RegionLateness) api.FleetRegion {
	count, oldest := now.waiting()
	scheduled, urgent := api.Ledger{}, api.Ledger{}
	out := api.FleetRegion{
		Region: r.Name, State: stateOf(r, now.live), LiveWorkers: now.live, OldestWaitingMs: oldest.Milliseconds(),
		LateP50Ms: null[float64](), LateP99Ms: null[float64](),
	}
	for _, st := range now.stats {
		addLedger(&scheduled, st.Ledger)
		addLedger(&urgent, st.Urgent)
		out.ResultsWaiting += st.Aggregator.Length
		out.DeadLetters += st.DeadLetter
	}
	out.Scheduled, out.Done, out.Expired = scheduled.Scheduled, scheduled.Done, scheduled.Expired
	out.Invalid, out.Missed, out.Waiting, out.Urgent = scheduled.Invalid, scheduled.Missed, count-urgent.Waiting, urgent
	if s.Now().Sub(late.UpdatedAt) < statAge {
		out.LateP50Ms, out.LateP99Ms = value(millis(late.P50)), value(millis(late.P99))
	}
	return out
}

// addLedger adds a lane's ledger. A slot that was dropped with its monitor is told as
// missed, like one that never was pushed, so that the identity of the document holds.
func addLedger(sum *api.Ledger, l queue.Ledger) {
	sum.Scheduled += l.Scheduled - l.Dropped
	sum.Done += l.Done
	sum.Expired += l.Expired
	sum.Invalid += l.Invalid
	sum.Missed += l.Missed + l.Dropped
	sum.Waiting += l.Waiting
}

// backlog is what the stages have yet to do, over all lanes of the enabled regions.
type backlog struct {
	lanes                     int
	cursor, check, fold, tick time.Duration // the oldest
	checks, folds, ticks      int64         // how many
	pushed                    bool          // by some lane
}

func (b *backlog) add(now *regionNow) {
	for _, st := range now.stats {
		b.lanes++
		if st.Cursor != 0 {
			b.pushed = true
			b.cursor = max(b.cursor, st.At.Sub(st.Cursor.Time()))
		}
		b.check = max(b.check, st.Checks.OldestAge, st.UrgentQ.OldestAge)
		b.checks += st.Ledger.Waiting + st.Urgent.Waiting
		b.fold = max(b.fold, st.Aggregator.OldestAge, st.Aggregator.StuckAge)
		b.folds += st.Aggregator.Length
		b.tick = max(b.tick, st.Ticks.OldestAge, st.Ticks.StuckAge)
		b.ticks += st.Ticks.Length
	}
}

func (s *Server) stages(b *backlog, leases []postgres.ShardLease, pending int64, oldest time.Duration) []api.FleetStage {
	stage := func(name api.FleetStageStage, lag, most time.Duration, waiting int64, detail string) api.FleetStage {
		return api.FleetStage{
			Stage: name, Ok: lag < most && detail == "", LagMs: value(lag.Milliseconds()), Waiting: value(waiting), Detail: detail,
		}
	}
	pusher := stage(api.FleetStageStagePusher, b.cursor, pusherLag, 0, s.unheld(leases, "pusher"))
	pusher.Waiting = null[int64]()
	if !b.pushed {
		pusher.LagMs = null[int64]()
	}
	return []api.FleetStage{
		pusher,
		stage(api.FleetStageStageWorker, b.check, stageLag, b.checks, ""),
		stage(api.FleetStageStageAggregator, b.fold, stageLag, b.folds, s.unheld(leases, "aggregator")),
		stage(api.FleetStageStageTicks, b.tick, stageLag, b.ticks, ""),
		stage(api.FleetStageStageNotifier, oldest, stageLag, pending, ""),
	}
}

// unheld says which shards nobody works on.
func (s *Server) unheld(leases []postgres.ShardLease, role string) string {
	held := map[int]bool{}
	for _, l := range leases {
		if l.Role == role && l.Held {
			held[l.Shard] = true
		}
	}
	if missing := s.Shards - len(held); missing > 0 {
		return fmt.Sprintf("nobody holds %d of %d shards", missing, s.Shards)
	}
	return ""
}
