//go:build e2e

package e2e

import (
	"context"

	"github.com/probefleet/probefleet/scripts/stack/internal/sandbox"
)

// outside is an address of the range that RFC 5737 keeps for documentation: public as
// far as the workers know. Only the tests' own network has it.
const outside = "203.0.113.77"

// ownNetwork moves the tests into a network of their own.
func ownNetwork(ctx context.Context) error {
	return sandbox.Enter(ctx, sandbox.Config{Addresses: []string{outside}, Tell: tell})
}
