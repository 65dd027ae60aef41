// Package testenv tells tests where the real engines are. Tests that need one have
// the build tag "integration"; without the engine they fail and say how to start it.
package testenv

import (
	"os"
	"testing"
)

// The variables by which scripts/engines hands the private engines to the tests.
const (
	DatabaseURL = "PROBEFLEET_TEST_DATABASE_URL"
	RedisURL    = "PROBEFLEET_TEST_REDIS_URL"
	InfluxURL   = "PROBEFLEET_TEST_INFLUXDB_URL"
	// InfluxOrg and InfluxToken go with an InfluxDB 2.x; the private engine is a 1.8.
	InfluxOrg   = "PROBEFLEET_TEST_INFLUXDB_ORG"
	InfluxToken = "PROBEFLEET_TEST_INFLUXDB_TOKEN"
)

// Require returns the value of one of the variables or ends the test.
func Require(t testing.TB, name string) string {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		t.Fatalf("%s is not set: run `make test-integration`, or `eval \"$(scripts/engines test)\"` once", name)
	}
	return v
}
