// Package webbuild builds the dashboard into the directory that the api embeds, if its
// sources have changed since. The services work without it, and so does building them.
package webbuild

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
)

// The oldest Node.js that its tools run on.
const leastMajor, leastMinor = 20, 19

// ErrMissing is what it cannot be built without: Node.js, or the packages.
var ErrMissing = errors.New("missing")

// Builder builds the dashboard of a checkout. All fields but Node and NPM are needed.
type Builder struct {
	Root, Data string // the checkout, and where it keeps what can be made anew
	Tell       func(format string, args ...any)
	Node, NPM  string // the programs; absent: as PATH has them
}

func (b Builder) source() string { return filepath.Join(b.Root, "services", "api", "web") }
func (b Builder) dist() string {
	return filepath.Join(b.Root, "services", "api", "internal", "webui", "dist")
}

// Build brings the built dashboard up to date. What it returns wraps [ErrMissing] if the
// machine lacks something, and says what in one line.
func (b Builder) Build(ctx context.Context) error {
	return b.locked(func() error {
		state, err := Hash(b.source())
		if err != nil {
			return err
		}
		stamp := filepath.Join(b.Data, "web.stamp")
		if is(stamp, state) && exists(filepath.Join(b.dist(), "index.html")) {
			return nil
		}
		if err := b.packages(ctx); err != nil {
			return err
		}
		begun := time.Now()
		if out, err := b.npm(ctx, "run", "--silent", "build"); err != nil {
			return fmt.Errorf("npm run build: %w\n%s", err, out)
		}
		b.Tell("built the dashboard in %.1f s", time.Since(begun).Seconds())
		return os.WriteFile(stamp, []byte(state), 0o644)
	})
}

// Packages installs what the lock file names, unless that is there.
func (b Builder) Packages(ctx context.Context) error {
	return b.locked(func() error { return b.packages(ctx) })
}

func (b Builder) locked(f func() error) error {
	unlock, err := engines.Lock(filepath.Join(b.Data, "web.lock"), true)
	if err != nil {
		return err
	}
	defer unlock()
	return f()
}

func (b Builder) packages(ctx context.Context) error {
	if err := b.checkNode(ctx); err != nil {
		return err
	}
	sum := sha256.New()
	for _, name := range []string{"package.json", "package-lock.json"} {
		content, err := os.ReadFile(filepath.Join(b.source(), name))
		if err != nil {
			return err
		}
		sum.Write(content)
	}
	state := hex.EncodeToString(sum.Sum(nil))
	// Beside the packages, so that it goes when they do.
	stamp := filepath.Join(b.source(), "node_modules", ".installed")
	if is(stamp, state) {
		return nil
	}
	begun := time.Now()
	if out, err := b.npm(ctx, "ci", "--no-audit", "--no-fund", "--loglevel=error"); err != nil {
		return fmt.Errorf("%w: packages of the dashboard (npm ci: %w): %s", ErrMissing, err, cause(out))
	}
	b.Tell("installed the dashboard's packages in %.1f s", time.Since(begun).Seconds())
	return os.WriteFile(stamp, []byte(state), 0o644)
}

func (b Builder) checkNode(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, or(b.Node, "node"), "--version").Output()
	found := strings.TrimSpace(string(out))
	if err != nil {
		found = "none"
	}
	if !recent(found) {
		return fmt.Errorf("%w: Node.js %d.%d or newer (found: %s)", ErrMissing, leastMajor, leastMinor, found)
	}
	return nil
}

// recent tells whether a version, such as v20.19.0, is new enough.
func recent(version string) bool {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (major > leastMajor || major == leastMajor && minor >= leastMinor)
}

func (b Builder) npm(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, or(b.NPM, "npm"), args...)
	cmd.Dir = b.source()
	return cmd.CombinedOutput()
}

// Hash names the state of a directory by its files' paths and content, without
// node_modules and the tests in the browser, of which nothing is built.
func Hash(dir string) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer func() { _ = root.Close() }() // Only read.
	files := root.FS()
	sum := sha256.New()
	err = fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "node_modules" || path == "e2e" {
				return fs.SkipDir
			}
			return nil
		}
		content, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(sum, "%d %s %d %s", len(path), path, len(content), content)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

func is(file, content string) bool {
	b, err := os.ReadFile(file)
	return err == nil && string(b) == content
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func or(program, fallback string) string {
	if program != "" {
		return program
	}
	return fallback
}

// cause is the line that says why npm has failed: its first error that is a sentence.
func cause(out []byte) string {
	var last string
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		said, isError := strings.CutPrefix(line, "npm error ")
		if isError && strings.Contains(said, " ") && !strings.HasPrefix(said, "code ") {
			return said
		}
		if line != "" {
			last = line
		}
	}
	return last
}
