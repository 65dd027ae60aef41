package schedule

import (
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// buckets is the size of a wheel: 17 minutes of slots of 250 ms. Monitors with longer
// intervals are looked at once in each turn without being due, which is cheap at the
// rate of a turn.
const buckets = 4096

// none ends a list.
const none = ^uint32(0)

// Wheel holds the monitors of one lane by when they are due next. Monitors are small
// numbers, which the caller gives out densely; each costs 12 bytes, those below the
// largest that are not in the wheel included. It is not safe for concurrent use.
type Wheel struct {
	width  int64 // µs
	timing func(key uint32) Timing
	heads  [buckets]uint32
	nodes  []node
	at     uptime.Instant // the slot that was taken last
	size   int
}

// node is a monitor in the list of the bucket of its next slot; prev is itself in a
// monitor that is not in the wheel.
type node struct {
	next, prev uint32
	due        uint32 // number of the slot, modulo 2³²
}

// NewWheel returns an empty wheel that stands at a slot. timing must answer for every
// key that is in the wheel, and the same until the key is removed.
func NewWheel(width time.Duration, at uptime.Instant, timing func(key uint32) Timing) *Wheel {
	w := &Wheel{width: width.Microseconds(), timing: timing, at: SlotOf(at, width)}
	for i := range w.heads {
		w.heads[i] = none
	}
	return w
}

// At returns the slot that was taken last.
func (w *Wheel) At() uptime.Instant { return w.at }

// Len returns how many monitors are in the wheel.
func (w *Wheel) Len() int { return w.size }

// Has tells whether a monitor is in the wheel.
func (w *Wheel) Has(key uint32) bool {
	return int(key) < len(w.nodes) && w.nodes[key].prev != key
}

// Add puts a monitor into the wheel: it is due at its first slot after the one that
// was taken last. A monitor that is there already is placed anew.
func (w *Wheel) Add(key uint32) {
	for n := uint32(len(w.nodes)); n <= key; n++ {
		w.nodes = append(w.nodes, node{prev: n})
	}
	w.Remove(key)
	w.size++
	w.place(key, w.timing(key).Next(w.at))
}

// Remove takes a monitor out of the wheel; one that is not there is no error.
func (w *Wheel) Remove(key uint32) {
	if !w.Has(key) {
		return
	}
	n := w.nodes[key]
	if n.prev == none {
		w.heads[n.due%buckets] = n.next
	} else {
		w.nodes[n.prev].next = n.next
	}
	if n.next != none {
		w.nodes[n.next].prev = n.prev
	}
	w.nodes[key].prev = key
	w.size--
}

// Take moves the wheel on by one slot and calls due for every monitor that has it.
// due must not change the wheel.
func (w *Wheel) Take(due func(key uint32, slot uptime.Instant)) uptime.Instant {
	w.at += uptime.Instant(w.width)
	number := uint32(int64(w.at) / w.width)
	key := w.heads[number%buckets]
	w.heads[number%buckets] = none
	for key != none {
		n := w.nodes[key]
		if n.due == number {
			due(key, w.at)
			w.place(key, w.timing(key).Next(w.at))
		} else {
			w.link(key, n.due)
		}
		key = n.next
	}
	return w.at
}

// Seek makes the wheel stand at another slot, before or after. It costs what the
// wheel holds.
func (w *Wheel) Seek(at uptime.Instant) {
	w.at = SlotOf(at, time.Duration(w.width)*time.Microsecond)
	for i := range w.heads {
		w.heads[i] = none
	}
	w.Each(func(key uint32) { w.place(key, w.timing(key).Next(w.at)) })
}

// Each calls f for every monitor in the wheel, in the order of their numbers.
func (w *Wheel) Each(f func(key uint32)) {
	for key := range w.nodes {
		if w.nodes[key].prev != uint32(key) {
			f(uint32(key))
		}
	}
}

func (w *Wheel) place(key uint32, slot uptime.Instant) {
	w.link(key, uint32(int64(slot)/w.width))
}

func (w *Wheel) link(key, number uint32) {
	head := &w.heads[number%buckets]
	if *head != none {
		w.nodes[*head].prev = key
	}
	w.nodes[key] = node{next: *head, prev: none, due: number}
	*head = key
}
