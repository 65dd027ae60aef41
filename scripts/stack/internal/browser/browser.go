// Package browser lets a browser drive a whole fleet: it starts one of its own, with
// an empty database, beside websites that behave as they are told, and runs the
// dashboard's programs (services/api/web/e2e) against it, which may halt parts of it.
// All of that happens in a network of its own, from which nothing outside is reached.
package browser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
	"github.com/probefleet/probefleet/scripts/stack/internal/place"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

// Config says what to run and where.
type Config struct {
	Root, Data string // the checkout, and .data in it
	Task       string // of [Tasks]
	Args       []string
	Doc        bool // whether the task may write into docs
	Out        io.Writer
	Tell       func(format string, args ...any)
}

// projects are what each task runs, in the words of e2e/vitest.config.ts.
var projects = map[string][]string{
	"test":        {"first", "together", "broken"},
	"bench":       {"bench"},
	"screenshots": {"screenshots"},
}

// Tasks returns the names of what there is to run.
func Tasks() []string { return slices.Sorted(maps.Keys(projects)) }

// wholeTime bounds a run: a machine with much else to do is slow, a hung browser is for ever.
const wholeTime = 20 * time.Minute

// grace is how long the browser's program has to end after it was told so.
const grace = 10 * time.Second

// Run runs one task. Its error says that the task has failed, and where the fleet's
// logs are.
func Run(ctx context.Context, cfg Config) error {
	if !slices.Contains(Tasks(), cfg.Task) {
		return fmt.Errorf("task %q: want one of %s", cfg.Task, strings.Join(Tasks(), ", "))
	}
	program, err := Chromium()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	dir, err := os.MkdirTemp("", "probefleet-browser-")
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL runs under an account of its own
		return err
	}
	sites, err := targets.Start(targets.Config{Control: true})
	if err != nil {
		return err
	}
	defer sites.Close()
	fleet, err := start(ctx, cfg, dir, sites.URL)
	if err != nil {
		return err
	}
	failed := drive(ctx, cfg, fleet, map[string]string{
		"PROBEFLEET_URL":      fleet.URL,
		"PROBEFLEET_API_KEY":  fleet.APIKey,
		"PROBEFLEET_DATABASE": fleet.DatabaseURL,
		"PROBEFLEET_TARGETS":  sites.URL,
		"PROBEFLEET_CHROMIUM": program,
		"PROBEFLEET_KEEP":     filepath.Join(cfg.Data, "browser"),
		"PROBEFLEET_DOC":      map[bool]string{true: "1"}[cfg.Doc],
	})
	if failed != nil {
		kept := filepath.Join(cfg.Data, "browser", "log")
		return errors.Join(fmt.Errorf("%w; the fleet's logs are in %s", failed, kept), keepLogs(stack.LogDir(filepath.Join(dir, "data")), kept), fleet.Destroy(), os.RemoveAll(dir))
	}
	return errors.Join(fleet.Destroy(), os.RemoveAll(dir))
}

// start starts the fleet, on which nobody has an account yet.
func start(ctx context.Context, cfg Config, dir, sites string) (*stack.Stack, error) {
	ports, err := place.FreePorts(len(stack.DefaultRegions()))
	if err != nil {
		return nil, err
	}
	return stack.Start(ctx, stack.Options{
		Root: cfg.Root, Dir: filepath.Join(dir, "data"), Tools: filepath.Join(cfg.Data, "bin"), Ports: ports, Site: "one-box",
		Environ: []string{"PATH=" + os.Getenv("PATH"), "CANARY_TARGETS=" + sites + "/canary"},
		Env:     map[string]map[string]string{stack.API: {"ADMIN_EMAIL": "", "ADMIN_PASSWORD": ""}},
		Tell:    cfg.Tell,
	})
}

// drive runs the browser's program of the task beside the control of the fleet.
func drive(ctx context.Context, cfg Config, fleet *stack.Stack, environ map[string]string) error {
	control, err := serveControl(fleet)
	if err != nil {
		return err
	}
	defer control.close()
	environ["PROBEFLEET_CONTROL"] = control.url
	web := filepath.Join(cfg.Root, "services", "api", "web")
	args := []string{filepath.Join("node_modules", "vitest", "vitest.mjs"), "run", "--config", filepath.Join("e2e", "vitest.config.ts")}
	for _, name := range projects[cfg.Task] {
		args = append(args, "--project", name)
	}
	cmd := exec.CommandContext(ctx, "node", append(args, cfg.Args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = web, cfg.Out, cfg.Out
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = grace
	cmd.Env = os.Environ()
	for name, value := range environ {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s in the browser: %w", cfg.Task, err)
	}
	return nil
}

// keepLogs copies the fleet's logs to where they survive it.
func keepLogs(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return os.CopyFS(to, os.DirFS(from))
}

// programs are the names under which a browser of the kind may be installed.
var programs = []string{"chromium", "chromium-browser", "google-chrome", "chrome"}

// Chromium returns the browser: CHROMIUM where it is set, else what PATH has.
func Chromium() (string, error) {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return exec.LookPath(path)
	}
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("missing: Chromium; install it, or set CHROMIUM to where a Chrome is")
}

// Install makes sure of the browser, and of letters and shapes for it to show.
func Install(ctx context.Context, tell func(string, ...any)) error {
	_, err := Chromium()
	if err == nil || os.Getenv("CHROMIUM") != "" {
		return err
	}
	if _, apt := exec.LookPath("apt-get"); apt != nil {
		return err
	}
	return engines.InstallPackages(ctx, engines.Config{Tell: tell}, "chromium", "fonts-liberation", "fonts-dejavu-core")
}
