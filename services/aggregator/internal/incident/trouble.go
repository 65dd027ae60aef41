package incident

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// RecordTrouble writes the begin and the end of what troubles the fleet, and tells
// every channel that subscribed to it, whosever it is. What is on already, or over
// already, is left alone. While the database cannot be reached it tries again until
// ctx ends.
func (w *Writer) RecordTrouble(ctx context.Context, troubles []unit.Trouble) error {
	for _, t := range troubles {
		pause := pauseFirst
		for {
			var happened []live.Event
			err := w.store.Tx(ctx, func(tx pgx.Tx) (err error) {
				if err := w.lock(ctx, tx); err != nil {
					return err
				}
				happened, err = w.trouble(ctx, tx, t)
				return err
			})
			if err == nil {
				w.publish(happened...)
				break
			}
			if errors.Is(err, postgres.ErrStaleLease) || ctx.Err() != nil {
				return err
			}
			if refusedByDatabase(err) && !collided(err) {
				w.cfg.Log.ErrorContext(ctx, "what troubles the fleet cannot be written and is given up", "err", err, "kind", t.Kind)
				w.cfg.Metrics.lost.Inc()
				break
			}
			w.cfg.Log.WarnContext(ctx, "cannot write what troubles the fleet, trying again", "err", err, "kind", t.Kind)
			if err := sleep(ctx, pause); err != nil {
				return err
			}
			pause = min(2*pause, pauseMost)
		}
	}
	return nil
}

// trouble returns what is to be told of once it is committed.
func (w *Writer) trouble(ctx context.Context, tx pgx.Tx, t unit.Trouble) ([]live.Event, error) {
	if t.Kind == postgres.FleetSick {
		since := t.At
		if t.Ended {
			since = 0
		}
		if err := postgres.SetRegionSick(ctx, tx, t.Region, since); err != nil {
			return nil, err
		}
	}
	e := postgres.FleetEvent{
		ID: uptime.NewID(time.Now()), Kind: t.Kind, Region: t.Region, Opened: t.At, Explanation: postgres.PlainText(t.Explanation),
	}
	var news bool
	var err error
	if t.Ended {
		e, news, err = postgres.ResolveFleetEvent(ctx, tx, t.Kind, t.Region, t.At)
	} else {
		news, err = postgres.OpenFleetEvent(ctx, tx, e)
	}
	if err != nil || !news {
		return nil, err
	}
	w.cfg.Metrics.troubles.WithLabelValues(t.Kind).Inc()
	w.cfg.Log.WarnContext(ctx, "fleet", "kind", t.Kind, "region", t.Region, "ended", t.Ended, "why", e.Explanation)
	happened := []live.Event{fleetHappened(&e, t)}
	if t.Quiet {
		return happened, nil
	}
	return happened, w.tellFleet(ctx, tx, &e, t)
}

func (w *Writer) tellFleet(ctx context.Context, tx pgx.Tx, e *postgres.FleetEvent, t unit.Trouble) error {
	if t.Ended {
		return w.store.TellFleet(ctx, tx, w.jobs, e, t.At, over(e))
	}
	return w.store.TellFleet(ctx, tx, w.jobs, e, 0, e.Explanation)
}

// over says that a fleet event has ended.
func over(e *postgres.FleetEvent) string {
	switch e.Kind {
	case postgres.FleetBlind:
		return "The regions reach the world again"
	case postgres.FleetSick:
		return fmt.Sprintf("Region %s is well again: its votes count", e.Region)
	case postgres.FleetSilent:
		return fmt.Sprintf("Region %s has a live worker again", e.Region)
	}
	return e.Kind + " is over"
}
