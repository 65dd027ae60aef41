package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/scripts/stack/internal/bench/target"
	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
	"github.com/probefleet/probefleet/scripts/stack/internal/place"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
)

// targetDelay is how long a website takes to answer.
const targetDelay = 20 * time.Millisecond

// fleet is a whole fleet with what it watches and whom it tells.
type fleet struct {
	*stack.Stack
	plan   plan
	db     *pgx.Conn
	queue  *queue.Client
	sites  target.Client
	server *exec.Cmd // the websites' process
	sinks  *sinks
	tell   func(format string, args ...any)
	spoilt bool // a part has left something behind
}

// plan is what a fleet watches.
type plan struct {
	sites    int
	interval time.Duration
}

// timeout is the product's default.
func (p plan) timeout() time.Duration { return min(10*time.Second, p.interval) }

// detection is the bound within which an outage is to be found: the gap between two
// regions' slots, the timeout, a round of confirmation, and three seconds.
func (p plan) detection() time.Duration {
	gap := p.interval / time.Duration(len(stack.DefaultRegions()))
	return gap + p.timeout() + (p.timeout() + 2*time.Second) + 3*time.Second
}

// watch returns a fleet that watches what the plan says, all of it up: the one that
// runs if it is such a one, else a new one.
func (b *bench) watch(ctx context.Context, p plan) (*fleet, error) {
	if b.fleet != nil && b.fleet.plan == p && !b.fleet.spoilt {
		return b.fleet, nil
	}
	f, err := b.start(ctx)
	if err != nil {
		return nil, err
	}
	f.plan = p
	begun := time.Now()
	if err := f.seed(ctx, 0, p.sites, p.interval); err != nil {
		return nil, err
	}
	if err := f.allUp(ctx); err != nil {
		return nil, err
	}
	b.cfg.Tell("%d websites are up %.1f s after they were inserted", p.sites, time.Since(begun).Seconds())
	return f, nil
}

// start starts a fleet with nothing to watch, in place of the one that runs.
func (b *bench) start(ctx context.Context) (*fleet, error) {
	if err := b.drop(); err != nil {
		return nil, err
	}
	dir := filepath.Join(b.dir, "fleet")
	if err := clear(dir); err != nil {
		return nil, err
	}
	ports, err := place.FreePorts(len(stack.DefaultRegions()))
	if err != nil {
		return nil, err
	}
	f := &fleet{tell: b.cfg.Tell}
	b.fleet = f
	f.Stack, err = stack.Start(ctx, stack.Options{
		Root: b.cfg.Root, Dir: dir, Tools: filepath.Join(b.cfg.Data, "bin"), Ports: ports, Site: "bench",
		Environ: environ(),
		Program: b.cfg.Program, Tell: b.cfg.Tell,
	})
	if err != nil {
		return nil, err
	}
	if f.db, err = pgx.Connect(ctx, f.DatabaseURL); err != nil {
		return nil, err
	}
	if f.queue, err = queue.Open(ctx, queue.Config{URL: f.RedisURL, Name: "bench", Log: slog.New(slog.DiscardHandler)}); err != nil {
		return nil, err
	}
	if f.sinks, err = openSinks(); err != nil {
		return nil, err
	}
	return f, f.serve(ctx, b.cfg.Program)
}

// environ is what the services inherit: nothing that changes what is measured, but for
// what the user asks for by name.
func environ() []string {
	out := []string{"PATH=" + os.Getenv("PATH"), "CANARY_TARGETS="}
	for _, name := range []string{"OPS_PPROF", "GOGC", "GOMEMLIMIT", "GOMAXPROCS", "GODEBUG", "SLOT_WIDTH"} {
		if value, set := os.LookupEnv(name); set {
			out = append(out, name+"="+value)
		}
	}
	return out
}

// clear stops what a killed bench left behind, and deletes its data.
func clear(dir string) error {
	if left := supervise.Leftovers(stack.RunDir(dir)); len(left) > 0 {
		if err := engines.End(left); err != nil {
			return err
		}
	}
	return errors.Join(engines.Remove(dir), os.RemoveAll(dir))
}

// serve starts the websites in a process of their own, so that what they cost is not
// taken for the fleet's. It ends with this one.
func (f *fleet) serve(ctx context.Context, program string) error {
	port, err := place.Free(1)
	if err != nil {
		return err
	}
	f.sites = target.Client{Port: port}
	f.server = exec.Command(program, "bench-target", strconv.Itoa(port), targetDelay.String())
	f.server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	f.server.Stderr = os.Stderr
	if err := f.server.Start(); err != nil {
		return err
	}
	return until(ctx, "the websites answer", 10*time.Second, 20*time.Millisecond, func() (bool, error) {
		_, err := f.sites.Stats(ctx)
		return err == nil, nil
	})
}

// drop ends the fleet that runs and deletes all that it kept.
func (b *bench) drop() error {
	f := b.fleet
	if f == nil {
		return nil
	}
	b.fleet = nil
	var errs []error
	if f.db != nil {
		errs = append(errs, f.db.Close(context.Background()))
	}
	if f.queue != nil {
		errs = append(errs, f.queue.Close())
	}
	if f.Stack != nil {
		errs = append(errs, f.Stack.Destroy())
	}
	if f.sinks != nil {
		f.sinks.close()
	}
	if f.server != nil && f.server.Process != nil {
		errs = append(errs, f.server.Process.Kill())
		_ = f.server.Wait() // it was killed, and says so
	}
	return errors.Join(errs...)
}

// allUp waits until every website is up.
func (f *fleet) allUp(ctx context.Context) error {
	patience := 2*time.Minute + time.Duration(f.plan.sites)*10*time.Millisecond
	up := 0
	err := until(ctx, "all websites are up", patience, 250*time.Millisecond, func() (bool, error) {
		err := f.db.QueryRow(ctx, "SELECT count(*) FROM monitor_state WHERE verdict = 'up'").Scan(&up)
		return up >= f.plan.sites, err
	})
	if err != nil {
		return fmt.Errorf("%w (%d of %d)", err, up, f.plan.sites)
	}
	return nil
}

// CommandTarget is the websites' process.
func CommandTarget(ctx context.Context, args []string, _ io.Writer) error {
	if len(args) != 2 {
		return errors.New("usage: stack bench-target PORT DELAY")
	}
	port, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	delay, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	return target.Serve(ctx, port, delay)
}
