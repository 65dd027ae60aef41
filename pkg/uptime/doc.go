// Package uptime is the ground that every other package stands on: the
// vocabulary of monitoring (monitor, slot, check, result, reason, vote, verdict,
// incident) as plain values. It imports only the standard library and does no
// I/O, so that a decision written against it can be tested with nothing running.
package uptime
