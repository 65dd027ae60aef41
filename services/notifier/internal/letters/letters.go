// Package letters sends the mails that people get about their accounts, through the
// fleet's own mail server. A letter is a job of the queue; it is tried again until it is
// through, the server refuses it for good, or it has come too late to be of use. What a
// letter says is for its reader alone: logs and metrics know its kind and no more.
package letters

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/letter"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
)

// How many letters are sent at the same time, and the pauses between attempts.
const (
	MaxWorkers = 4
	firstPause = 5 * time.Second
	mostPause  = 5 * time.Minute
	refusals   = 3 // of the server for good, before it is believed
)

// Sender sends one letter, once. Its errors are of type [*attempt.Failure], or those of
// writing it.
type Sender interface {
	SendLetter(ctx context.Context, id string, l *letter.Letter) (*alert.Answer, error)
}

// Config is what sending letters needs. Zero values are: no log, the wall's clock, pauses
// as they are.
type Config struct {
	Box     *seal.Box
	Sender  Sender
	Metrics *Metrics
	Log     *slog.Logger
	Now     func() time.Time
	Step    float64 // scales the pauses between attempts; tests make them shorter
}

// Worker is river's worker of letters.
type Worker struct {
	river.WorkerDefaults[letter.Args]
	cfg Config
}

// New returns a worker.
func New(cfg Config) *Worker {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Step <= 0 {
		cfg.Step = 1
	}
	return &Worker{cfg: cfg}
}

// Register makes it the worker of its jobs.
func (w *Worker) Register(workers *river.Workers) { river.AddWorker(workers, w) }

// Queues are the queues that it works on.
func (w *Worker) Queues() map[string]river.QueueConfig {
	return map[string]river.QueueConfig{letter.Queue: {MaxWorkers: MaxWorkers}}
}

// Work implements river's Worker.
func (w *Worker) Work(ctx context.Context, job *river.Job[letter.Args]) error {
	log := w.cfg.Log.With("letter", job.Args.ID.String(), "kind", kindLabel(job.Args.Letter), "attempt", job.Attempt)
	if w.cfg.Now().After(job.Args.ExpiresAt) {
		w.cfg.Metrics.count(job.Args.Letter, outcomeExpired)
		log.ErrorContext(ctx, "a letter was not sent in time and is not sent any more")
		return river.JobCancel(errExpired)
	}
	l, err := letter.Open(w.cfg.Box, job.Args)
	if err != nil {
		w.cfg.Metrics.count(job.Args.Letter, outcomeRefused)
		log.ErrorContext(ctx, "a letter cannot be opened", "err", err)
		return river.JobCancel(err)
	}
	_, err = w.cfg.Sender.SendLetter(ctx, job.Args.ID.String(), &l)
	if err == nil {
		w.cfg.Metrics.count(l.Kind, outcomeSent)
		log.InfoContext(ctx, "letter sent")
		return nil
	}
	var f *attempt.Failure
	if errors.As(err, &f) && f.Class == attempt.Refused && job.Attempt >= refusals {
		w.cfg.Metrics.count(l.Kind, outcomeRefused)
		log.ErrorContext(ctx, "a letter was refused", "err", f)
		return river.JobCancel(err)
	}
	w.cfg.Metrics.count(l.Kind, outcomeRetried)
	log.WarnContext(ctx, "a letter could not be sent, will try again", "err", err)
	return err
}

var errExpired = errors.New("too late")

// NextRetry implements river's Worker.
func (w *Worker) NextRetry(job *river.Job[letter.Args]) time.Time {
	return time.Now().Add(time.Duration(float64(Pause(job.Attempt)) * w.cfg.Step))
}

// Pause returns how long to wait after the n-th failed attempt.
func Pause(n int) time.Duration {
	if n < 1 || n > 10 {
		return mostPause
	}
	return min(firstPause<<(n-1), mostPause)
}

// The outcomes in metrics.
const (
	outcomeSent    = "sent"
	outcomeRetried = "retried"
	outcomeRefused = "refused"
	outcomeExpired = "expired"
)

// Metrics are what is counted of letters. Nil counts nothing.
type Metrics struct{ letters *prometheus.CounterVec }

// NewMetrics registers the metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{letters: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "probefleet_notifier_letters_total",
		Help: "Mails to people about their accounts by kind and outcome; refused and expired never came, retried counts attempts.",
	}, []string{"kind", "outcome"})}
	reg.MustRegister(m.letters)
	for _, kind := range letter.Kinds { // an alarm on a rate needs its series from the start
		for _, outcome := range []string{outcomeSent, outcomeRefused, outcomeExpired} {
			m.letters.WithLabelValues(string(kind), outcome)
		}
	}
	return m
}

func (m *Metrics) count(kind letter.Kind, outcome string) {
	if m != nil {
		m.letters.WithLabelValues(kindLabel(kind), outcome).Inc()
	}
}

// kindLabel bounds a label to the kinds that there are.
func kindLabel(kind letter.Kind) string {
	if kind.Known() {
		return string(kind)
	}
	return "unknown"
}
