package fleet

import "github.com/probefleet/probefleet/pkg/uptime"

// queue is a heap of monitors by when they want to be looked at; at the same instant
// the lower number comes first, whatever order they came in.
type queue []entry

type entry struct {
	at      uptime.Instant
	monitor int
}

func (e entry) before(o entry) bool {
	return e.at < o.at || e.at == o.at && e.monitor < o.monitor
}

func (q queue) first() entry { return q[0] }

func (q *queue) add(at uptime.Instant, monitor int) {
	h := append(*q, entry{at, monitor})
	*q = h
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h[i].before(h[parent]) {
			break
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

// delay moves the first monitor to a later instant.
func (q queue) delay(at uptime.Instant) {
	q[0].at = at
	q.sink(0)
}

// rebuild asks anew when each monitor wants to be looked at.
func (q queue) rebuild(when func(monitor int) uptime.Instant) {
	for i := range q {
		q[i].at = when(q[i].monitor)
	}
	for i := len(q)/2 - 1; i >= 0; i-- {
		q.sink(i)
	}
}

func (q queue) sink(i int) {
	for {
		child := 2*i + 1
		if child >= len(q) {
			return
		}
		if right := child + 1; right < len(q) && q[right].before(q[child]) {
			child = right
		}
		if !q[child].before(q[i]) {
			return
		}
		q[i], q[child] = q[child], q[i]
		i = child
	}
}
