package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
	"github.com/probefleet/probefleet/scripts/stack/internal/place"
	"github.com/probefleet/probefleet/scripts/stack/internal/sandbox"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

// Config of a rig.
type Config struct {
	Root     string // of the checkout, whose bin holds the programs
	Dir      string // where everything is kept; PostgreSQL's account must reach it
	Websites int    // that are watched all the time and are well
	Tell     func(format string, args ...any)
}

// diskMiB is how large the file system of an engine is, where it has one of its own:
// small enough to be filled in a moment.
const diskMiB = 512

// Rig is a fleet to be broken.
type Rig struct {
	cfg      Config
	fleet    *stack.Stack
	regions  []string
	postgres *link
	redis    map[string]*link // "" for the core, and one for each region
	influx   *influxFront
	targets  *targets.Server
	hook     *sink
	hookHTTP *httptest.Server

	queue *queue.Client // as the core reaches Redis
	raw   *redis.Client
	port  int // the next that is free
	disks map[string]func() error
	ends  []func() error

	ready        time.Time // since when its websites are judged
	steady, dead []website // well all the time; down all the time
	serial       int       // of outages' websites

	forged       map[string]int64 // checks that no pusher made, by region, within the scenario
	slack        *sink            // of the scenario that has one
	slackChannel string

	pings            *sink // what the fleet calls while all of it moves
	operators        *sink // of the scenario that has a channel for news of the fleet
	operatorsChannel string
}

// Start starts a fleet behind proxies and waits until its websites are judged.
func Start(ctx context.Context, cfg Config) (*Rig, error) {
	r := &Rig{cfg: cfg, regions: stack.DefaultRegions(), redis: map[string]*link{}, hook: &sink{}, disks: map[string]func() error{}}
	r.hookHTTP = httptest.NewServer(r.hook)
	err := r.start(ctx)
	if err == nil {
		err = r.watchAll(ctx)
		r.ready = time.Now()
	}
	if err != nil {
		return nil, errors.Join(err, r.Stop(true))
	}
	return r, nil
}

func (r *Rig) start(ctx context.Context) error {
	var err error
	if r.targets, err = targets.Start(targets.Config{}); err != nil {
		return err
	}
	opt, err := r.options()
	if err != nil {
		return err
	}
	if r.fleet, err = stack.Start(ctx, opt); err != nil {
		return err
	}
	if r.queue, err = queue.Open(ctx, queue.Config{URL: opt.Env[""]["REDIS_URL"], Name: "chaos"}); err != nil {
		return err
	}
	how, err := redis.ParseURL(opt.Env[""]["REDIS_URL"])
	if err != nil {
		return err
	}
	r.raw = redis.NewClient(how)
	return nil
}

// options lays proxies before the engines and disks below them.
func (r *Rig) options() (stack.Options, error) {
	const engineAndOpsPorts, links, spare = 20, 8, 4
	first, err := place.Free(engineAndOpsPorts + links + spare)
	if err != nil {
		return stack.Options{}, err
	}
	r.port = first + engineAndOpsPorts
	opt := stack.Options{
		Root: r.cfg.Root, Dir: filepath.Join(r.cfg.Dir, "data"), Site: "one-box", Tell: r.cfg.Tell,
		Ports:   place.Ports{API: first, Postgres: first + 1, Redis: first + 2, Influx: first + 3, Ops: first + 4},
		Environ: []string{"PATH=" + os.Getenv("PATH"), "CANARY_TARGETS=" + r.targets.URL + "/canary"},
		Env:     map[string]map[string]string{},
	}
	if sandbox.CanMount() {
		for _, engine := range []string{engines.Postgres, engines.Redis, engines.Influx} {
			if r.disks[engine], err = sandbox.SmallDisk(filepath.Join(opt.Dir, engine), diskMiB); err != nil {
				return opt, err
			}
		}
	}
	// The stack keeps the passwords that it finds.
	redisPassword, err := engines.Secret(filepath.Join(opt.Dir, "redis.secret"), 24)
	if err != nil {
		return opt, err
	}
	postgresPassword, err := engines.Secret(filepath.Join(opt.Dir, "postgres.secret"), 24)
	if err != nil {
		return opt, err
	}
	if r.influx, err = newInfluxFront("http://" + loopback(opt.Ports.Influx)); err != nil {
		return opt, err
	}
	var at string
	if r.postgres, at, err = r.link("postgres", loopback(opt.Ports.Postgres)); err != nil {
		return opt, err
	}
	opt.Env[""] = map[string]string{
		"DATABASE_URL": "postgres://probefleet:" + postgresPassword + "@" + at + "/probefleet?sslmode=disable",
		"INFLUXDB_URL": r.influx.url,
	}
	switched := map[string]string{"HEALTHCHECK_PING_URL": r.pingSink()}
	opt.Env[stack.API], opt.Env[stack.Aggregator] = switched, switched
	for _, name := range append([]string{""}, r.regions...) {
		if r.redis[name], at, err = r.link("redis "+name, loopback(opt.Ports.Redis)); err != nil {
			return opt, err
		}
		url := "redis://default:" + redisPassword + "@" + at + "/0"
		if name == "" {
			opt.Env[""]["REDIS_URL"] = url
			continue
		}
		opt.Env[stack.Worker(name)] = map[string]string{"REDIS_URL": url, "DATABASE_URL": ""}
	}
	return opt, nil
}

// link leads from a port of its own to an address; it returns its own, too.
func (r *Rig) link(name, to string) (*link, string, error) {
	port := r.freePort()
	l, err := newLink(name, port, to)
	if err == nil {
		r.ends = append(r.ends, func() error { l.refuse(); return nil })
	}
	return l, loopback(port), err
}

func (r *Rig) freePort() int {
	r.port++
	return r.port - 1
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// Stop ends the fleet; what it kept is deleted unless it is to be looked at.
func (r *Rig) Stop(keep bool) error {
	var errs []error
	if r.queue != nil {
		errs = append(errs, r.queue.Close())
	}
	if r.raw != nil {
		errs = append(errs, r.raw.Close())
	}
	if r.fleet != nil {
		errs = append(errs, r.fleet.Stop())
	}
	for _, end := range r.ends {
		errs = append(errs, end())
	}
	for _, unmount := range r.disks {
		errs = append(errs, unmount())
	}
	if r.influx != nil {
		errs = append(errs, r.influx.http.Close())
	}
	r.hookHTTP.Close()
	if r.targets != nil {
		r.targets.Close()
	}
	if !keep && r.fleet != nil {
		errs = append(errs, r.fleet.Destroy())
	}
	return errors.Join(errs...)
}

// call asks the API.
func (r *Rig) call(ctx context.Context, method, path string, in, out any) error {
	if err := r.fleet.Client().Do(ctx, method, path, in, out); err != nil {
		return fmt.Errorf("the API: %w", err)
	}
	return nil
}

// discard deletes something by the API, which may need as long as a restart takes.
func (r *Rig) discard(ctx context.Context, path string) error {
	var err error
	until(ctx, patience, func() bool {
		err = r.call(ctx, http.MethodDelete, path, nil, nil)
		return err == nil
	})
	return err
}

// ledger returns what the ledger of each region says now.
func (r *Rig) ledger(ctx context.Context) (map[string]Slots, error) {
	out := map[string]Slots{}
	for _, name := range r.regions {
		s, err := r.queue.LaneStats(ctx, queue.Lane{Region: name})
		if err != nil {
			return nil, err
		}
		l := s.Ledger
		out[name] = Slots{
			Scheduled: l.Scheduled, Done: l.Done, Expired: l.Expired, Invalid: l.Invalid, Dropped: l.Dropped,
			Missed: l.Missed, Waiting: l.Waiting, TicksLost: s.TicksLost,
			Balance: max(l.Balance(), -l.Balance()) + max(s.Urgent.Balance(), -s.Urgent.Balance()),
		}
	}
	return out, nil
}

// moves tells whether checks flow in every region, beyond what was done at the base, and nothing
// waits: not for workers, the aggregator or the writers of ticks. The API must answer.
func (r *Rig) moves(ctx context.Context, base map[string]Slots) bool {
	ctx, cancel := context.WithTimeout(ctx, fresh)
	defer cancel()
	for _, name := range r.regions {
		s, err := r.queue.LaneStats(ctx, queue.Lane{Region: name})
		if err != nil || s.Ledger.Done == base[name].Done {
			return false
		}
		for _, q := range []queue.QueueStats{s.Checks, s.UrgentQ, s.Aggregator, s.Ticks} {
			if q.OldestAge > fresh || q.StuckAge > stuck {
				return false
			}
		}
	}
	return r.call(ctx, http.MethodGet, "/v1/fleet", nil, nil) == nil
}
