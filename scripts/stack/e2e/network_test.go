//go:build e2e

package e2e

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

// outside is an address of the range that RFC 5737 keeps for documentation: public as
// far as the workers know. Only the tests' own network has it.
const outside = "203.0.113.77"

// inside marks the process that has moved into the tests' own network.
const inside = "PROBEFLEET_E2E_NETWORK=own"

// ownNetwork runs this program anew in a network namespace of its own, whose one
// interface is a loopback with the address outside: no test can reach anything else,
// and the namespace ends with the last of the fleet's processes. What comes from
// elsewhere is installed before. It returns only if something is wrong, or with nil
// in the namespace.
func ownNetwork(ctx context.Context) error {
	if slices.Contains(os.Environ(), inside) {
		return nil
	}
	if err := install(ctx); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var argv []string
	drop := ""
	if uid := os.Geteuid(); uid != 0 {
		argv = []string{"sudo", "-n"}
		drop = "setpriv --reuid " + strconv.Itoa(uid) + " --regid " + strconv.Itoa(os.Getegid()) + " --init-groups "
	}
	// Whoever the fleet runs as may ping there, if the kernel lets root say so.
	ping := "{ echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range; } 2>/dev/null; "
	setUp := "ip link set lo up && ip addr add " + outside + "/32 dev lo || exit; " + ping + "exec " + drop + `env "$@"`
	argv = append(argv, "unshare", "--net", "sh", "-c", setUp, "sh")
	argv = append(argv, os.Environ()...) // sudo keeps none of it
	argv = append(argv, inside, self)
	argv = append(argv, os.Args[1:]...)
	program, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	return fmt.Errorf("make a network of its own (needs root or sudo): %w", syscall.Exec(program, argv, os.Environ()))
}

// install makes sure of the engines, and of what gives a network its address.
func install(ctx context.Context) error {
	root, err := place.Root()
	if err != nil {
		return err
	}
	cfg := engines.Config{Influxd: root + "/.data/bin/influxd", Tell: tell}
	if _, err := exec.LookPath("ip"); err != nil {
		if err := engines.InstallPackages(ctx, cfg, "iproute2"); err != nil {
			return err
		}
	}
	return engines.Install(ctx, root, cfg)
}
