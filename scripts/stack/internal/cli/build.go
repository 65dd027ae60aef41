package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/webbuild"
)

// versionVariable is what a build stamps its version into.
const versionVariable = "github.com/probefleet/probefleet/pkg/service.version"

func buildCommand(ctx context.Context, e env, _ []string) error { return build(ctx, e) }

// build builds the dashboard and the services into bin. Without Node.js the api says in
// the dashboard's place that it has none.
func build(ctx context.Context, e env) error {
	err := dashboard(e).Build(ctx)
	if errors.Is(err, webbuild.ErrMissing) {
		e.tell("%v; the dashboard is not built, all else is", err)
	} else if err != nil {
		return err
	}
	return buildServices(ctx, e)
}

func dashboard(e env) webbuild.Builder {
	return webbuild.Builder{Root: e.root, Data: e.data, Tell: e.tell}
}

// webCommand builds the dashboard, or with -packages installs what its tools need.
func webCommand(ctx context.Context, e env, args []string) error {
	if len(args) == 1 && args[0] == "-packages" {
		return dashboard(e).Packages(ctx)
	}
	return dashboard(e).Build(ctx)
}

func buildServices(ctx context.Context, e env) error {
	dirs, err := filepath.Glob(filepath.Join(e.root, "services", "*", "cmd", "*"))
	if err != nil {
		return err
	}
	if len(dirs) == 0 {
		return fmt.Errorf("no services in %s", e.root)
	}
	bin := filepath.Join(e.root, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	begun := time.Now()
	args := []string{"build", "-buildvcs=false", "-ldflags", "-w -X " + versionVariable + "=" + version(ctx, e.root), "-o", bin + "/"}
	cmd := exec.CommandContext(ctx, "go", append(args, dirs...)...)
	cmd.Dir = e.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	e.tell("built the services in %.1f s", time.Since(begun).Seconds())
	return nil
}

// version names what is built by the tree's last tag and commit; a tree that git does
// not know is "dev".
func version(ctx context.Context, root string) string {
	cmd := exec.CommandContext(ctx, "git", "-C", root, "describe", "--tags", "--always", "--dirty")
	out, err := cmd.Output()
	if v := strings.TrimSpace(string(out)); err == nil && v != "" {
		return v
	}
	return "dev"
}
