module github.com/probefleet/probefleet/scripts/sim

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/probefleet/probefleet/pkg v0.0.0
)

replace (
	github.com/probefleet/probefleet/migrations => ../../migrations
	github.com/probefleet/probefleet/pkg => ../../pkg
)
