// Package confirm sends the confirmations that judging wants: one urgent check, with
// a canary, in each region of a round, on the lanes of its shard. The target is read
// from the database at that moment, so a monitor that has changed since is not asked
// by its old target. What cannot be sent is left out and counted, for scheduled votes
// decide where no confirmation comes.
package confirm

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

const (
	// waiting bounds how many calls of Ask wait to be sent; a call holds what one
	// batch of results gave rise to.
	waiting = 256
	// together bounds how many confirmations are read and sent at once.
	together = 1000
	// sendTime bounds the sending of one batch: a round is over a few seconds after it
	// began, so what takes longer comes too late anyway.
	sendTime = 3 * time.Second
)

// Roster reads monitors as they are now; [postgres.Store] does.
type Roster interface {
	RosterByIDs(ctx context.Context, ids []uptime.ID) ([]postgres.Scheduled, error)
}

// Queue takes checks out of turn; [queue.Client] does.
type Queue interface {
	PushUrgent(ctx context.Context, lane queue.Lane, checks ...uptime.Check) error
}

// Sender sends confirmations of one shard.
type Sender struct {
	roster  Roster
	queue   Queue
	cfg     Config
	pending chan []unit.Ask
}

// Config of a [Sender].
type Config struct {
	Shard   int
	Now     func() uptime.Instant // fleet time
	Metrics *Metrics              // nil: unregistered ones
	Log     *slog.Logger          // nil: slog.Default()
}

// New returns a sender; it sends while it runs.
func New(roster Roster, q Queue, cfg Config) *Sender {
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics(nil)
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Sender{roster: roster, queue: q, cfg: cfg, pending: make(chan []unit.Ask, waiting)}
}

// Ask hands confirmations over without waiting for them to be sent.
func (s *Sender) Ask(asks []unit.Ask) {
	select {
	case s.pending <- asks:
	default:
		s.cfg.Metrics.unsent.WithLabelValues("busy").Add(float64(len(asks)))
	}
}

// Run sends until ctx is cancelled, which it answers with nil.
func (s *Sender) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case asks := <-s.pending:
			s.send(ctx, s.more(asks))
		}
	}
}

// more takes what else is waiting already.
func (s *Sender) more(asks []unit.Ask) []unit.Ask {
	for len(asks) < together {
		select {
		case others := <-s.pending:
			asks = append(asks, others...)
		default:
			return asks
		}
	}
	return asks
}

func (s *Sender) send(ctx context.Context, asks []unit.Ask) {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	ids := make([]uptime.ID, len(asks))
	for i := range asks {
		ids[i] = asks[i].Monitor
	}
	found, err := s.roster.RosterByIDs(ctx, ids)
	if err != nil {
		s.cfg.Metrics.unsent.WithLabelValues("database").Add(float64(len(asks)))
		s.cfg.Log.WarnContext(ctx, "cannot read monitors to confirm", "err", err, "monitors", len(ids))
		return
	}
	monitors := make(map[uptime.ID]*postgres.Scheduled, len(found))
	for i := range found {
		monitors[found[i].ID] = &found[i]
	}
	for region, checks := range s.checks(asks, monitors) {
		if err := s.queue.PushUrgent(ctx, queue.Lane{Region: region, Shard: s.cfg.Shard}, checks...); err != nil {
			s.cfg.Metrics.unsent.WithLabelValues("queue").Add(float64(len(checks)))
			s.cfg.Log.WarnContext(ctx, "cannot send confirmations", "err", err, "region", region, "checks", len(checks))
			continue
		}
		s.cfg.Metrics.sent.WithLabelValues(region).Add(float64(len(checks)))
	}
}

// checks makes the urgent checks by region.
func (s *Sender) checks(asks []unit.Ask, monitors map[uptime.ID]*postgres.Scheduled) map[string][]uptime.Check {
	byRegion := map[string][]uptime.Check{}
	for i := range asks {
		a := &asks[i]
		now := max(s.cfg.Now(), a.At)
		m := monitors[a.Monitor]
		switch {
		case m == nil || m.Revision != a.Revision || m.Paused:
			s.cfg.Metrics.unsent.WithLabelValues("changed").Inc()
			continue
		case now >= a.Deadline:
			s.cfg.Metrics.unsent.WithLabelValues("late").Inc()
			continue
		}
		request := uptime.NewID(now.Time())
		for _, region := range a.Regions {
			c := m.UrgentCheck(region, now, request)
			if c.Due < a.At {
				c.Due = uptime.UrgentDue(a.At.Add(time.Millisecond), request)
			}
			c.NotAfter, c.Canary = a.Deadline, true
			byRegion[region] = append(byRegion[region], c)
		}
	}
	return byRegion
}

// Metrics of the senders of one process.
type Metrics struct {
	sent   *prometheus.CounterVec
	unsent *prometheus.CounterVec
}

// NewMetrics registers the metrics with reg, which may be nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probefleet_confirmations_total", Help: "Urgent checks sent to confirm what a region saw.",
		}, []string{"region"}),
		unsent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probefleet_confirmations_unsent_total", Help: "Confirmations that were wanted and not sent.",
		}, []string{"reason"}),
	}
	if reg != nil {
		reg.MustRegister(m.sent, m.unsent)
	}
	return m
}
