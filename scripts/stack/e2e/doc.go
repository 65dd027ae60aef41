// Package e2e drives a whole fleet of its own, on real engines, from the API to the
// alerts: what a user does and what a user must never see. Its tests have the build
// tag "e2e" and need the programs in bin (`make test-e2e` builds them).
package e2e
