package supervise_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
)

// eventually polls until ok, so that no test waits longer than it must.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within a minute: %s", what)
}

type told struct {
	mu    sync.Mutex
	lines []string
}

func (t *told) tell(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, fmt.Sprintf(format, args...))
}

func (t *told) has(part string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Contains(strings.Join(t.lines, "\n"), part)
}

type bench struct {
	*supervise.Supervisor
	run, log string
	told     *told
}

func newBench(t *testing.T) bench {
	t.Helper()
	b := bench{run: filepath.Join(t.TempDir(), "run"), log: filepath.Join(t.TempDir(), "log"), told: &told{}}
	s, err := supervise.New(b.run, b.log, b.told.tell)
	if err != nil {
		t.Fatal(err)
	}
	b.Supervisor = s
	t.Cleanup(func() {
		for _, id := range supervise.Leftovers(b.run) {
			_ = id.Signal(syscall.SIGKILL)
		}
	})
	return b
}

func (b bench) pidFile(t *testing.T, name string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.run, name+".pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatalf("pid file: %v", err)
	}
	return pid
}

func sleeper(name string) supervise.Spec {
	return supervise.Spec{Name: name, Path: "/bin/sleep", Args: []string{"600"}}
}

func TestAKilledProcessIsStartedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.Start(sleeper("napper")); err != nil {
		t.Fatal(err)
	}
	first := b.pidFile(t, "napper")
	if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", first)); strings.TrimSpace(string(name)) != "sleep" {
		t.Errorf("the pid file names %q, want the process itself", name)
	}
	if err := b.Kill("napper"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "started again", func() bool {
		st, err := b.Status("napper")
		return err == nil && st.Running && st.Starts == 2 && b.pidFile(t, "napper") == st.Pid
	})
	if !b.told.has("napper ended (signal: killed)") {
		t.Errorf("told %q", b.told.lines)
	}
	if err := b.Halt("napper"); err != nil {
		t.Fatal(err)
	}
	b.Wait()
	if b.pidFile(t, "napper") != 0 {
		t.Error("a pid file is left")
	}
}

func TestHaltAndAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, n := range []string{"a", "b"} {
		if err := b.Start(sleeper(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Start(sleeper("a")); err == nil {
		t.Error("two processes of one name")
	}
	if err := b.Halt("a", "b"); err != nil {
		t.Fatal(err)
	}
	if st, _ := b.Status("a"); st.Running {
		t.Error("a runs although it was halted")
	}
	if err := b.Again("a"); err != nil {
		t.Fatal(err)
	}
	if st, _ := b.Status("a"); !st.Running {
		t.Error("a does not run again")
	}
	if err := b.Halt("a"); err != nil {
		t.Fatal(err)
	}
	if err := b.Kill("nobody"); err == nil {
		t.Error("killed a process that there is not")
	}
}

func TestSwapStartsItChangedUntilItIsSwappedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	out := filepath.Join(t.TempDir(), "out")
	script := func(text string) []string { return []string{"-c", "echo " + text + " >> " + out + "; exec sleep 60"} }
	said := func(want string) func() bool {
		return func() bool {
			got, err := os.ReadFile(out)
			return err == nil && string(got) == want
		}
	}
	if err := b.Start(supervise.Spec{Name: "p", Path: "/bin/sh", Args: script("first")}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the first runs", said("first\n"))
	if err := b.Swap("p", func(s *supervise.Spec) { s.Args = script("second") }); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second runs", said("first\nsecond\n"))
	if err := b.Kill("p"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second runs again", said("first\nsecond\nsecond\n"))
	if err := b.Swap("q", func(*supervise.Spec) {}); err == nil {
		t.Error("a process that is not there was swapped")
	}
	if err := b.Halt("p"); err != nil {
		t.Fatal(err)
	}
}

func TestAProcessThatKeepsDyingCanBeHalted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.Start(supervise.Spec{Name: "crasher", Path: "/bin/sh", Args: []string{"-c", "echo last words; exit 3"}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "three starts", func() bool { st, _ := b.Status("crasher"); return st.Starts >= 3 })
	if err := b.Halt("crasher"); err != nil {
		t.Fatal(err)
	}
	if !b.told.has("exit status 3") {
		t.Errorf("told %q", b.told.lines)
	}
	if words := supervise.Tail(filepath.Join(b.log, "crasher.log"), 11); words != "last words\n" {
		t.Errorf("log ends with %q", words)
	}
}

func TestAProgramThatIsNotThere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.Start(supervise.Spec{Name: "ghost", Path: "/nonexistent/program"}); err == nil {
		t.Fatal("started nothing")
	}
	if err := b.Start(sleeper("ghost")); err != nil {
		t.Errorf("its name is taken: %v", err)
	}
	if err := b.Halt("ghost"); err != nil {
		t.Fatal(err)
	}
}

func TestLeftoversAreKnownByMoreThanTheirNumber(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.Start(sleeper("napper")); err != nil {
		t.Fatal(err)
	}
	left := supervise.Leftovers(b.run)
	id, ok := left["napper"]
	if !ok || len(left) != 1 || !id.Alive() {
		t.Fatalf("leftovers: %v", left)
	}
	// The number came round: another process, another start time; or another boot.
	for _, other := range []supervise.Identity{
		{Pid: id.Pid, Start: id.Start + 1, Boot: id.Boot},
		{Pid: id.Pid, Start: id.Start, Boot: "another"},
		{Pid: 1, Start: 0, Boot: id.Boot},
		{},
	} {
		if other.Alive() {
			t.Errorf("%+v passes for the process", other)
		}
		if err := other.End(syscall.SIGKILL, time.Second); err != nil {
			t.Errorf("%+v: %v", other, err)
		}
	}
	if !id.Alive() {
		t.Fatal("a stranger was killed")
	}
	if err := b.Halt("napper"); err != nil {
		t.Fatal(err)
	}
	if id.Alive() || len(supervise.Leftovers(b.run)) != 0 {
		t.Error("there are leftovers after a halt")
	}
}

func TestEndKillsWhatDoesNotHeed(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("ready"))); err != nil {
		t.Fatal(err)
	}
	id, err := supervise.Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := id.End(syscall.SIGTERM, 50*time.Millisecond); err != nil {
		t.Error(err)
	}
	if id.Alive() { // dead, though its parent has not looked yet
		t.Error("alive")
	}
	_ = cmd.Wait()
	if cmd.ProcessState.String() != "signal: killed" {
		t.Errorf("ended by %s", cmd.ProcessState)
	}
}
