// Package incident makes durable what was judged. One transaction holds all of a
// batch of units: states, votes and spans, incidents opened and resolved with their
// evidence and history, and the alerts that tell of them with their jobs; so a
// transition exists exactly if its alerts do. Each transaction first locks the lease
// at its epoch, so that a fold that lost its shard changes nothing, and then the
// monitors of transitions, so that nothing opens for one that was paused, given
// another target or deleted in the meantime.
package incident
