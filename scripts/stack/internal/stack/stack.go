// Package stack runs a whole fleet on one machine: private engines, the services, a
// worker for each of its pretended regions, all supervised. Everything that it keeps is
// in one directory; started again, it goes on from there.
package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/api"
	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
)

// Bounds of the phases of a start. An engine may have a crash to recover from.
const (
	enginesTime  = 5 * time.Minute
	migrateTime  = 5 * time.Minute
	servicesTime = 2 * time.Minute
)

// ErrRunning is returned by [Start] when another stack runs in the directory.
var ErrRunning = errors.New("already running")

// Stack is a running stack.
type Stack struct {
	Credentials
	DatabaseURL, RedisURL, InfluxURL string // with passwords

	opt     Options
	engines *engines.Engines
	sup     *supervise.Supervisor
	sealKey string
	keys    map[string]string // of regions' messages
	door    string            // what workers elsewhere come in by now

	unlock func()
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// RunDir and LogDir are where a stack's directory keeps the pids and the logs.
func RunDir(dir string) string { return filepath.Join(dir, "run") }

// LogDir is where the processes log, each to <name>.log.
func LogDir(dir string) string { return filepath.Join(dir, "log") }

// Start starts a stack and returns when all of it is ready. What a killed supervisor
// left running is stopped first. The programs must have been built.
func Start(ctx context.Context, opt Options) (*Stack, error) {
	opt.defaults()
	unlock, err := engines.Lock(filepath.Join(opt.Dir, "lock"), false)
	if errors.Is(err, engines.ErrLocked) {
		return nil, ErrRunning
	}
	if err != nil {
		return nil, err
	}
	s := &Stack{opt: opt, unlock: unlock, keys: map[string]string{}}
	for _, phase := range []func(context.Context) error{s.prepare, s.startEngines, s.migrate, s.startServices, s.OpenTLS} {
		if err := phase(ctx); err != nil {
			return nil, errors.Join(err, s.Stop())
		}
	}
	return s, nil
}

// prepare clears the way and lays out directories, keys and credentials.
func (s *Stack) prepare(ctx context.Context) error {
	opt := s.opt
	if left := supervise.Leftovers(RunDir(opt.Dir)); len(left) > 0 {
		opt.Tell("stopping %d processes that a killed run left behind", len(left))
		if err := engines.End(left); err != nil {
			return err
		}
	}
	if err := opt.Ports.Taken(len(opt.Regions)); err != nil {
		return err
	}
	err := supervise.Record(RunDir(opt.Dir), Supervisor, os.Getpid())
	if err != nil {
		return err
	}
	if s.sup, err = supervise.New(RunDir(opt.Dir), LogDir(opt.Dir), opt.Tell); err != nil {
		return err
	}
	if s.engines, err = engines.Prepare(ctx, opt.engines()); err != nil {
		return err
	}
	s.DatabaseURL, s.RedisURL, s.InfluxURL = s.engines.DatabaseURL, s.engines.RedisURL, s.engines.InfluxURL
	if opt.RedisURL != "" {
		_ = os.Remove(redisURLFile(opt.Dir)) // it may not be there
	} else if err := engines.WritePrivate(redisURLFile(opt.Dir), s.RedisURL+"\n"); err != nil {
		return err
	}
	if s.sealKey = s.environ("SEAL_KEY"); s.sealKey == "" {
		if s.sealKey, err = key(filepath.Join(opt.Dir, "seal.key")); err != nil {
			return err
		}
	}
	for _, r := range opt.Regions {
		if s.keys[r], err = key(RegionKeyFile(opt.Dir, r)); err != nil {
			return err
		}
	}
	url := "http://" + net.JoinHostPort(localHost(s.environ("BIND")), strconv.Itoa(opt.Ports.API))
	s.Credentials, err = credentials(opt.Dir, url, s.environ)
	return err
}

// RegionKeyFile is where a region's message key is kept.
func RegionKeyFile(dir, region string) string {
	return filepath.Join(dir, "regions", region+".key")
}

// environ returns a variable of the inherited environment.
func (s *Stack) environ(name string) string {
	for _, kv := range s.opt.Environ {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}

// localHost is the address at which this machine reaches what listens on bind.
func localHost(bind string) string {
	if ip := net.ParseIP(bind); ip != nil && !ip.IsUnspecified() {
		return bind
	}
	return "127.0.0.1"
}

func (s *Stack) startEngines(ctx context.Context) error {
	loop, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.wg.Go(func() { _ = s.sup.Run(loop) }) // ends without an error when cancelled
	if len(s.engines.Specs) == 0 {
		return nil
	}
	begun := time.Now()
	for _, spec := range s.engines.Specs {
		if err := s.sup.Start(spec); err != nil {
			return fmt.Errorf("start %s: %w", spec.Name, err)
		}
	}
	ctx, cancelReady := context.WithTimeout(ctx, enginesTime)
	defer cancelReady()
	if err := s.engines.Ready(ctx); err != nil {
		return fmt.Errorf("%w; logs are in %s", err, LogDir(s.opt.Dir))
	}
	s.opt.Tell("engines ready after %.1f s: %s", time.Since(begun).Seconds(), strings.Join(s.engines.Names(), ", "))
	return nil
}

// Client returns a client of the API under the administrator's key.
func (s *Stack) Client() api.Client { return api.Client{URL: s.URL, Key: s.APIKey} }

// Names returns the names of all processes, engines first.
func (s *Stack) Names() []string {
	names := s.engines.Names()
	for _, spec := range s.services() {
		names = append(names, spec.Name)
	}
	return names
}

// Kill kills a process as a crash would; it is started again at once.
func (s *Stack) Kill(name string) error { return s.sup.Kill(name) }

// Halt stops processes in their own manner and leaves them stopped until [Stack.Again].
func (s *Stack) Halt(names ...string) error { return s.sup.Halt(names...) }

// Again starts a process that was halted.
func (s *Stack) Again(name string) error { return s.sup.Again(name) }

// Swap stops a process in its own manner and starts it changed, until it is swapped again.
func (s *Stack) Swap(name string, change func(*supervise.Spec)) error {
	return s.sup.Swap(name, change)
}

// Pid returns the process number, or zero while it does not run.
func (s *Stack) Pid(name string) int {
	st, err := s.sup.Status(name)
	if err != nil || !st.Running {
		return 0
	}
	return st.Pid
}

// Stop stops everything: first what takes and does work, then the engines under it. It
// may be called more than once.
func (s *Stack) Stop() error {
	var errs []error
	if s.sup != nil && s.engines != nil {
		var started []string
		for _, n := range s.Names() {
			if _, err := s.sup.Status(n); err == nil {
				started = append(started, n)
			}
		}
		if s.tlsStarted() {
			started = append(started, RedisTLS)
		}
		below := s.engines.Names()
		above := slices.DeleteFunc(slices.Clone(started), func(n string) bool { return slices.Contains(below, n) })
		below = slices.DeleteFunc(below, func(n string) bool { return !slices.Contains(started, n) })
		errs = append(errs, s.sup.Halt(above...), s.sup.Halt(below...))
	}
	if s.cancel != nil {
		s.cancel()
	}
	s.wg.Wait()
	if s.unlock != nil {
		supervise.Forget(RunDir(s.opt.Dir), Supervisor)
		s.unlock()
		s.unlock = nil
	}
	return errors.Join(errs...)
}

// Destroy stops the stack and deletes all that it kept.
func (s *Stack) Destroy() error {
	return errors.Join(s.Stop(), engines.Remove(s.opt.Dir), os.RemoveAll(s.opt.Dir))
}

func (s *Stack) tlsStarted() bool {
	_, err := s.sup.Status(RedisTLS)
	return err == nil
}
