// Package sandbox moves a program into a network, and mounts, of its own: whatever it
// breaks there, nothing outside is reached, and all of it ends with the last of its
// processes.
package sandbox

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"

	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
	"github.com/probefleet/probefleet/scripts/stack/internal/place"
)

// mark is in the environment of a program that has moved.
const mark = "PROBEFLEET_SANDBOX=own"

// Config of a sandbox.
type Config struct {
	Addresses []string // of its loopback, beside the usual ones
	Tell      func(format string, args ...any)
}

// Enter runs this program anew in a network namespace whose one interface is a
// loopback: it reaches nothing else, and the namespace ends with the last process in
// it. What comes from elsewhere, the engines, is installed before. It returns only if
// something is wrong, or with nil once inside. Root gets mounts of its own, too.
func Enter(ctx context.Context, cfg Config) error {
	if Inside() {
		return nil
	}
	if err := install(ctx, cfg); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	argv, drop := []string{"unshare", "--net", "--mount"}, ""
	if uid := os.Geteuid(); uid != 0 {
		argv = []string{"sudo", "-n", "unshare", "--net"}
		drop = "setpriv --reuid " + strconv.Itoa(uid) + " --regid " + strconv.Itoa(os.Getegid()) + " --init-groups "
	}
	argv = append(argv, "sh", "-c", setUp(cfg.Addresses, drop), "sh")
	argv = append(argv, os.Environ()...) // sudo keeps none of it
	argv = append(argv, mark, self)
	argv = append(argv, os.Args[1:]...)
	program, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	err = syscall.Exec(program, argv, os.Environ()) //nolint:gosec // it is this program itself, told what it was told
	return fmt.Errorf("make a network of its own (needs root or sudo): %w", err)
}

// setUp is the shell's part: it makes the network and becomes the program, under the
// account that drop returns to.
func setUp(addresses []string, drop string) string {
	network := "ip link set lo up"
	for _, a := range addresses {
		network += " && ip addr add " + a + "/32 dev lo"
	}
	// Whoever the fleet runs as may ping there, if the kernel lets root say so.
	const ping = "{ echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range; } 2>/dev/null; "
	return network + " || exit; " + ping + "exec " + drop + `env "$@"`
}

// install makes sure of the engines, and of what gives a network its addresses.
func install(ctx context.Context, cfg Config) error {
	root, err := place.Root()
	if err != nil {
		return err
	}
	engine := engines.Config{Influxd: root + "/.data/bin/influxd", Tell: cfg.Tell}
	if _, err := exec.LookPath("ip"); err != nil {
		if err := engines.InstallPackages(ctx, engine, "iproute2"); err != nil {
			return err
		}
	}
	return engines.Install(ctx, root, engine)
}

// Inside tells whether this program has moved into a sandbox.
func Inside() bool { return slices.Contains(os.Environ(), mark) }

// CanMount tells whether this program may mount file systems that nobody else sees.
func CanMount() bool { return os.Geteuid() == 0 && Inside() }

// SmallDisk mounts an empty file system of so many MiB, in memory, on a directory.
// The function that it returns takes it away.
func SmallDisk(dir string, mebibytes int) (remove func() error, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0700", mebibytes)); err != nil {
		return nil, fmt.Errorf("mount a small disk on %s: %w", dir, err)
	}
	return func() error { return syscall.Unmount(dir, syscall.MNT_DETACH) }, nil
}
