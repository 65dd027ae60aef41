package runner

import (
	"net/url"
	"strings"
	"sync"
)

// gate bounds what runs at once: in all, of scheduled checks so that some room is
// always left for urgent ones, and per host so that one that hangs does not hold
// everything up. What a host has no room for is parked, in order.
type gate struct {
	checks, urgent, perHost int

	mu            sync.Mutex
	runningChecks int
	runningUrgent int
	parked        int
	hosts         map[string]*host
	closed        bool
	freed         chan struct{} // told when something ended, capacity 1
	idle          *sync.Cond
}

type host struct {
	running int
	waiting []parkedCheck
}

type parkedCheck struct {
	urgent bool
	run    func()
}

func newGate(checks, urgent, perHost int) *gate {
	g := &gate{checks: checks, urgent: urgent, perHost: perHost, hosts: map[string]*host{}, freed: make(chan struct{}, 1)}
	g.idle = sync.NewCond(&g.mu)
	return g
}

// free returns for how many scheduled and how many urgent checks there is room.
// Urgent ones have their own, and may take half of the others' when an outage makes
// many of them; what they borrow is missing to the scheduled ones.
func (g *gate) free() (checks, urgent int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	borrowed := max(0, g.runningUrgent-g.urgent)
	checks = g.checks - g.runningChecks - borrowed
	urgent = min(g.urgent+g.checks/2-g.runningUrgent, g.checks+g.urgent-g.runningChecks-g.runningUrgent)
	room := g.checks - g.parked // for what may turn out to have to wait
	return max(0, min(checks, room)), max(0, min(urgent, room+g.urgent))
}

// start runs a check in a goroutine of its own, now or when its host has room.
func (g *gate) start(urgent bool, hostName string, run func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	h := g.hosts[hostName]
	if h == nil {
		h = &host{}
		g.hosts[hostName] = h
	}
	if h.running >= g.perHost {
		h.waiting = append(h.waiting, parkedCheck{urgent, run})
		g.parked++
		return
	}
	g.launch(h, hostName, parkedCheck{urgent, run})
}

// launch is called with the lock held.
func (g *gate) launch(h *host, name string, p parkedCheck) {
	h.running++
	g.count(p.urgent, 1)
	go func() {
		defer g.end(h, name, p.urgent)
		p.run()
	}()
}

// end makes room, first of all for what waits for the same host.
func (g *gate) end(h *host, name string, urgent bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h.running--
	g.count(urgent, -1)
	if len(h.waiting) > 0 {
		next := h.waiting[0]
		h.waiting = h.waiting[1:]
		g.parked--
		g.launch(h, name, next)
	} else if h.running == 0 {
		delete(g.hosts, name)
	}
	if g.runningChecks+g.runningUrgent == 0 {
		g.idle.Broadcast()
	}
	select {
	case g.freed <- struct{}{}:
	default:
	}
}

func (g *gate) count(urgent bool, n int) {
	if urgent {
		g.runningUrgent += n
	} else {
		g.runningChecks += n
	}
}

// running returns how many checks run.
func (g *gate) running() (checks, urgent int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.runningChecks, g.runningUrgent
}

// close starts nothing any more; what is parked stays in the queue for others.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, h := range g.hosts {
		g.parked -= len(h.waiting)
		h.waiting = nil
	}
}

// wait returns when nothing runs any more.
func (g *gate) wait() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.runningChecks+g.runningUrgent > 0 {
		g.idle.Wait()
	}
}

// hostKey returns what a target's checks are counted under: host and port of a URL,
// the whole of anything else.
func hostKey(target string) string {
	if !strings.Contains(target, "://") {
		return target
	}
	u, err := url.Parse(target)
	if err != nil {
		return target
	}
	return u.Host
}
