package engines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/place"
	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
)

// startTime bounds the start of the engines of tests.
const startTime = 90 * time.Second

// Test starts throwaway engines under dir or finds those that run there, and leaves
// them running. started tells whether it was this call that started any. Two calls at
// once do not collide: the second waits for the first.
func Test(ctx context.Context, root, dir, influxd string, tell func(string, ...any)) (e *Engines, started bool, err error) {
	unlock, err := Lock(filepath.Join(dir, "lock"), true)
	if err != nil {
		return nil, false, err
	}
	defer unlock()
	cfg := Config{Dir: dir, Influxd: influxd, Throwaway: true, Tell: tell}
	if err := Install(ctx, root, cfg); err != nil {
		return nil, false, err
	}
	run := filepath.Join(dir, "run")
	left := supervise.Leftovers(run)
	if cfg.Ports, err = testPorts(dir, len(left)); err != nil {
		return nil, false, err
	}
	if len(left) == 0 { // nothing in it is worth the doubt after a crash without flushes
		if err := Remove(dir); err != nil {
			return nil, false, err
		}
	}
	if e, err = Prepare(ctx, cfg); err != nil {
		return nil, false, err
	}
	for _, spec := range e.Specs {
		if _, runs := left[spec.Name]; runs {
			continue
		}
		started = true
		if err := supervise.Once(spec, run, filepath.Join(dir, "log")); err != nil {
			return nil, started, fmt.Errorf("start %s: %w", spec.Name, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := e.Ready(ctx); err != nil {
		return nil, started, fmt.Errorf("%w (logs are in %s)", err, filepath.Join(dir, "log"))
	}
	return e, started, nil
}

// testPorts returns the ports that engines of this directory have; when none run they
// are drawn anew if somebody took them.
func testPorts(dir string, running int) (place.Ports, error) {
	file := filepath.Join(dir, "ports.json")
	ports := place.TestPorts()
	if b, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(b, &ports); err != nil {
			return ports, fmt.Errorf("%s: %w", file, err)
		}
	}
	if running == 0 && ports.Taken(0) != nil {
		first, err := place.Free(3)
		if err != nil {
			return ports, err
		}
		ports = place.Ports{Postgres: first, Redis: first + 1, Influx: first + 2}
	}
	b, err := json.Marshal(ports)
	if err != nil {
		return ports, err
	}
	return ports, os.WriteFile(file, b, 0o644)
}

// Stop ends the engines of tests under dir; without remove their data stays, for a
// quick start the next time.
func Stop(dir string, remove bool) error {
	if _, err := os.Stat(dir); err != nil {
		return nil
	}
	unlock, err := Lock(filepath.Join(dir, "lock"), true)
	if err != nil {
		return err
	}
	defer unlock()
	run := filepath.Join(dir, "run")
	errs := []error{End(supervise.Leftovers(run))}
	supervise.Leftovers(run) // forgets those that ended
	if remove {
		errs = append(errs, Remove(dir))
	}
	return errors.Join(errs...)
}

// End ends processes that no supervisor has any more, each in its own manner.
func End(left map[string]supervise.Identity) error {
	var errs []error
	for name, id := range left {
		how := syscall.SIGTERM
		if name == Postgres {
			how = syscall.SIGINT
		}
		if err := id.End(how, 20*time.Second); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// ErrLocked is returned by [Lock] when another process has the lock.
var ErrLocked = errors.New("locked by another process")

// Lock takes a lock that the system frees when the process ends, however it ends.
func Lock(path string, wait bool) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}
