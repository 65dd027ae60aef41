// Package supervise keeps processes running: it starts them, records who they are,
// starts them again when they die, bounds their logs, and stops them in order. The
// processes outlive a supervisor that is killed, and the next one finds them by their
// records.
package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Pauses before a process that died is started again: they double, and begin anew
// after it ran for a while.
const (
	backoffFirst = 200 * time.Millisecond
	backoffMost  = 10 * time.Second
	backoffReset = 30 * time.Second
)

// stopPatience is how long a process has to end after its signal before it is killed;
// services drain for 25 s at most.
const stopPatience = 30 * time.Second

var errHalted = errors.New("halted")

// Spec says how to run a process.
type Spec struct {
	Name string
	Path string
	Args []string
	Env  []string // the whole environment
	Dir  string
	User *syscall.Credential // nil: that of the supervisor
	Stop syscall.Signal      // zero: SIGTERM
}

// Supervisor runs processes. Its methods may be called concurrently.
type Supervisor struct {
	runDir, logDir string
	tell           func(format string, args ...any)

	mu    sync.Mutex
	procs map[string]*process
	wg    sync.WaitGroup
}

// process is one supervised process; its fields are guarded by the supervisor's mutex.
type process struct {
	spec    Spec
	id      Identity
	running bool
	starts  int
	halted  bool          // to be left alone when it ends
	changed chan struct{} // closed and replaced whenever running or halted changes
	done    chan struct{} // closed when its loop has ended
}

// New returns a supervisor that records processes in runDir, lets them log to logDir,
// and tells what happens, one line each, by tell. Both directories are made.
func New(runDir, logDir string, tell func(format string, args ...any)) (*Supervisor, error) {
	for _, d := range []string{runDir, logDir} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	return &Supervisor{runDir: runDir, logDir: logDir, tell: tell, procs: map[string]*process{}}, nil
}

// Run bounds the logs until ctx ends; call it once beside the processes.
func (s *Supervisor) Run(ctx context.Context) error {
	ticks := time.NewTicker(logCheck)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
			s.mu.Lock()
			names := make([]string, 0, len(s.procs))
			for n := range s.procs {
				names = append(names, n)
			}
			s.mu.Unlock()
			for _, n := range names {
				if err := boundLog(s.logPath(n), logBytes); err != nil {
					s.tell("log of %s: %v", n, err)
				}
			}
		}
	}
}

// Start starts a process and keeps it running until it is halted. It returns after the
// first start, with its error if that failed; then nothing is kept running.
func (s *Supervisor) Start(spec Spec) error {
	s.mu.Lock()
	if old := s.procs[spec.Name]; old != nil && !old.halted {
		s.mu.Unlock()
		return fmt.Errorf("%s is started already", spec.Name)
	}
	p := &process{spec: spec, changed: make(chan struct{}), done: make(chan struct{})}
	s.procs[spec.Name] = p
	s.mu.Unlock()
	cmd, err := s.launch(p)
	if err != nil {
		s.mu.Lock()
		delete(s.procs, spec.Name)
		s.mu.Unlock()
		return err
	}
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		defer close(p.done)
		s.keep(p, cmd)
	}()
	return nil
}

// keep waits for the process and starts it again, until it is halted.
func (s *Supervisor) keep(p *process, cmd *exec.Cmd) {
	pause := backoffFirst
	for {
		begun := time.Now()
		if cmd != nil {
			_ = cmd.Wait() // how it ended is in cmd.ProcessState
			if s.ended(p) {
				forget(s.runDir, p.spec.Name)
				return
			}
			if time.Since(begun) > backoffReset {
				pause = backoffFirst
			}
			s.tell("%s ended (%s), starting it again in %v", p.spec.Name, cmd.ProcessState, pause)
		}
		s.sleep(p, pause)
		pause = min(2*pause, backoffMost)
		if s.ended(p) {
			forget(s.runDir, p.spec.Name)
			return
		}
		var err error
		if cmd, err = s.launch(p); err != nil && !errors.Is(err, errHalted) {
			s.tell("%s: %v", p.spec.Name, err)
			cmd = nil
		}
	}
}

// ended marks the process as not running and tells whether to leave it at that.
func (s *Supervisor) ended(p *process) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.running = false
	s.signal(p)
	return p.halted
}

// sleep pauses, but not for a process that is halted meanwhile.
func (s *Supervisor) sleep(p *process, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		s.mu.Lock()
		halted, changed := p.halted, p.changed
		s.mu.Unlock()
		if halted {
			return
		}
		select {
		case <-timer.C:
			return
		case <-changed:
		}
	}
}

// signal wakes whoever waits for a change of p. The mutex must be held.
func (s *Supervisor) signal(p *process) {
	close(p.changed)
	p.changed = make(chan struct{})
}

// launch starts the process once. It logs to a file of its own rather than through
// the supervisor, whose end would otherwise break its writes.
func (s *Supervisor) launch(p *process) (*exec.Cmd, error) {
	log, err := os.OpenFile(s.logPath(p.spec.Name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := p.spec.command()
	cmd.Stdout, cmd.Stderr = log, log

	s.mu.Lock()
	defer s.mu.Unlock()
	if p.halted {
		return nil, errHalted
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p.starts++
	id, err := Identify(cmd.Process.Pid)
	if err == nil {
		err = record(s.runDir, p.spec.Name, id)
	} else if errors.Is(err, ErrGone) { // it died at once; Wait tells how
		err = nil
	}
	if err != nil {
		s.tell("%s: cannot record its process: %v", p.spec.Name, err)
	}
	p.id, p.running = id, true
	s.signal(p)
	return cmd, nil
}

// command builds the command. The process gets a group of its own, so that Ctrl-C at
// the terminal reaches the supervisor only, which then stops everything in order.
func (spec Spec) command() *exec.Cmd {
	cmd := exec.Command(spec.Path, spec.Args...)
	cmd.Env = spec.Env
	cmd.Dir = spec.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: spec.User}
	return cmd
}

func (s *Supervisor) logPath(name string) string { return filepath.Join(s.logDir, name+".log") }

// Kill kills a process as a crash would; it is then started again.
func (s *Supervisor) Kill(name string) error {
	p, err := s.find(name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !p.running {
		return fmt.Errorf("%s: %w", name, ErrGone)
	}
	return p.id.Signal(syscall.SIGKILL)
}

// Halt stops processes together and leaves them stopped. It returns when all have
// ended.
func (s *Supervisor) Halt(names ...string) error {
	errs := make([]error, len(names))
	var wg sync.WaitGroup
	for i, n := range names {
		wg.Go(func() { errs[i] = s.halt(n) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (s *Supervisor) halt(name string) error {
	p, err := s.find(name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	p.halted = true
	s.signal(p)
	id, running := p.id, p.running
	s.mu.Unlock()
	if running {
		how := p.spec.Stop
		if how == 0 {
			how = syscall.SIGTERM
		}
		if err := id.End(how, stopPatience); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	<-p.done
	return nil
}

// Again starts a process that was halted, as it was.
func (s *Supervisor) Again(name string) error {
	p, err := s.find(name)
	if err != nil {
		return err
	}
	return s.Start(p.spec)
}

// Swap stops a process and starts it as change has changed it.
func (s *Supervisor) Swap(name string, change func(*Spec)) error {
	if err := s.halt(name); err != nil {
		return err
	}
	p, err := s.find(name)
	if err != nil {
		return err
	}
	spec := p.spec
	change(&spec)
	return s.Start(spec)
}

// State is what Status knows of a process.
type State struct {
	Pid     int
	Running bool
	Starts  int
}

// Status returns the state of a process.
func (s *Supervisor) Status(name string) (State, error) {
	p, err := s.find(name)
	if err != nil {
		return State{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{Pid: p.id.Pid, Running: p.running, Starts: p.starts}, nil
}

// Wait returns when every process has been halted and has ended.
func (s *Supervisor) Wait() { s.wg.Wait() }

func (s *Supervisor) find(name string) (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.procs[name]
	if p == nil {
		return nil, fmt.Errorf("no process is named %q", name)
	}
	return p, nil
}
