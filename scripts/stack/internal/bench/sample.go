package bench

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/scripts/stack/internal/bench/proc"
	"github.com/probefleet/probefleet/scripts/stack/internal/bench/report"
	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

// sample is what everything has spent and done up to a moment.
type sample struct {
	at             time.Time
	cpu            map[string]time.Duration // of the fleet's processes
	around         time.Duration            // of the websites and of the bench
	busy           time.Duration            // of the machine
	ledger, urgent queue.Ledger             // of all regions
	oldest         time.Duration            // that a check has been waiting
}

func (f *fleet) sample(ctx context.Context) (sample, error) {
	s := sample{at: time.Now(), cpu: map[string]time.Duration{}}
	table, err := proc.Read()
	if err != nil {
		return s, err
	}
	if s.busy, err = proc.Busy(); err != nil {
		return s, err
	}
	for _, name := range f.Names() {
		if pid := f.Pid(name); pid != 0 {
			s.cpu[name] = table.CPU(pid)
		}
	}
	// The fleet's processes and the websites are children of this one.
	self := os.Getpid()
	s.around = table.CPU(self)
	for _, spent := range s.cpu {
		s.around -= spent
	}
	for _, region := range stack.DefaultRegions() {
		st, err := f.queue.LaneStats(ctx, queue.Lane{Region: region})
		if err != nil {
			return s, err
		}
		add(&s.ledger, st.Ledger)
		add(&s.urgent, st.Urgent)
		s.oldest = max(s.oldest, st.Checks.OldestAge)
	}
	return s, nil
}

func add(sum *queue.Ledger, l queue.Ledger) {
	sum.Scheduled += l.Scheduled
	sum.Done += l.Done
	sum.Expired += l.Expired
	sum.Invalid += l.Invalid
	sum.Dropped += l.Dropped
	sum.Missed += l.Missed
	sum.Waiting += l.Waiting
}

// window is what happened between two samples.
type window struct {
	seconds       float64
	checks        int64 // done, urgent ones too
	lost          int64 // missed, expired, invalid
	cpu           map[string]time.Duration
	golang, total time.Duration // CPU of the services, and with their engines
	others        float64       // share of the machine that neither the fleet nor the bench took
}

func between(a, b sample) window {
	w := window{
		seconds: b.at.Sub(a.at).Seconds(), cpu: map[string]time.Duration{},
		checks: b.ledger.Done + b.urgent.Done - a.ledger.Done - a.urgent.Done,
		lost:   lost(b) - lost(a),
	}
	for name, spent := range b.cpu {
		w.cpu[name] = spent - a.cpu[name]
		w.total += w.cpu[name]
		if !isEngine(name) {
			w.golang += w.cpu[name]
		}
	}
	foreign := b.busy - a.busy - w.total - (b.around - a.around)
	w.others = max(0, foreign.Seconds()/w.seconds/float64(cores()))
	return w
}

func lost(s sample) int64 {
	return s.ledger.Missed + s.ledger.Expired + s.ledger.Invalid + s.urgent.Missed + s.urgent.Expired + s.urgent.Invalid
}

// perCheck is milliseconds of CPU a check.
func (w window) perCheck(spent time.Duration) float64 {
	return spent.Seconds() * 1000 / float64(max(w.checks, 1))
}

func isEngine(name string) bool {
	return slices.Contains([]string{engines.Postgres, engines.Redis, engines.Influx}, name)
}

// memory returns the PSS in MiB of every process of the fleet.
func (f *fleet) memory() (map[string]float64, error) {
	table, err := proc.Read()
	if err != nil {
		return nil, err
	}
	all := map[string]float64{}
	for _, name := range f.Names() {
		if pid := f.Pid(name); pid != 0 {
			pss, err := table.PSS(pid)
			if err != nil {
				return nil, err
			}
			all[name] = float64(pss) / (1 << 20)
		}
	}
	return all, nil
}

// sums adds the services up, and all.
func sums(memory map[string]float64) (golang, total float64) {
	for name, mib := range memory {
		total += mib
		if !isEngine(name) {
			golang += mib
		}
	}
	return golang, total
}

// shares says what each process took, workers as one line.
func (f *fleet) shares(w window, memory map[string]float64) []report.Share {
	var out []report.Share
	workers := report.Share{Process: "three workers together"}
	for _, name := range f.Names() {
		micros := 1000 * w.perCheck(w.cpu[name])
		if strings.HasPrefix(name, stack.Worker("")) {
			workers.Micros += micros
			workers.MiB += memory[name]
			continue
		}
		out = append(out, report.Share{Process: name, Micros: micros, MiB: memory[name]})
	}
	return append(out, workers)
}
