package dispatch

import (
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// mailbox is what changes of monitors ask for and nobody has done yet.
type mailbox struct {
	mu    sync.Mutex
	asks  []ask
	known map[uptime.ID]bool                // monitors among asks, for which all regions are asked
	drops map[string]map[uptime.ID]struct{} // by region
	wake  chan struct{}
}

// ask is a wish for a check of one monitor.
type ask struct {
	id     uptime.ID
	region string    // "" for all that it has
	since  time.Time // monotonic
}

func newMailbox() *mailbox {
	return &mailbox{
		known: map[uptime.ID]bool{}, drops: map[string]map[uptime.ID]struct{}{}, wake: make(chan struct{}, 1),
	}
}

func (b *mailbox) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *mailbox) ask(ids []uptime.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range ids {
		if !b.known[id] {
			b.known[id] = true
			b.asks = append(b.asks, ask{id: id, since: time.Now()})
		}
	}
	b.signal()
}

// askAgain puts wishes back that could not be fulfilled.
func (b *mailbox) askAgain(asks []ask) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asks = append(b.asks, asks...)
}

func (b *mailbox) drop(id uptime.ID, regions []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, region := range regions {
		if b.drops[region] == nil {
			b.drops[region] = map[uptime.ID]struct{}{}
		}
		b.drops[region][id] = struct{}{}
	}
	b.signal()
}

// take empties the box, of asks up to most.
func (b *mailbox) take(most int) (asks []ask, drops map[string]map[uptime.ID]struct{}, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.asks), most)
	asks = append(asks, b.asks[:n]...)
	b.asks = append(b.asks[:0], b.asks[n:]...)
	for _, a := range asks {
		if a.region == "" {
			delete(b.known, a.id)
		}
	}
	drops, b.drops = b.drops, map[string]map[uptime.ID]struct{}{}
	return asks, drops, len(b.asks) > 0
}
