// Package consensus is the fold that turns what the regions saw into a verdict: it
// takes results and a clock and returns votes, rounds of confirmation, verdicts,
// incidents and the sentence that explains them. It is pure: no I/O, no goroutines,
// no clock of its own; every instant is passed in, in fleet time (event time while
// a backlog is worked off). One [State] holds one monitor.
//
// [State.Result] only folds a result into its region's vote. All judging happens in
// [State.Tick], which sees the votes as a set: so neither the order nor the
// duplication of the results that arrived since the last Tick can change a verdict.
// [State.Next] says when Tick is wanted; after a Result that matters it is at once.
//
//	                    first votes, n ≥ least
//	   ┌──────────┐ ──────────────────────────────► ┌───────────────┐
//	   │ unknown  │                                 │ up / degraded │ advisory: some fail, fewer than k
//	   └──────────┘ ◄────────────────────────────── └───────────────┘
//	     │  ▲  ▲       n < least, or all blind        │    ▲     ▲
//	     │  │  │                                      │    │     │ fewer than k fail
//	a new│  │  │ a round that too few answer          │    │     │
//	fail │  │  └───────────────┐     a region's vote  │    │     │
//	     │  │                  │     turns to fail    ▼    │     │
//	     │  │               ┌─────────────────────────────────────┐ second round 1 s later
//	     └──┼─────────────► │ confirming: every live region asked │ ◄─┐ (5 s with one region),
//	        │               └─────────────────────────────────────┘ ──┘ repeated for confirmation_seconds
//	        │                  │ k fail: unanimous over 3 or more,
//	        │                  │ or in two rounds running
//	        │                  ▼ open
//	        │   n < least   ┌─────────────────────────────────────┐ round every 30 s, or each cycle
//	        └────────────── │ down: incident open                 │ ◄─┐ of the schedule if T ≤ 30 s;
//	          k fail again  │                                     │ ──┘ at once when a region passes
//	        ──────────────► └─────────────────────────────────────┘
//	                           │ recovery_rounds clean rounds running
//	                           ▼ resolve, then up / degraded
//
// The words: k is how many failing regions the policy asks for among the n that
// count, least the fewest that may decide at all ([Need], [Least]). A vote counts if
// its region is healthy, it is fresh, it answers the last round that was asked, and
// no canary takes it away (see [Why]). An open incident outlives unknown: there the
// way up is through clean rounds, never through missing votes.
//
// The instants passed in must not run ahead of the results that were folded: while a
// backlog is worked off, or while the streams cannot be read, time stands at what
// was read ([Fleet.CatchUp]). Otherwise votes grow stale that are only late.
//
// A monitor that calls in by itself is judged by what its job says and by its silence; see
// [Heartbeat].
//
// Where no urgent check may be sent (budget spent, catching up, the kind's
// MinRecheck), scheduled votes decide: a quorum of failures that has stood for as
// long as two rounds would have taken is as good as the rounds. Under a MinRecheck,
// fresh votes without a failure among them resolve at once, for another round would
// hear the same answer.
package consensus
