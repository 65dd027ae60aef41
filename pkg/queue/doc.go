// Package queue is the fleet's queues on Redis Streams: every key name, every script,
// producers, consumers, reclaim and trimming. Nothing outside it talks to Redis.
//
// A [Lane] is one region's share of one shard and has streams of its own, whose keys
// live together on Redis Cluster:
//
//	pusher ──push──► checks ──┐            ┌──► aggregator (group)
//	anyone ─urgent─► urgent ──┤  workers   │
//	                          └──(group)──► results
//	                             commit    └──► ticks (group)
//
// A slot is pushed, and finished checks are committed, by one script each, so that
// whatever becomes of a connection, each check counts once: the push is refused
// unless it goes on from the stored cursor at a current epoch; a commit counts a check
// only if it is the one that acknowledges it. Both may therefore be repeated after a
// lost reply. The ledger is kept by the same scripts, which makes it an identity:
//
//	scheduled = done + expired + invalid + dropped + length of the stream
//
// Streams lose nothing by themselves (no MAXLEN on checks). Entries leave them by a
// commit, by [Client.DropMonitors] (counted dropped) and, where no worker takes them, by
// [Client.ExpireChecks] (counted expired).
//
// Beside the lanes there is one capped stream of live events, see [LiveEvent], that
// nothing but eyes depends on.
package queue
