package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
)

// flush deletes everything that is in Redis.
func flush(ctx context.Context, r *Rig) (func(context.Context) error, error) {
	return always, r.raw.FlushAll(ctx).Err()
}

// influxAnswers makes InfluxDB's front answer every write so.
func influxAnswers(h http.Handler) injection {
	return func(_ context.Context, r *Rig) (func(context.Context) error, error) {
		r.influx.asked.Store(0)
		r.influx.failWith(h)
		return func(context.Context) error { r.influx.failWith(nil); return nil }, nil
	}
}

// inTurn answers with one status after the other.
func inTurn(statuses ...int) http.Handler {
	var n atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		status := statuses[int(n.Add(1)-1)%len(statuses)]
		if status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"code":"chaos","message":"answer %d"}`, status)
	})
}

// writesRefused tells how many writes the fault answered: none, and nothing was tested.
func writesRefused(_ context.Context, r *Rig, _ *play) []Check {
	n := r.influx.asked.Load()
	return []Check{{What: "writes refused:", Got: fmt.Sprint(n), OK: n > 0}}
}

// stores are faults of Redis and InfluxDB.
func stores() []Scenario {
	const counted = "what cannot be scheduled is counted missed; what was queued is done"
	const later = "results wait in Redis and are written afterwards; verdicts and alerts go on"
	return []Scenario{
		{
			Name: "Redis crash", Fault: "SIGKILL with the append-only file", Promise: counted,
			Long: time.Second, Inject: kill(engines.Redis),
		}, {
			Name: "Redis frozen", Fault: "SIGSTOP, SIGCONT after %s", Promise: counted,
			Short: 6 * time.Second, Long: 6 * time.Second, Inject: freeze(engines.Redis),
		}, {
			Name: "Redis emptied", Fault: "FLUSHALL",
			Promise: "groups are made anew, the schedule goes on; at most one slot of a monitor and region is lost uncounted",
			Short:   time.Second, Long: time.Second, Inject: flush, Loses: 1,
		}, {
			Name: "InfluxDB away", Fault: "stopped for %s", Promise: later,
			Long: 10 * time.Minute, Inject: halt(engines.Influx),
		}, {
			Name: "InfluxDB answers 429 and 503", Fault: "every write, for %s", Promise: later,
			Short: 3 * time.Second, Long: 20 * time.Second, Inject: influxAnswers(inTurn(429, 503)), After: writesRefused,
		}, {
			Name: "InfluxDB answers 413", Fault: "writes of more than 4 KiB, for %s", Promise: "batches are halved until they fit; nothing is lost",
			Long: 20 * time.Second, Inject: tooLarge, After: writesRefused,
		}, {
			Name: "InfluxDB answers 400 and 422", Fault: "writes that contain one website's ticks, for %s",
			Promise: "batches are halved until only the bad points remain, which become dead letters; all others are written",
			Long:    20 * time.Second, Inject: badPoints, After: both(writesRefused, lettersOf(1, "ticks")),
		},
	}
}

// tooLarge refuses what is larger than a few ticks and hands on the rest.
func tooLarge(_ context.Context, r *Rig) (func(context.Context) error, error) {
	const most = 4 << 10
	r.influx.asked.Store(0)
	r.influx.judge(func(body []byte) int {
		if len(body) > most {
			return http.StatusRequestEntityTooLarge
		}
		return 0
	})
	return func(context.Context) error { r.influx.failWith(nil); return nil }, nil
}

// badPoints adds a website whose ticks InfluxDB refuses.
func badPoints(ctx context.Context, r *Rig) (func(context.Context) error, error) {
	bad, err := r.outages(ctx, 1)
	if err != nil {
		return nil, err
	}
	r.influx.asked.Store(0)
	var n atomic.Int64
	needle := []byte(bad[0].Monitors[0].ID)
	r.influx.judge(func(body []byte) int {
		if !bytes.Contains(body, needle) {
			return 0
		}
		return []int{http.StatusBadRequest, http.StatusUnprocessableEntity}[n.Add(1)%2]
	})
	return func(ctx context.Context) error {
		err := r.remove(ctx, bad)
		r.influx.failWith(nil)
		return err
	}, nil
}

// disks are faults of file systems that are full.
func disks() []Scenario {
	full := func(engine, name, promise string) Scenario {
		return Scenario{
			Name: name + "'s disk full", Fault: "a tmpfs without a byte left for %s", Promise: promise,
			Long: 10 * time.Second, Inject: fill(engine), Mounts: true,
		}
	}
	influx := full(engines.Influx, "InfluxDB", "results wait in Redis and are written when it has room again and, as 1.8 needs then, is started again")
	influx.Inject = startedAgain(engines.Influx, influx.Inject)
	return []Scenario{
		full(engines.Redis, "Redis", "it refuses writes: slots are counted missed, what was queued is done afterwards"),
		full(engines.Postgres, "PostgreSQL", "checks go on, are judged and told afterwards"),
		influx,
	}
}

// fill takes all room of an engine's disk until healed.
func fill(engine string) injection {
	return func(_ context.Context, r *Rig) (func(context.Context) error, error) {
		ballast := filepath.Join(r.cfg.Dir, "data", engine, "ballast")
		file, err := os.Create(ballast)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		_, err = io.CopyN(file, zeros{}, 2*diskMiB<<20)
		if !errors.Is(err, syscall.ENOSPC) {
			return nil, errors.Join(fmt.Errorf("the disk of %s is not full: %w", engine, err), os.Remove(ballast))
		}
		return func(context.Context) error { return os.Remove(ballast) }, nil
	}
}

// startedAgain has an engine started again when the fault is over: a write that failed
// is remembered by InfluxDB 1.8, which refuses all further ones to that part of its log.
func startedAgain(engine string, inject injection) injection {
	return func(ctx context.Context, r *Rig) (func(context.Context) error, error) {
		heal, err := inject(ctx, r)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context) error {
			return errors.Join(heal(ctx), r.fleet.Halt(engine), r.fleet.Again(engine))
		}, nil
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
