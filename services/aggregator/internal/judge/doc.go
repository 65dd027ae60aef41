// Package judge holds the state of every monitor of one shard and turns results and
// the passing of time into what is to be made durable and what is to be asked. It
// owns the table of monitors, their timers, which of them have changed since the last
// checkpoint, and which regions are sick or blind. Deciding itself is package
// consensus; writing is behind [Recorder], asking behind [Asker]. A [Judge] belongs
// to one goroutine.
//
// A result costs one look into the table and a few comparisons. Only a result that
// matters makes its monitor hot, and only hot monitors and those whose timer is due
// are judged, once per batch:
//
//	Result ──► votes ──► hot ──┐
//	                           ├──► Advance ──► units ──► Recorder.Record
//	timers ────────────────────┘        └─────► rechecks ──► Asker.Ask
//	Checkpoint: every monitor changed since ──► units ──► Recorder.Record
package judge
