package chaos

import "slices"

// All returns every scenario, in the order in which they are played: those that change
// the fleet for good come last.
func All() []Scenario {
	return slices.Concat(processes(), deadMan(), stores(), streams(), regions(), channels(), clocks(), disks(), failover())
}
