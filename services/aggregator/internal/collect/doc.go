// Package collect runs the fold of one shard: it reads the results of every region's
// lane, hands them to the judge in the order in which they come, tells it as of when
// to judge, keeps it informed of monitors and regions, and acknowledges results once
// what they changed is durable.
//
//	lane (a goroutine each) ── batches ──┐
//	watch: monitors, regions ── calls ───┼──► the fold's goroutine ──► Judge
//	time, every checkpoint ──────────────┘            │
//	lane ◄── acknowledge ── after the checkpoint ─────┘
//
// Everything the judge does happens in the fold's goroutine. While the database cannot
// be reached that goroutine stands still: results wait in Redis, time stands still for
// the votes (see horizon), and then it goes on where it stopped.
package collect
