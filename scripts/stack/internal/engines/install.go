package engines

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// errMissing says that a program is not installed.
var errMissing = errors.New("not installed")

// policyFile keeps Debian's packages from starting what they install: the engines are
// private, and the usual ports may be somebody's.
const policyFile = "/usr/sbin/policy-rc.d"

// Install makes sure that the programs of the engines which cfg runs are there: it
// installs Debian's packages and builds InfluxDB, both at once. root is the checkout.
// The error names, in one line, what is missing and how to get it.
func Install(ctx context.Context, root string, cfg Config) error {
	var packages []string
	if cfg.DatabaseURL == "" {
		if _, err := postgresPrograms(""); errors.Is(err, errMissing) {
			packages = append(packages, "postgresql")
		}
	}
	if cfg.RedisURL == "" {
		if _, err := exec.LookPath("redis-server"); err != nil {
			packages = append(packages, "redis-server")
		}
	}
	var wg sync.WaitGroup
	var aptErr, influxErr error
	if len(packages) > 0 {
		wg.Go(func() { aptErr = InstallPackages(ctx, cfg, packages...) })
	}
	if cfg.InfluxURL == "" {
		wg.Go(func() { influxErr = BuildTool(ctx, root, "influxdb", cfg.Influxd, cfg.Tell) })
	}
	wg.Wait()
	return errors.Join(aptErr, influxErr)
}

// BuildTool installs the tools of the module scripts/<module> beside program, once for
// each state of the module's files and each version of Go.
func BuildTool(ctx context.Context, root, module, program string, tell func(string, ...any)) error {
	dir := filepath.Join(root, "scripts", module)
	sum := sha256.New()
	sum.Write([]byte(runtime.Version()))
	for _, name := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		sum.Write(b)
	}
	state := hex.EncodeToString(sum.Sum(nil)[:8])
	bin := filepath.Dir(program)
	stamp := filepath.Join(bin, "."+module+".stamp")
	if b, err := os.ReadFile(stamp); err == nil && strings.TrimSpace(string(b)) == state {
		if _, err := os.Stat(program); err == nil {
			return nil
		}
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	tell("building %s once, which takes a minute or two …", filepath.Base(program))
	begun := time.Now()
	cmd := exec.CommandContext(ctx, "go", "-C", dir, "install", "tool")
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false", "GOBIN="+bin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("missing: %s, which did not build (%w): %s", filepath.Base(program), err, lastLines(out, 5))
	}
	tell("built %s in %d s", filepath.Base(program), int(time.Since(begun).Seconds()))
	return os.WriteFile(stamp, []byte(state+"\n"), 0o644)
}

// InstallPackages installs Debian's packages, as root or by sudo; of cfg it needs Tell.
func InstallPackages(ctx context.Context, cfg Config, packages ...string) error {
	list := strings.Join(packages, " ")
	missing := func(why string) error {
		return fmt.Errorf("missing: %s (%s); install with: apt-get install %s", strings.ReplaceAll(list, " ", ", "), why, list)
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("missing: %s, and there is no apt-get to install with; or set DATABASE_URL and REDIS_URL", strings.ReplaceAll(list, " ", ", "))
	}
	var as []string
	if os.Geteuid() != 0 {
		if exec.CommandContext(ctx, "sudo", "-n", "true").Run() != nil {
			return missing("not root, and sudo asks for a password")
		}
		as = []string{"sudo", "-n"}
	}
	cfg.Tell("installing %s with apt-get …", list)
	release, err := holdServices(ctx, as)
	if err != nil {
		return missing(err.Error())
	}
	defer release()
	install := func() ([]byte, error) {
		argv := slices.Concat(as, []string{"env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-q", "--no-install-recommends"}, packages)
		return exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	}
	out, err := install()
	if err != nil { // the package lists may be missing or old
		update := slices.Concat(as, []string{"apt-get", "update", "-q"})
		if out, err := exec.CommandContext(ctx, update[0], update[1:]...).CombinedOutput(); err != nil {
			return missing("apt-get update failed: " + lastLines(out, 2))
		}
		out, err = install()
	}
	if err != nil {
		return missing("apt-get failed: " + lastLines(out, 3))
	}
	return nil
}

// holdServices forbids packages to start services until release is called, unless the
// machine has a rule of its own.
func holdServices(ctx context.Context, as []string) (release func(), err error) {
	if _, err := os.Stat(policyFile); err == nil {
		return func() {}, nil
	}
	write := slices.Concat(as, []string{"sh", "-c", "printf '#!/bin/sh\\nexit 101\\n' >" + policyFile + " && chmod 755 " + policyFile})
	if out, err := exec.CommandContext(ctx, write[0], write[1:]...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot write %s: %s", policyFile, lastLines(out, 1))
	}
	remove := slices.Concat(as, []string{"rm", "-f", policyFile})
	return func() { _ = exec.Command(remove[0], remove[1:]...).Run() }, nil
}

// lastLines returns the last n lines of a program's output as one line.
func lastLines(out []byte, n int) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " / ")
}
