package live

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/queue"
)

const (
	// waiting is how many events may wait for Redis: those of a region's outage.
	waiting = 4096
	// together is how many go to Redis at once.
	together = 128
	// addTime bounds one try; there is no second one.
	addTime = 2 * time.Second
	// quiet is the least time between two complaints.
	quiet = 30 * time.Second
)

// Adder puts events on Redis; [queue.Client] does.
type Adder interface {
	AddLive(ctx context.Context, events []queue.LiveEvent) error
}

// Publisher tells of events. Its methods may be called by many goroutines. A nil
// Publisher tells nobody anything.
type Publisher struct {
	to      Adder
	log     *slog.Logger
	events  chan Event
	sent    prometheus.Counter
	dropped *prometheus.CounterVec
}

// NewPublisher returns a publisher whose metrics are registered with reg, which may be
// nil. What is published goes out while Run runs.
func NewPublisher(to Adder, reg prometheus.Registerer, log *slog.Logger) *Publisher {
	p := &Publisher{
		to: to, log: log, events: make(chan Event, waiting),
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "probefleet_live_published_total", Help: "Live events that were put on Redis.",
		}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probefleet_live_dropped_total", Help: "Live events that nobody was told, because too many waited (full) or Redis did not take them (redis).",
		}, []string{"why"}),
	}
	if reg != nil {
		reg.MustRegister(p.sent, p.dropped)
	}
	return p
}

// Publish tells of events that are durable by now. It does not wait: what the buffer
// cannot take is dropped and counted.
func (p *Publisher) Publish(events ...Event) {
	if p == nil {
		return
	}
	for _, e := range events {
		select {
		case p.events <- e:
		default:
			p.dropped.WithLabelValues("full").Inc()
		}
	}
}

// Run sends what is published until ctx is cancelled, then what is left, and returns nil.
func (p *Publisher) Run(ctx context.Context) error {
	var told time.Time
	for ctx.Err() == nil {
		select {
		case e := <-p.events:
			// A stop must not lose what has been taken from the buffer.
			p.send(context.WithoutCancel(ctx), e, &told)
		case <-ctx.Done():
		}
	}
	return p.drain(ctx, &told)
}

func (p *Publisher) drain(ctx context.Context, told *time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), addTime)
	defer cancel()
	for {
		select {
		case e := <-p.events:
			p.send(ctx, e, told)
		default:
			return nil
		}
	}
}

// send sends an event and those that wait behind it.
func (p *Publisher) send(ctx context.Context, first Event, told *time.Time) {
	batch := make([]queue.LiveEvent, 0, together)
	add := func(e Event) {
		one, err := encode(e)
		if err != nil {
			p.log.ErrorContext(ctx, "an event cannot be told", "err", err)
			return
		}
		batch = append(batch, one)
	}
	add(first)
	for more := true; more && len(batch) < together; {
		select {
		case e := <-p.events:
			add(e)
		default:
			more = false
		}
	}
	ctx, cancel := context.WithTimeout(ctx, addTime)
	defer cancel()
	if err := p.to.AddLive(ctx, batch); err != nil {
		p.dropped.WithLabelValues("redis").Add(float64(len(batch)))
		if time.Since(*told) > quiet {
			*told = time.Now()
			p.log.WarnContext(ctx, "live events are lost to those who look on; alerts are not concerned", "err", err, "events", len(batch))
		}
		return
	}
	p.sent.Add(float64(len(batch)))
}
