// Package watchdog watches the watcher. Every few seconds it reads every lane and what
// each stage leaves behind of its work. From that it keeps the ledger by the minute,
// records as fleet events, with their alerts, which stage stands still and which
// ledger does not balance, and pings a service outside for as long as every stage
// moves, so that somebody notices when nobody here can tell any more.
//
//	lanes in Redis ──┐                  ┌─► ledger by the minute ─► PostgreSQL
//	leases, signs of ├─► look ─► decide ┼─► fleet events, alerts ─► PostgreSQL ─► notifier
//	life, positions ─┘                  └─► ping ─► a service outside
//
// It runs in the aggregator and in the api, one of them at a time, under a lease of its
// own: so either one tells of the other's death. Decisions are pure and take the clock
// as a value ([Book], [Progress]); the rest reads, writes and pings.
package watchdog
