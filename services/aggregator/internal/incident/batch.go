package incident

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// The kinds of incident events that the aggregator writes.
const (
	eventFirstFailure = "first_failure"
	eventRound        = "round"
	eventOpened       = "opened"
	eventResolved     = "resolved"
)

// batch is one wave of units in one transaction.
type batch struct {
	tx       pgx.Tx
	units    []unit.Unit
	subjects map[uptime.ID]postgres.Subject // of the transitions
	opened   map[uptime.ID]bool             // incidents that were really opened
	resolved map[uptime.ID]postgres.OpenIncident
	told     map[uptime.ID]postgres.OpenIncident // whose alert is made up for
}

// newBatch locks what the transitions are about and leaves out, and returns, those
// whose monitor is not what was judged any more.
func newBatch(ctx context.Context, tx pgx.Tx, units []unit.Unit) (*batch, []uptime.ID, error) {
	b := &batch{tx: tx, units: units}
	var transitions, others []uptime.ID
	for i := range units {
		switch u := &units[i]; {
		case u.Transition():
			transitions = append(transitions, u.Monitor)
		case u.State != nil || len(u.Spans)+len(u.VoteSpans)+len(u.Failures)+len(u.Expiries) > 0:
			others = append(others, u.Monitor)
		default: // Votes that are refreshed: rows that are there, in the order of their monitors.
		}
	}
	subjects, err := postgres.LockSubjects(ctx, tx, transitions, others)
	if err != nil {
		return nil, nil, err
	}
	b.subjects = subjects
	var refused []uptime.ID
	b.units = make([]unit.Unit, 0, len(units))
	for _, u := range units {
		if s, ok := subjects[u.Monitor]; u.Transition() && (!ok || s.TargetRevision != u.Target || s.Paused && !u.Paused) {
			refused = append(refused, u.Monitor)
			continue
		}
		b.units = append(b.units, u)
	}
	return b, refused, nil
}

// write writes everything but the alerts.
func (b *batch) write(ctx context.Context) error {
	var states []postgres.MonitorState
	var votes []postgres.Vote
	var forget []postgres.VoteRef
	var voteSpans []postgres.VoteSpanSwitch
	var spans []postgres.SpanSwitch
	var pulses []postgres.Pulse
	for i := range b.units {
		u := &b.units[i]
		if u.State != nil {
			states = append(states, *u.State)
		}
		votes = append(votes, u.Votes...)
		forget = append(forget, u.Forget...)
		voteSpans = append(voteSpans, u.VoteSpans...)
		spans = append(spans, u.Spans...)
		if u.Pulse != nil {
			pulses = append(pulses, *u.Pulse)
		}
	}
	if err := postgres.UpsertVotes(ctx, b.tx, votes); err != nil {
		return err
	}
	if err := postgres.UpsertMonitorStates(ctx, b.tx, states); err != nil {
		return err
	}
	if err := postgres.DeleteVotes(ctx, b.tx, forget); err != nil {
		return err
	}
	if err := postgres.SwitchVoteSpans(ctx, b.tx, voteSpans); err != nil {
		return err
	}
	if err := postgres.SwitchSpans(ctx, b.tx, spans); err != nil {
		return err
	}
	if err := postgres.SavePulses(ctx, b.tx, pulses); err != nil {
		return err
	}
	if err := b.writeIncidents(ctx); err != nil {
		return err
	}
	if err := b.writeExpiries(ctx); err != nil {
		return err
	}
	return b.writeFailures(ctx)
}

func (b *batch) writeIncidents(ctx context.Context) error {
	var ends []postgres.IncidentEnd
	var begins []postgres.NewIncident
	var late []uptime.ID
	for i := range b.units {
		u := &b.units[i]
		for _, r := range u.Resolved {
			ends = append(ends, postgres.IncidentEnd{Monitor: u.Monitor, At: r.At, Resolution: r.Explanation})
		}
		for _, o := range u.Opened {
			n, err := b.incidentOf(u, &o)
			if err != nil {
				return err
			}
			begins = append(begins, n)
		}
		if u.Told != nil && !b.subjects[u.Monitor].Muted {
			late = append(late, u.Monitor)
		}
	}
	var err error
	if b.resolved, err = postgres.ResolveIncidents(ctx, b.tx, ends); err != nil {
		return err
	}
	if b.opened, err = postgres.OpenIncidents(ctx, b.tx, begins); err != nil {
		return err
	}
	if b.told, err = postgres.UndampIncidents(ctx, b.tx, late); err != nil {
		return err
	}
	notes, err := b.notes()
	if err != nil {
		return err
	}
	return postgres.AddIncidentNotes(ctx, b.tx, notes)
}

func (b *batch) incidentOf(u *unit.Unit, o *consensus.Open) (postgres.NewIncident, error) {
	evidence := o.Evidence
	evidence.Votes = make([]consensus.VoteRecord, len(o.Evidence.Votes))
	for i, v := range o.Evidence.Votes {
		v.Detail = postgres.PlainText(v.Detail)
		evidence.Votes[i] = v
	}
	text, err := json.Marshal(&evidence)
	if err != nil {
		return postgres.NewIncident{}, fmt.Errorf("encode evidence: %w", err)
	}
	return postgres.NewIncident{
		ID: postgres.IncidentID(u.Monitor, o.At, uptime.VerdictDown), Monitor: u.Monitor, Severity: uptime.VerdictDown,
		Opened: o.At, Explanation: o.Explanation, Evidence: text, Damped: o.Flapping || b.subjects[u.Monitor].Muted,
	}, nil
}

// notes returns the history of the incidents that began and ended.
func (b *batch) notes() ([]postgres.IncidentNote, error) {
	var notes []postgres.IncidentNote
	var failed error
	add := func(incident uptime.ID, at uptime.Instant, kind string, data any) {
		text, err := json.Marshal(data)
		if err != nil {
			failed = fmt.Errorf("encode incident event: %w", err)
		}
		// Ids sort what is of one instant in the order in which it is added.
		id := uptime.NewID(at.Time().Add(time.Duration(len(notes)) * time.Millisecond))
		notes = append(notes, postgres.IncidentNote{ID: id, Incident: incident, At: at, Kind: kind, Data: text})
	}
	for i := range b.units {
		u := &b.units[i]
		for _, r := range u.Resolved {
			if in, ok := b.resolved[u.Monitor]; ok {
				add(in.ID, max(r.At, in.Opened), eventResolved, map[string]any{"explanation": postgres.PlainText(r.Explanation)})
			}
		}
		for _, o := range u.Opened {
			id := postgres.IncidentID(u.Monitor, o.At, uptime.VerdictDown)
			if !b.opened[id] {
				continue
			}
			if o.FirstFailure != 0 {
				add(id, min(o.FirstFailure, o.At), eventFirstFailure, firstFailure(&o))
			}
			for _, round := range o.Evidence.Rounds {
				add(id, min(uptime.InstantOf(round.Ended), o.At), eventRound, round)
			}
			add(id, o.At, eventOpened, map[string]any{
				"explanation": postgres.PlainText(o.Explanation), "reason": o.Reason, "told": !o.Flapping && !b.subjects[u.Monitor].Muted,
			})
		}
	}
	return notes, failed
}

// firstFailure says which region roused suspicion, as far as its vote is still that one.
func firstFailure(o *consensus.Open) map[string]any {
	data := map[string]any{"reason": o.Reason}
	for _, v := range o.Evidence.Votes {
		if v.Due != nil && uptime.InstantOf(*v.Due) == o.FirstFailure {
			data["region"], data["reason"] = v.Region, v.Reason
		}
	}
	return data
}
