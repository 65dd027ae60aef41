package judge

import (
	"fmt"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/expiry"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

const day = 24 * time.Hour

// end takes the ends of a unit into its row.
func (d *memory) end(row *postgres.JudgedMonitor, ends []unit.Expiry) {
	for _, e := range ends {
		row.Ends = append(slices.DeleteFunc(row.Ends, func(o postgres.Expiry) bool { return o.Subject == e.Subject }), e.Expiry)
		if e.Warn {
			d.warnings = append(d.warnings, fmt.Sprintf("%s %d", e.Subject, e.Warned))
		}
	}
}

// ending is a passing result that saw a certificate.
func ending(m uptime.ID, region string, due, at uptime.Instant) uptime.Result {
	r := resultAt(m, region, due, false)
	r.CertificateEnds = at
	return r
}

// oneMonitor is a memory with one monitor, and a judge of it.
func oneMonitor(t *testing.T) (*memory, *Judge, uptime.ID) {
	t.Helper()
	d := newMemory()
	m := watchedMonitor(1)
	d.rows[m.ID] = &postgres.JudgedMonitor{Watched: m}
	return d, d.life(t, epoch), m.ID
}

func TestWarningsOfWhatEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*uptime.Result)
		want   []string
	}{
		{"passes", func(*uptime.Result) {}, []string{"certificate 7"}},
		{"fails", func(r *uptime.Result) { r.Outcome, r.Reason = uptime.OutcomeFail, uptime.ReasonStatus }, []string{"certificate 7"}},
		{"a domain", func(r *uptime.Result) { r.RegistrationEnds, r.CertificateEnds = r.CertificateEnds, 0 }, []string{"domain 7"}},
		{"both", func(r *uptime.Result) { r.RegistrationEnds = r.Due.Add(20 * day) }, []string{"certificate 7", "domain 30"}},
		{"none", func(r *uptime.Result) { r.CertificateEnds = 0 }, nil},
		{"over", func(r *uptime.Result) { r.CertificateEnds = r.Due }, nil},
		{"an older revision", func(r *uptime.Result) { r.Revision = 0 }, nil},
		{"a region that is not assigned", func(r *uptime.Result) { r.Region = "z" }, nil},
		{"not run in time", func(r *uptime.Result) { r.Outcome, r.Reason = uptime.OutcomeExpired, uptime.ReasonExpired }, nil},
		{"anybody's certificate", func(r *uptime.Result) { r.Outcome, r.Reason = uptime.OutcomeFail, uptime.ReasonCertName }, nil},
		{"nobody's certificate", func(r *uptime.Result) { r.Outcome, r.Reason = uptime.OutcomeFail, uptime.ReasonCertUntrusted }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, j, m := oneMonitor(t)
			for n := range 5 {
				now := epoch.Add(time.Duration(n) * time.Second)
				r := ending(m, names[n%3], now, epoch.Add(5*day))
				c.change(&r)
				j.Result(&r, now)
				advance(t, j, now)
			}
			got := slices.Clone(d.warnings)
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("warned (-want +got):\n%s", diff)
			}
		})
	}
}

// TestASteadyEndCostsNothing sees the same certificate for a day.
func TestASteadyEndCostsNothing(t *testing.T) { //nolint:paralleltest // it counts allocations
	d, j, m := oneMonitor(t)
	up(t, j, d, epoch)
	now, ends := epoch, epoch.Add(60*day)
	step := func() {
		now = now.Add(time.Second)
		r := ending(m, "b", now, ends)
		j.Result(&r, now)
	}
	step()
	if allocs := testing.AllocsPerRun(1000, step); allocs > 0 {
		t.Errorf("a result allocates %v times", allocs)
	}
	written := 0
	var last postgres.Expiry
	for range 24 * 60 {
		now = now.Add(59 * time.Second)
		step()
		if err := j.Checkpoint(t.Context(), now, nil); err != nil {
			t.Fatal(err)
		}
		if e := d.rows[m].Ends[0]; e != last {
			last = e
			written++
		}
	}
	if written < 20 || written > 26 || now.Sub(last.Seen) > seenEvery {
		t.Errorf("written %d times in a day, last seen %v ago, want about once an hour", written, now.Sub(last.Seen))
	}
	if size := unsafe.Sizeof(end{}); size > 32 {
		t.Errorf("an end takes %d bytes, want 32", size)
	}
}

func TestAnotherTargetForgetsItsEnds(t *testing.T) {
	t.Parallel()
	d, j, m := oneMonitor(t)
	see := func(now uptime.Instant, revision int64) {
		t.Helper()
		r := ending(m, "a", now, epoch.Add(5*day))
		r.Revision = revision
		j.Result(&r, now)
		advance(t, j, now)
	}
	see(epoch, 1)
	w := d.rows[m].Watched
	w.Revision = 2
	d.rows[m].Watched = w
	j.Put(&postgres.JudgedMonitor{Watched: w}, epoch)
	see(epoch.Add(time.Second), 1) // of the same target, though of an older revision
	see(epoch.Add(2*time.Second), 2)
	if diff := cmp.Diff([]string{"certificate 7"}, d.warnings); diff != "" {
		t.Errorf("after a change of the interval (-want +got):\n%s", diff)
	}
	w.Revision, w.TargetRevision = 3, 3
	d.rows[m].Watched, d.rows[m].Ends = w, nil
	j.Put(&postgres.JudgedMonitor{Watched: w}, epoch)
	see(epoch.Add(3*time.Second), 2)
	if len(d.warnings) != 1 {
		t.Errorf("warned of the old target: %v", d.warnings)
	}
	see(epoch.Add(4*time.Second), 3)
	if len(d.warnings) != 2 || d.rows[m].Ends[0].Target != 3 {
		t.Errorf("warned %v, written %+v, want the new target", d.warnings, d.rows[m].Ends)
	}
}

// TestAPauseUsesNoThresholdUp pauses a monitor while a warning of it is on its way.
func TestAPauseUsesNoThresholdUp(t *testing.T) {
	t.Parallel()
	d, j, m := oneMonitor(t)
	r := ending(m, "a", epoch, epoch.Add(5*day))
	j.Result(&r, epoch)
	d.rows[m].Watched.Paused, d.rows[m].Watched.Revision = true, 2
	advance(t, j, epoch)
	r = ending(m, "a", epoch+1000, epoch.Add(5*day))
	r.Revision = 2
	j.Result(&r, epoch+1000)
	advance(t, j, epoch+1000)
	if len(d.warnings) > 0 {
		t.Fatalf("warned of a paused monitor: %v", d.warnings)
	}
	w := d.rows[m].Watched
	w.Paused, w.Revision = false, 3
	d.rows[m].Watched = w
	j.Put(&postgres.JudgedMonitor{Watched: w}, epoch+2000)
	r = ending(m, "a", epoch+3000, epoch.Add(5*day))
	r.Revision = 3
	j.Result(&r, epoch+3000)
	advance(t, j, epoch+3000)
	if diff := cmp.Diff([]string{"certificate 7"}, d.warnings); diff != "" {
		t.Errorf("warned once it goes on (-want +got):\n%s", diff)
	}
}

// TestARestartAnywhereWarnsOnce folds results of certificates twice: once without a
// stop, and once killed at random moments, after which what was not checkpointed is
// folded again. The warnings are the same.
func TestARestartAnywhereWarnsOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		steady, killed := newMemory(), newMemory()
		m := watchedMonitor(1)
		for _, d := range []*memory{steady, killed} {
			d.rows[m.ID] = &postgres.JudgedMonitor{Watched: m}
		}
		a, b := steady.life(t, epoch), killed.life(t, epoch)
		now, saved := epoch, epoch
		ends := rapid.SliceOfN(rapid.IntRange(1, 50), 1, 3).Draw(rt, "ends")
		var unsaved []told
		for n := range rapid.IntRange(1, 60).Draw(rt, "results") {
			// A minute or a day: within what counts as recent, or far beyond.
			now = now.Add(rapid.SampledFrom([]time.Duration{time.Minute, day}).Draw(rt, "pause"))
			at := epoch.Add(time.Duration(rapid.SampledFrom(ends).Draw(rt, "end")) * day)
			r := told{ending(m.ID, names[n%3], now, at), now}
			fold(rt, a, r)
			fold(rt, b, r)
			unsaved = append(unsaved, r)
			switch rapid.IntRange(0, 4).Draw(rt, "event") {
			case 0:
				if err := b.Checkpoint(t.Context(), now, nil); err != nil {
					rt.Fatal(err)
				}
				unsaved, saved = nil, now
			case 1:
				b = killed.life(t, saved)
				fold(rt, b, unsaved...)
			}
		}
		for _, j := range []*Judge{a, b} {
			if err := j.Checkpoint(t.Context(), now, nil); err != nil {
				rt.Fatal(err)
			}
		}
		if diff := cmp.Diff(steady.warnings, killed.warnings); diff != "" {
			rt.Fatalf("warnings (-steady +killed):\n%s", diff)
		}
		one, two := steady.rows[m.ID].Ends[0], killed.rows[m.ID].Ends[0]
		if one.At != two.At || one.Warned != two.Warned || one.Subject != expiry.Certificate {
			rt.Fatalf("steady %+v, killed %+v", one, two)
		}
	})
}

// BenchmarkResult folds passing results of 100,000 monitors, with what they say of a
// certificate and without.
func BenchmarkResult(b *testing.B) {
	for name, ends := range map[string]uptime.Instant{"plain": 0, "certificate": epoch.Add(60 * day)} {
		b.Run(name, func(b *testing.B) {
			const monitors = 100_000
			d := newMemory()
			j := d.life(b, epoch)
			ids := make([]uptime.ID, monitors)
			for i := range ids {
				w := watchedMonitor(1)
				w.ID = uptime.NewID(epoch.Time())
				ids[i] = w.ID
				j.Put(&postgres.JudgedMonitor{Watched: w}, epoch)
			}
			now := epoch
			round := func(n int) {
				r := ending(ids[n*7%monitors], names[n%3], now.Add(time.Duration(n)*time.Microsecond), ends)
				j.Result(&r, now)
			}
			for n := range 3 * monitors {
				round(n)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for n := range b.N {
				round(3*monitors + n)
			}
		})
	}
}
