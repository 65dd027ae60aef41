// Package roster keeps every monitor of the fleet in memory in the form in which it is
// pushed: its message, encoded once, and its place in a wheel per region. It is loaded
// once and kept current by notifications with a poll behind them, so that scheduling
// never asks the database.
//
// Monitors are divided into shards, each with a lock of its own. A million monitors in
// three regions cost about 200 MiB.
package roster
