// Package deliver sends what the deliveries say: it takes one from the job queue,
// decides with its database row and those before it locked (in order per incident and
// channel, throttled, combined), claims it, sends it, and records what came of it.
// A delivery goes through
//
//	pending ──claim──► being sent ──► delivered      the message went out
//	   ▲                   │    └───► dead           given up, with an alarm
//	   └──── retry_at ─────┘
//	   ├─► suppressed   throttled, or pointless by now
//	   └─► combined     told in the message of another
//
// To people (e-mail, chat) alerts of one website or one cause are one story: the first
// goes at once, the others of the same minute wait for its end (by retry_at, untried) and
// are told by one message. Whoever sends it binds them to its own delivery by digest_id,
// so that it stays one message under one key however often it is tried.
//
// A claim ends by itself after a lease, so a notifier that dies after sending and
// before recording leads to a second message with the same idempotency key, never to
// none.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
)

// Durations of one job. Their order is what makes two senders of one alert
// impossible: whoever sends gives up before the job does, the job before the claim
// ends, and the claim before the queue gives the job to somebody else.
const (
	JobTimeout  = 15 * time.Second
	Lease       = 20 * time.Second
	RescueAfter = 30 * time.Second
	// recordTimeout bounds what is done after sending; it runs even if the job's time
	// is over or the process is stopping.
	recordTimeout = 4 * time.Second
	// goOnTime is for how long one job goes on with other alerts of its channel: a
	// send that begins then still has its full time.
	goOnTime = 3 * time.Second
	// goOnLooks is at how many of them it looks for one that may be sent.
	goOnLooks = 8
)

// Sender sends news to one kind of channel, once. Its errors are of type
// [*attempt.Failure].
type Sender interface {
	Send(ctx context.Context, c *channelspec.Config, n *alert.News) (*alert.Answer, error)
}

// Config is what delivering needs beside store and jobs.
type Config struct {
	Box       *seal.Box
	Senders   map[channelspec.Kind]Sender
	PublicURL string        // without a trailing slash; empty leaves links out
	Lease     time.Duration // of a claim; 0: Lease
	Window    time.Duration // within which alerts are one story to people; 0: StoryWindow
	Log       *slog.Logger
	Metrics   *Metrics
	// Step scales the pauses between attempts; 0 means 1. Tests make them shorter.
	Step float64
	// AfterSend is called between sending and recording; nil calls nothing. Tests
	// fail there.
	AfterSend func(ctx context.Context, id uptime.ID) error
	Beside    Beside // nil: alerts are all
}

// Beside is other work of the same job queue, on queues of its own.
type Beside interface {
	Register(workers *river.Workers)
	Queues() map[string]river.QueueConfig
}

// Deliverer works on deliveries and reminders.
type Deliverer struct {
	store *postgres.Store
	jobs  postgres.Jobs
	cfg   Config

	stopping atomic.Bool // no job goes on with others
}

// New returns a deliverer. Jobs writes the jobs of reminders.
func New(store *postgres.Store, jobs postgres.Jobs, cfg Config) *Deliverer {
	if cfg.Lease <= 0 {
		cfg.Lease = Lease
	}
	if cfg.Window <= 0 {
		cfg.Window = StoryWindow
	}
	if cfg.Step <= 0 {
		cfg.Step = 1
	}
	return &Deliverer{store: store, jobs: jobs, cfg: cfg}
}

// Register makes the deliverer the worker of its jobs.
func (d *Deliverer) Register(workers *river.Workers) {
	river.AddWorker(workers, &deliverWorker{d: d})
	river.AddWorker(workers, &remindWorker{d: d})
	if d.cfg.Beside != nil {
		d.cfg.Beside.Register(workers)
	}
}

func (d *Deliverer) queues() map[string]river.QueueConfig {
	all := map[string]river.QueueConfig{alert.Queue: {MaxWorkers: maxWorkers}}
	if d.cfg.Beside != nil {
		maps.Copy(all, d.cfg.Beside.Queues())
	}
	return all
}

type deliverWorker struct {
	river.WorkerDefaults[alert.DeliverArgs]
	d *Deliverer
}

// Work implements river's Worker.
func (w *deliverWorker) Work(ctx context.Context, job *river.Job[alert.DeliverArgs]) error {
	return w.d.deliver(ctx, job.Args.DeliveryID)
}

// NextRetry implements river's Worker: jobs fail by the notifier's own fault only.
func (w *deliverWorker) NextRetry(job *river.Job[alert.DeliverArgs]) time.Time {
	return time.Now().Add(ownFault(job.Attempt))
}

// ownFault is the pause after a job failed, which is when the database does: 1 s
// to 15 s.
func ownFault(attempts int) time.Duration {
	return min(time.Duration(max(attempts, 1))*time.Second, 15*time.Second)
}

// taken is a delivery that was claimed for sending.
type taken struct {
	plan     Plan
	claim    time.Time
	channel  postgres.Channel
	thread   string        // key of the incident's first alert to the channel
	digest   *alert.Digest // what the message tells besides; nil: nothing
	subjects []subject     // of the digest
	others   bool          // it was not the turn of the one asked for, but of others before it
	now      time.Time     // by the database's clock, when it was taken
	local    time.Time     // by this process', at the same moment
}

// clock returns the time by the database's clock, which everything about a delivery
// is measured by: this machine's may be wrong.
func (t *taken) clock() time.Time { return t.now.Add(time.Since(t.local)) }

// snooze puts the job off. The queue's library counts from this machine's clock and
// compares with the database's, so what this one is behind is added; what it is ahead
// cannot be taken off, and is made up for by the sweep.
func (t *taken) snooze(wait time.Duration) error {
	if behind := t.now.Sub(t.local.Round(0)); behind > time.Second {
		wait += behind
	}
	return river.JobSnooze(wait)
}

// deliver does what is to be done about a delivery now, and goes on with others that
// wait for the same channel.
func (d *Deliverer) deliver(ctx context.Context, id uptime.ID) error {
	began := time.Now()
	t, sent, err := d.deliverOne(ctx, id)
	if sent {
		d.goOn(ctx, t.channel.ID, began)
	}
	if err == nil && t.others {
		return t.snooze(claimedWait) // now it may be its turn
	}
	return err
}

// deliverOne does what is to be done about a delivery now; sent tells that its
// message went out and that this is recorded.
func (d *Deliverer) deliverOne(ctx context.Context, id uptime.ID) (t taken, sent bool, err error) {
	t, err = d.take(ctx, id)
	switch {
	case errors.Is(err, postgres.ErrNotFound):
		return t, false, nil // deleted, with its channel or website
	case err != nil:
		return t, false, err
	case t.plan.Send == nil && t.plan.Wait > 0:
		return t, false, t.snooze(t.plan.Wait)
	case t.plan.Send == nil:
		return t, false, nil
	}
	began := time.Now()
	answer, failure := d.send(ctx, t)
	d.cfg.Metrics.sent(t.channel.Kind, time.Since(began))
	if d.cfg.AfterSend != nil {
		if err := d.cfg.AfterSend(ctx, id); err != nil {
			return t, false, err
		}
	}
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if failure != nil {
		return t, false, d.failed(recording, t, attempt.Of(failure))
	}
	err = d.delivered(recording, t, answer)
	return t, err == nil, err
}

// goOn sends what else waits for the channel, for as long as all goes well and the
// job's time allows. The jobs of those find their work done.
func (d *Deliverer) goOn(ctx context.Context, channel uptime.ID, began time.Time) {
	for ctx.Err() == nil && !d.stopping.Load() {
		next, err := d.store.NextDeliveries(ctx, channel, goOnLooks)
		if err != nil || len(next) == 0 {
			return // their own jobs come to them
		}
		if time.Since(began) > goOnTime {
			if err := d.store.RequeueDeliveries(ctx, d.jobs, next[:1]); err != nil {
				d.cfg.Log.WarnContext(ctx, "cannot hand a channel's alerts on", "channel", channel, "err", err)
			}
			return
		}
		sent := false
		for _, id := range next {
			// What goes wrong is recorded; its own job, or the sweep, comes back to it.
			if _, sent, _ = d.deliverOne(ctx, id); sent {
				break
			}
		}
		if !sent {
			return
		}
	}
}

// take decides about a delivery and carries out all but the sending.
func (d *Deliverer) take(ctx context.Context, id uptime.ID) (t taken, err error) {
	var suppressed int
	err = d.store.Tx(ctx, func(tx pgx.Tx) error {
		suppressed = 0
		g, err := postgres.LockDelivery(ctx, tx, id)
		if err != nil {
			return err
		}
		if g.Held > 0 {
			t = taken{plan: Plan{Wait: g.Held}, now: g.Now, local: time.Now()}
			return nil
		}
		g.Pending = inTurn(g.Pending)
		var last time.Time
		if first := throttled(g); first != nil {
			window := time.Duration(g.Channel.ThrottleSeconds) * time.Second
			last, err = postgres.LastAlert(ctx, tx, g.Channel.ID, first.WebsiteID, first.IncidentID, window, throttlers(first)...)
			if err != nil {
				return err
			}
		}
		t = taken{plan: decide(g, last, rand.Float64()), channel: g.Channel, thread: g.OpeningKey, others: len(g.Pending) > 0 && !slices.Contains(ids(g.Pending), id), now: g.Now, local: time.Now()}
		for _, s := range t.plan.Suppress {
			if err := postgres.SuppressDeliveries(ctx, tx, s.Why, s.IDs...); err != nil {
				return err
			}
			suppressed += len(s.IDs)
		}
		if !t.plan.FollowUp.IsZero() {
			args := alert.RemindArgs{IncidentID: g.Pending[0].IncidentID, ChannelID: g.Channel.ID, Number: 1}
			if err := postgres.EnqueueReminder(ctx, tx, d.jobs, args, t.plan.FollowUp); err != nil {
				return err
			}
		}
		if err := d.joinStory(ctx, tx, g, &t); err != nil || t.plan.Send == nil {
			return err
		}
		t.claim, err = postgres.ClaimDeliveries(ctx, tx, t.plan.Send.ID, t.plan.Others, t.digest != nil, d.cfg.Lease)
		return err
	})
	if err == nil {
		d.cfg.Metrics.count(t.channel.Kind, outcomeSuppressed, suppressed)
	}
	return t, err
}

// send puts the news in words and hands it to the channel's sender.
func (d *Deliverer) send(ctx context.Context, t taken) (*alert.Answer, error) {
	c, err := channelspec.Join(d.cfg.Box, t.channel.OrgID, t.channel.ID, t.channel.Kind, t.channel.Config, t.channel.SecretsSealed)
	if err != nil {
		return nil, attempt.Fail(attempt.Refused, "%v", err)
	}
	sender := d.cfg.Senders[c.Kind]
	if sender == nil {
		return nil, attempt.Fail(attempt.Refused, "this notifier cannot send to channels of kind %q", c.Kind)
	}
	news := alert.News{
		Message: t.plan.Send.Message, Key: t.plan.Send.Key, ReplyTo: t.thread, Combined: t.plan.Combined, Digest: t.digest,
		PublicURL: d.cfg.PublicURL, Now: t.clock().UTC(),
	}
	if news.Event = t.plan.Send.Event; t.digest != nil {
		news.Event = t.digest.Event
	}
	if news.Event == alert.EventTest && news.Explanation == "" {
		news.Explanation = fmt.Sprintf("This is a test of the channel %q. Nothing is wrong.", t.channel.Name)
	}
	return sender.Send(ctx, &c, &news)
}
