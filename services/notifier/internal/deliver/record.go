package deliver

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
)

// Kinds of lines in an incident's history.
const (
	noteAlerted     = "alerted"
	noteAlertFailed = "alert_failed"
)

// told are the subjects of the message.
func (t *taken) told() []subject {
	if t.digest != nil {
		return t.subjects
	}
	head := t.plan.Send
	return []subject{{{ID: head.ID, IncidentID: head.IncidentID, Event: head.Event, CreatedAt: head.CreatedAt}}}
}

// delivered records that the message went out, and makes the job of the first
// reminder in the same transaction.
func (d *Deliverer) delivered(ctx context.Context, t taken, answer *alert.Answer) error {
	head := t.plan.Send
	var at time.Time
	var first bool
	err := d.store.Tx(ctx, func(tx pgx.Tx) (err error) {
		at, first, err = postgres.DeliveredDeliveries(ctx, tx, postgres.Sending{
			Head: head.ID, Others: t.plan.Others, Claim: t.claim, Answer: answer,
		})
		if err != nil || !first {
			return err
		}
		if err := d.note(ctx, tx, t, noteAlerted, at, ""); err != nil {
			return err
		}
		if t.channel.ReminderSeconds <= 0 {
			return nil
		}
		var reminders []alert.RemindArgs
		for _, s := range t.told() {
			if last := s.last(); last.Event == alert.EventDown && !last.IncidentID.IsZero() {
				reminders = append(reminders, alert.RemindArgs{IncidentID: last.IncidentID, ChannelID: t.channel.ID, Number: 1})
			}
		}
		every := time.Duration(t.channel.ReminderSeconds) * time.Second
		return postgres.EnqueueReminders(ctx, tx, d.jobs, at.Add(every), reminders...)
	})
	if err != nil {
		return fmt.Errorf("sent, but not recorded: %w", err)
	}
	if !first {
		return nil
	}
	took := at.Sub(head.CreatedAt)
	d.cfg.Metrics.delivered(t.channel.Kind, took, len(t.plan.Others))
	d.cfg.Log.InfoContext(ctx, "alert delivered", "delivery", head.ID, "channel", t.channel.ID, "kind", t.channel.Kind,
		"event", head.Event, "incident", head.IncidentID, "attempt", head.Attempts+1, "combined", len(t.plan.Others), "seconds", took.Seconds())
	return nil
}

// failed records a failure and what follows it. A test is tried once: somebody waits
// for its answer.
func (d *Deliverer) failed(ctx context.Context, t taken, f *attempt.Failure) error {
	head := t.plan.Send
	step := attempt.Next(f, attempt.History{
		Attempts: head.Attempts + 1, Refusals: head.Refusals, Age: t.clock().Sub(head.CreatedAt),
	}, rand.Float64())
	if head.Event == alert.EventTest {
		step = attempt.Step{Action: attempt.Discard}
	}
	s := postgres.Sending{
		Head: head.ID, Others: t.plan.Others, Claim: t.claim, Answer: f.Answer, Error: f.Text, Refusals: step.Refusals,
	}
	if step.Action == attempt.Discard {
		return d.bury(ctx, t, s, f)
	}
	pause, hold := d.scaled(step.Pause), d.scaled(step.Hold)
	err := d.store.Tx(ctx, func(tx pgx.Tx) error {
		// The channel first: that is the order in which deciding locks, too.
		if hold > 0 {
			if err := postgres.HoldChannel(ctx, tx, t.channel.ID, hold); err != nil {
				return err
			}
		}
		_, err := postgres.RetryDeliveries(ctx, tx, s, pause)
		return err
	})
	if err != nil {
		return err
	}
	d.cfg.Metrics.count(t.channel.Kind, outcomeRetried, 1)
	d.cfg.Log.WarnContext(ctx, "alert not delivered, will try again", "delivery", head.ID, "channel", t.channel.ID,
		"kind", t.channel.Kind, "event", head.Event, "attempt", head.Attempts+1, "class", f.Class.String(),
		"err", f.Text, "pause_ms", pause.Milliseconds(), "hold_ms", hold.Milliseconds())
	return t.snooze(pause)
}

func (d *Deliverer) scaled(pause time.Duration) time.Duration {
	return time.Duration(float64(pause) * d.cfg.Step)
}

// bury gives up, and says so where people look: in the incident's history, in the
// log, and in a metric to be alarmed on.
func (d *Deliverer) bury(ctx context.Context, t taken, s postgres.Sending, f *attempt.Failure) error {
	head, held := t.plan.Send, false
	err := d.store.Tx(ctx, func(tx pgx.Tx) (err error) {
		if held, err = postgres.BuryDeliveries(ctx, tx, s); err != nil || !held {
			return err
		}
		return d.note(ctx, tx, t, noteAlertFailed, t.clock(), f.Text)
	})
	if err != nil || !held {
		return err
	}
	if head.Event == alert.EventTest {
		d.cfg.Metrics.count(t.channel.Kind, outcomeTestFailed, 1)
		d.cfg.Log.InfoContext(ctx, "test alert failed", "delivery", head.ID, "channel", t.channel.ID, "kind", t.channel.Kind, "err", f.Text)
		return nil
	}
	d.cfg.Metrics.count(t.channel.Kind, outcomeDead, 1+len(t.plan.Others))
	d.cfg.Log.ErrorContext(ctx, "alert given up: nobody was told", "delivery", head.ID, "channel", t.channel.ID,
		"channel_name", t.channel.Name, "kind", t.channel.Kind, "event", head.Event, "incident", head.IncidentID,
		"attempt", head.Attempts+1, "class", f.Class.String(), "err", f.Text)
	return nil
}

// note writes a line of the history of each incident: which channel, which event, and
// how long after the transition.
func (d *Deliverer) note(ctx context.Context, tx pgx.Tx, t taken, kind string, at time.Time, failure string) error {
	var notes []postgres.IncidentNote
	for _, s := range t.told() {
		last := s.last()
		if last.IncidentID.IsZero() || last.Event == alert.EventTest {
			continue
		}
		data, err := t.noteOf(last, at, failure)
		if err != nil {
			return err
		}
		notes = append(notes, postgres.IncidentNote{
			ID: uptime.NewID(at), Incident: last.IncidentID, At: uptime.InstantOf(at), Kind: kind, Data: data,
		})
	}
	return postgres.AddIncidentNotes(ctx, tx, notes)
}

func (t *taken) noteOf(last *postgres.Waiting, at time.Time, failure string) ([]byte, error) {
	digest := 0
	if t.digest != nil {
		digest = t.digest.Alerts
	}
	data, err := json.Marshal(struct {
		Channel     uptime.ID   `json:"channel_id"`
		ChannelName string      `json:"channel"`
		ChannelKind string      `json:"channel_kind"`
		Event       alert.Event `json:"event"`
		Delivery    uptime.ID   `json:"delivery_id"`
		Attempts    int         `json:"attempts"`
		Seconds     float64     `json:"seconds"` // since the transition
		Combined    int         `json:"combined,omitempty"`
		Digest      int         `json:"digest,omitempty"` // alerts that the message told together
		Error       string      `json:"error,omitempty"`
	}{
		t.channel.ID, t.channel.Name, t.channel.Kind, last.Event, last.ID, t.plan.Send.Attempts + 1,
		float64(at.Sub(last.CreatedAt).Milliseconds()) / 1000, len(t.plan.Others), digest, postgres.PlainText(failure),
	})
	if err != nil {
		return nil, fmt.Errorf("encode incident's history: %w", err)
	}
	return data, nil
}
