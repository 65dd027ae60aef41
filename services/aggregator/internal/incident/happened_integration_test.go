//go:build integration

package incident_test

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/services/aggregator/internal/incident"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// ear hears what is told, and looks in the database whether it is there by then.
type ear struct {
	b         *bench
	heard     []string
	incidents int // that others see when the last was told
	fleet     int
}

func (e *ear) Publish(events ...live.Event) {
	for _, one := range events {
		switch body := one.Body.(type) {
		case live.Verdict:
			e.heard = append(e.heard, fmt.Sprintf("verdict %v %v", body.To, one.Org == e.b.org && one.Website == body.WebsiteID))
		case live.Incident:
			e.heard = append(e.heard, fmt.Sprintf("incident %s %v", body.Change, one.Org == e.b.org && one.Website == body.WebsiteID))
		case live.Fleet:
			e.heard = append(e.heard, fmt.Sprintf("fleet %s %s %s %v", body.Change, body.Kind, body.Region, one.Org.IsZero()))
		}
	}
	e.incidents, e.fleet = e.b.count("incident"), e.b.count("fleet_event WHERE resolved_at IS NULL")
}

func (e *ear) expect(what string, want ...string) {
	e.b.Helper()
	if diff := cmp.Diff(want, e.heard); diff != "" {
		e.b.Errorf("%s: told (-want +got):\n%s", what, diff)
	}
	e.heard = nil
}

func (b *bench) listener(e *ear, failpoint func(string) error) *incident.Writer {
	b.Helper()
	lease, held, err := b.store.AcquireLease(b.Context(), postgres.RoleAggregator, 0, "test", time.Minute)
	if err != nil || !held {
		b.Fatalf("lease: %v, %v", held, err)
	}
	jobs, err := postgres.NewJobs(b.store)
	if err != nil {
		b.Fatal(err)
	}
	return incident.NewWriter(b.store, jobs, incident.Config{
		Lease: lease, Log: slog.New(slog.DiscardHandler), Live: e, Failpoint: failpoint,
	})
}

func TestWhatHappenedIsToldOnceItIsCommitted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := &ear{b: b}
	m := b.monitor()
	down, up := down(m, at(0)), up(m, at(time.Minute))

	killed := errors.New("killed")
	for _, step := range []string{incident.StepBegin, incident.StepCommit} {
		w := b.listener(e, func(at string) error {
			if at == step {
				return killed
			}
			return nil
		})
		if _, err := w.Record(t.Context(), []unit.Unit{down}, nil); !errors.Is(err, killed) {
			t.Fatalf("at %s: %v", step, err)
		}
		e.expect("rolled back at " + step)
	}
	w := b.listener(e, nil)
	record := func(u unit.Unit) {
		t.Helper()
		if _, err := w.Record(t.Context(), []unit.Unit{u}, nil); err != nil {
			t.Fatal(err)
		}
	}
	record(down)
	e.expect("down", "verdict down true", "incident opened true")
	if e.incidents != 1 {
		t.Errorf("%d incidents could be seen when it was told, want one", e.incidents)
	}
	record(down)
	e.expect("a replay", "verdict down true")
	record(up)
	e.expect("up", "verdict up true", "incident resolved true")

	changed := down
	changed.Target++
	record(changed)
	e.expect("a refused transition")
}

func TestTroubleIsToldToEverybodyOnceItIsCommitted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := &ear{b: b}
	w := b.listener(e, nil)
	silent := unit.Trouble{Kind: postgres.FleetSilent, Region: "b", At: at(0), Explanation: "b is silent", Quiet: true}
	back := silent
	back.At, back.Ended = at(time.Minute), true
	for i, want := range [][]string{{"fleet opened silent b true"}, nil, {"fleet resolved silent b true"}, nil} {
		trouble := silent
		if i > 1 {
			trouble = back
		}
		if err := w.RecordTrouble(t.Context(), []unit.Trouble{trouble}); err != nil {
			t.Fatal(err)
		}
		e.expect(fmt.Sprint("step ", i), want...)
		if open := 1 - i/2; e.fleet != open {
			t.Errorf("step %d: %d open events could be seen when it was told, want %d", i, e.fleet, open)
		}
	}
	stale := w
	b.listener(e, nil) // another holder of the lease
	if err := stale.RecordTrouble(t.Context(), []unit.Trouble{silent}); !errors.Is(err, postgres.ErrStaleLease) {
		t.Fatal(err)
	}
	e.expect("a stale lease")
}
