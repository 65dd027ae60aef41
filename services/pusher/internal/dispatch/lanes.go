package dispatch

import (
	"context"
	"slices"
	"sync"

	"github.com/probefleet/probefleet/pkg/queue"
)

// laneSet runs one loop per enabled region of a shard.
type laneSet struct {
	d      *Dispatcher
	shard  Shard
	number int
	epoch  int64
	stale  chan error

	mu      sync.Mutex
	running map[string]*laneLoop
}

// laneLoop is a loop that runs.
type laneLoop struct {
	loop *loop
	stop context.CancelFunc
	done chan struct{}
}

func (s *laneSet) lane(region string) queue.Lane { return queue.Lane{Region: region, Shard: s.number} }

// follow starts and ends loops as regions come and go.
func (s *laneSet) follow(ctx context.Context) error {
	defer s.stopExcept(nil)
	for {
		regions, changed := s.d.cfg.Regions()
		s.stopExcept(regions)
		for _, region := range regions {
			s.start(ctx, region)
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-s.stale:
			return err
		case <-changed:
		}
	}
}

func (s *laneSet) start(ctx context.Context, region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[region] != nil {
		return
	}
	ctx, stop := context.WithCancel(ctx)
	r := &laneLoop{loop: newLoop(s.d, s.lane(region), s.epoch, s.shard), stop: stop, done: make(chan struct{})}
	s.running[region] = r
	go func() {
		defer close(r.done)
		if err := r.loop.run(ctx); isStale(err) {
			select {
			case s.stale <- err:
			default: // another loop has said so
			}
		}
	}()
}

// stopExcept ends the loops of all other regions and waits for them.
func (s *laneSet) stopExcept(keep []string) {
	s.mu.Lock()
	var gone []*laneLoop
	for region, r := range s.running {
		if !slices.Contains(keep, region) {
			gone = append(gone, r)
			delete(s.running, region)
			r.stop()
		}
	}
	s.mu.Unlock()
	for _, r := range gone {
		<-r.done
		s.d.metrics.lag.DeleteLabelValues(r.loop.lane.Region)
	}
}

// regions returns those whose loops run.
func (s *laneSet) regions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.running))
	for region := range s.running {
		names = append(names, region)
	}
	slices.Sort(names)
	return names
}

// settle waits until a region's loop is between two slots: whatever it took from the
// schedule before is in Redis then.
func (s *laneSet) settle(region string) {
	s.mu.Lock()
	r := s.running[region]
	s.mu.Unlock()
	if r != nil {
		r.loop.busy.Lock()
		defer r.loop.busy.Unlock()
	}
}
