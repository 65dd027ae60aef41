package judge

import "github.com/probefleet/probefleet/pkg/uptime"

// timers is a heap of when monitors want to be looked at again. It is lazy: a
// monitor whose next instant moved later, as it does with every result, keeps its
// old entry, and is only moved when that one fires. So the steady path costs nothing
// here, and each monitor one entry every other interval.
type timers struct {
	heap []timer
}

type timer struct {
	at   uptime.Instant
	slot int32 // of the monitor in its table
}

func (t *timers) push(at uptime.Instant, slot int32) {
	t.heap = append(t.heap, timer{at, slot})
	h := t.heap
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if h[parent].at <= h[i].at {
			break
		}
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
}

// next returns when the first entry is due, zero if there is none.
func (t *timers) next() uptime.Instant {
	if len(t.heap) == 0 {
		return 0
	}
	return t.heap[0].at
}

// pop takes the first entry that is due at now.
func (t *timers) pop(now uptime.Instant) (timer, bool) {
	if len(t.heap) == 0 || t.heap[0].at > now {
		return timer{}, false
	}
	h := t.heap
	top, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	t.heap = h
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if right := child + 1; right < len(h) && h[right].at < h[child].at {
			child = right
		}
		if h[i].at <= h[child].at {
			break
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
	return top, true
}
