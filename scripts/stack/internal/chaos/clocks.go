package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
)

// The clocks that the programs can be built with: an hour ahead and an hour behind.
const (
	ahead  = "ahead"
	behind = "behind"
)

// Nothing moves the clock of one process of a machine: Go reads it without a system
// call, and namespaces do not have one of their own. So the services are built once
// more, unchanged, with a time.Now that is an hour off. Only the wall clock is; the
// monotonic one, which measures durations, is as it should be.
const (
	rightNow = "\tsec, nsec, mono := runtimeNow()\n\tif mono == 0 {"
	wrongNow = "\tsec, nsec, mono := runtimeNow()\n\tsec += wrongBy()\n\tif mono == 0 {"

	wrongBy = `
var wrongClock string

func wrongBy() int64 {
	switch wrongClock {
	case "ahead":
		return 3600
	case "behind":
		return -3600
	}
	return 0
}
`
)

// clocksDir is where the services with wrong clocks are: always in the same place, so
// that the next build finds what it needs compiled.
func clocksDir(root string) string { return filepath.Join(root, ".data", "clocks") }

// BuildClocks builds the services of a checkout with wrong clocks, for the scenarios
// that need them. The first time that takes minutes: everything is compiled anew.
func BuildClocks(ctx context.Context, root string) error {
	dir := clocksDir(root)
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	original := filepath.Join(strings.TrimSpace(string(goroot)), "src", "time", "time.go")
	source, err := os.ReadFile(original)
	if err != nil {
		return err
	}
	if strings.Count(string(source), rightNow) != 1 {
		return errors.New("this Go's time.Now is not as expected: the clock cannot be moved")
	}
	changed := filepath.Join(dir, "time.go")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(changed, []byte(strings.Replace(string(source), rightNow, wrongNow, 1)+wrongBy), 0o644); err != nil {
		return err
	}
	overlay := filepath.Join(dir, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(overlay, text, 0o644); err != nil {
		return err
	}
	for _, clock := range []string{ahead, behind} {
		args := []string{"build", "-buildvcs=false", "-overlay", overlay, "-ldflags", "-X time.wrongClock=" + clock, "-o", filepath.Join(dir, clock) + "/"}
		for _, s := range []string{"api", "pusher", "aggregator", "notifier", "worker"} {
			args = append(args, "./services/"+s+"/cmd/"+s)
		}
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build with a clock that is %s: %w\n%s", clock, err, out)
		}
	}
	return nil
}

// wrongClocks starts processes anew with clocks that are off; healed, they are right again.
func wrongClocks(clock map[string]string) injection {
	start := func(ctx context.Context, r *Rig, path func(program, name string) string) error {
		for name := range clock {
			err := r.fleet.Swap(name, func(s *supervise.Spec) { s.Path = path(filepath.Base(s.Path), name) })
			if err != nil {
				return err
			}
		}
		for name := range clock {
			if err := r.fleet.Ready(ctx, name); err != nil {
				return err
			}
		}
		return nil
	}
	return func(ctx context.Context, r *Rig) (func(context.Context) error, error) {
		dir := clocksDir(r.cfg.Root)
		wrong := func(program, name string) string { return filepath.Join(dir, clock[name], program) }
		right := func(program, _ string) string { return filepath.Join(r.cfg.Root, "bin", program) }
		return func(ctx context.Context) error { return start(ctx, r, right) }, start(ctx, r, wrong)
	}
}

// clocksAreOff checks by their logs that the clocks were off at all.
func clocksAreOff(clock map[string]string) look {
	return func(_ context.Context, r *Rig, _ *play) []Check {
		off := 0
		for name, how := range clock {
			by, err := r.logIsOff(name)
			if err != nil {
				return []Check{{What: "log of " + name, Got: err.Error()}}
			}
			const most = time.Minute // since it logged
			if how == ahead && (by-time.Hour).Abs() < most || how == behind && (by+time.Hour).Abs() < most {
				off++
			}
		}
		return []Check{{What: "clocks that were off:", Got: fmt.Sprintf("%d of %d", off, len(clock)), OK: off == len(clock)}}
	}
}

// logIsOff returns how far ahead of the right time the last line of a process' log is.
func (r *Rig) logIsOff(name string) (time.Duration, error) {
	const most = 16 << 10
	tail := strings.TrimSpace(supervise.Tail(filepath.Join(stack.LogDir(filepath.Join(r.cfg.Dir, "data")), name+".log"), most))
	var line struct {
		Time time.Time `json:"time"`
	}
	if err := json.Unmarshal([]byte(tail[strings.LastIndexByte(tail, '\n')+1:]), &line); err != nil {
		return 0, err
	}
	return time.Until(line.Time), nil
}

// clocks are faults of the machines' clocks. Where some are ahead and others behind, no
// two agree by being wrong alike.
func clocks() []Scenario {
	one := map[string]string{
		stack.API: ahead, stack.Pusher: behind, stack.Aggregator: ahead, stack.Notifier: behind, stack.Worker(theRegion): ahead,
	}
	other := map[string]string{}
	for name, clock := range one {
		other[name] = map[string]string{ahead: behind, behind: ahead}[clock]
	}
	scenario := func(clock map[string]string, how string) Scenario {
		return Scenario{
			Name: "clocks off, " + how, Fault: "their time.Now is an hour off for %s, Redis' and PostgreSQL's are right",
			Promise: "fleet time and the database's decide: nothing is late, early or found twice",
			Long:    15 * time.Second, Inject: wrongClocks(clock), During: clocksAreOff(clock), Clocks: true,
		}
	}
	return []Scenario{
		scenario(one, "API, aggregator, a worker ahead; pusher, notifier behind"),
		scenario(other, "API, aggregator, a worker behind; pusher, notifier ahead"),
	}
}
