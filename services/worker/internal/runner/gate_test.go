package runner

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// blocked is a check that runs until it is released.
type blocked struct {
	mu      sync.Mutex
	started []string
	release map[string]chan struct{}
}

func (b *blocked) run(g *gate, urgent bool, host, name string) {
	ch := make(chan struct{})
	b.mu.Lock()
	b.release[name] = ch
	b.mu.Unlock()
	g.start(urgent, host, func() {
		b.mu.Lock()
		b.started = append(b.started, name)
		b.mu.Unlock()
		<-ch
	})
}

func (b *blocked) has(names ...string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	got := slices.Sorted(slices.Values(b.started))
	return slices.Equal(got, names)
}

func (b *blocked) end(names ...string) {
	for _, n := range names {
		close(b.release[n])
	}
	synctest.Wait()
}

func TestGateParksWhatAHostHasNoRoomFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, b := newGate(4, 2, 2), &blocked{release: map[string]chan struct{}{}}
		for _, name := range []string{"a1", "a2", "a3", "a4"} {
			b.run(g, false, "a", name)
		}
		b.run(g, false, "b", "b1")
		synctest.Wait()
		if !b.has("a1", "a2", "b1") {
			t.Errorf("started %v", b.started)
		}
		if checks, urgent := g.free(); checks != 1 || urgent != 3 {
			t.Errorf("free %d, %d", checks, urgent)
		}
		b.end("a1")
		if !b.has("a1", "a2", "a3", "b1") {
			t.Errorf("after one ended: %v", b.started)
		}
		g.close()
		b.run(g, false, "c", "c1") // too late
		b.end("a2")
		if !b.has("a1", "a2", "a3", "b1") {
			t.Errorf("started after the end: %v", b.started)
		}
		b.end("a3", "b1")
		g.wait()
		if len(g.hosts) != 0 || g.parked != 0 {
			t.Errorf("%d hosts and %d parked left", len(g.hosts), g.parked)
		}
	})
}

// Scheduled checks never take the room of urgent ones; urgent ones may borrow half of
// theirs.
func TestGateRoom(t *testing.T) {
	t.Parallel()
	tests := []struct {
		runningChecks, runningUrgent, parked int
		checks, urgent                       int
	}{
		{0, 0, 0, 100, 60},
		{100, 0, 0, 0, 10},
		{90, 5, 0, 10, 15},
		{0, 60, 0, 50, 0},
		{50, 60, 0, 0, 0},
		{100, 10, 0, 0, 0},
		{0, 0, 100, 0, 10},
		{0, 0, 95, 5, 15},
	}
	for _, tt := range tests {
		g := newGate(100, 10, 50)
		g.runningChecks, g.runningUrgent, g.parked = tt.runningChecks, tt.runningUrgent, tt.parked
		if checks, urgent := g.free(); checks != tt.checks || urgent != tt.urgent {
			t.Errorf("%+v: free %d, %d", tt, checks, urgent)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		g := newGate(rapid.IntRange(1, 300).Draw(t, "checks"), rapid.IntRange(1, 40).Draw(t, "urgent"), 8)
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			checks, urgent := g.free()
			if checks < 0 || urgent < 0 || checks+g.runningChecks > g.checks {
				t.Fatalf("free %d, %d with %d running", checks, urgent, g.runningChecks)
			}
			if rapid.Bool().Draw(t, "which") {
				g.runningChecks += rapid.IntRange(0, checks).Draw(t, "n")
			} else {
				g.runningUrgent += rapid.IntRange(0, urgent).Draw(t, "n")
			}
			if g.runningChecks+g.runningUrgent > g.checks+g.urgent {
				t.Fatalf("%d and %d run", g.runningChecks, g.runningUrgent)
			}
		}
	})
}

func TestHostKey(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"https://user:pass@example.com:8443/a?b": "example.com:8443", "http://example.com": "example.com",
		"example.com:22": "example.com:22", "http://[::1]:80/": "[::1]:80", "http://%zz": "http://%zz",
	} {
		if got := hostKey(target); got != want {
			t.Errorf("hostKey(%q) = %q, want %q", target, got, want)
		}
	}
}
