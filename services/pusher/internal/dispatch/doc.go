// Package dispatch sends what is due. For each shard whose lease is held it runs one
// loop per enabled region, which goes from slot to slot:
//
//	          ┌────────────── any error, or a cursor that is not where it was left
//	          ▼                                                               │
//	read the cursor ──► seek ──► wait for the next slot ──► take ──► push ────┤
//	                               ▲                                          │
//	                               └──────────────────────────── accepted ────┘
//
// The cursor in Redis is the only truth of what went out: after a lost answer, a
// failover or a takeover the loop goes on from it. After a stall, slots that are
// worthless by now are counted missed, and the others go out at no more than twice the
// nominal rate. Beside the loops one more per shard does what changes of monitors ask
// for: first checks, and dropping what is queued for monitors that went.
package dispatch
