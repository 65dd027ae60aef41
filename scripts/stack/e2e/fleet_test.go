//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/scripts/stack/internal/api"
	"github.com/probefleet/probefleet/scripts/stack/internal/place"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

// patience bounds every wait for something that must happen. It is far above what the
// design promises, because a loaded machine is slow; how long things took is logged.
const patience = 90 * time.Second

var (
	fleet  *stack.Stack
	canary *targets.Server // what the workers' canaries look at
)

func TestMain(m *testing.M) {
	http.DefaultTransport = tapped{http.DefaultTransport}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	if err := ownNetwork(ctx); err != nil {
		return failed(err)
	}
	dir, err := os.MkdirTemp("", "probefleet-e2e-")
	if err != nil {
		return failed(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL runs under an account of its own
		return failed(err)
	}
	if canary, err = targets.Start(targets.Config{}); err != nil {
		return failed(err)
	}
	defer canary.Close()
	opt, err := options(dir)
	if err != nil {
		return failed(err)
	}
	if fleet, err = stack.Start(ctx, opt); err != nil {
		return failed(err)
	}
	code := m.Run()
	if code != 0 {
		fmt.Println("the fleet's logs are kept in", stack.LogDir(dir))
		if err := fleet.Stop(); err != nil {
			return failed(err)
		}
		return code
	}
	if err := errors.Join(fleet.Destroy(), os.RemoveAll(dir)); err != nil {
		return failed(err)
	}
	return code
}

func options(dir string) (stack.Options, error) {
	root, err := place.Root()
	if err != nil {
		return stack.Options{}, err
	}
	ports, err := place.FreePorts(len(stack.DefaultRegions()))
	if err != nil {
		return stack.Options{}, err
	}
	return stack.Options{
		Root: root, Dir: filepath.Join(dir, "data"), Ports: ports, Site: "one-box",
		Environ: []string{"PATH=" + os.Getenv("PATH"), "CANARY_TARGETS=" + canary.URL + "/canary", "RDAP_BOOTSTRAP_URL=" + canary.URL + registryPath},
		Tell:    tell,
	}, nil
}

func tell(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func failed(err error) int {
	fmt.Fprintln(os.Stderr, "e2e:", err)
	return 1
}

// eventually polls until what holds, and returns how long that took.
func eventually(t *testing.T, what string, holds func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for !holds() {
		if time.Since(begun) > patience {
			t.Fatalf("after %v still not: %s", patience, what)
		}
		time.Sleep(25 * time.Millisecond)
	}
	return time.Since(begun)
}

// call is a request that must succeed.
func call[T any](t *testing.T, method, path string, in any) T {
	t.Helper()
	var out T
	if err := fleet.Client().Do(t.Context(), method, path, in, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// tryCall is a request that may fail while parts of the fleet are down.
func tryCall[T any](t *testing.T, method, path string) (T, bool) {
	t.Helper()
	var out T
	err := fleet.Client().Do(t.Context(), method, path, nil, &out)
	return out, err == nil
}

// refused is a request that must fail with the status.
func refused(t *testing.T, want int, method, path string, in any) {
	t.Helper()
	err := fleet.Client().Do(t.Context(), method, path, in, nil)
	if e := (*api.Error)(nil); !errors.As(err, &e) || e.Status != want {
		t.Errorf("%s %s: %v, want status %d", method, path, err, want)
	}
}

type page[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

type monitor struct {
	ID       string `json:"id"`
	Verdict  string `json:"verdict"`
	Revision int64  `json:"revision"`
}

type website struct {
	ID              string    `json:"id"`
	URL             string    `json:"url"`
	Status          string    `json:"status"`
	Verdict         string    `json:"verdict"`
	AdvisoryRegions []string  `json:"advisory_regions"`
	Monitors        []monitor `json:"monitors"`
}

type vote struct {
	Region    string    `json:"region"`
	Vote      string    `json:"vote"`
	Reason    string    `json:"reason"`
	Due       time.Time `json:"due"`
	LatencyMS float64   `json:"latency_ms"`
	Fresh     bool      `json:"fresh"`
	Counted   bool      `json:"counted"`
	Advisory  bool      `json:"advisory"`
}

type event struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
}

type incident struct {
	ID          string     `json:"id"`
	WebsiteID   string     `json:"website_id"`
	Status      string     `json:"status"`
	OpenedAt    time.Time  `json:"opened_at"`
	ResolvedAt  *time.Time `json:"resolved_at"`
	Explanation string     `json:"explanation"`
	Evidence    struct {
		Votes []struct {
			Region     string `json:"region"`
			Vote       string `json:"vote"`
			Reason     string `json:"reason"`
			StatusCode int    `json:"status_code"`
			ResolvedIP string `json:"resolved_ip"`
			Counted    bool   `json:"counted"`
		} `json:"votes"`
	} `json:"evidence"`
	Events []event `json:"events"`
}

type delivery struct {
	ID         string     `json:"id"`
	Event      string     `json:"event"`
	Key        string     `json:"idempotency_key"`
	Status     string     `json:"status"`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

// watch adds a website that is removed after the test.
func watch(t *testing.T, url string, settings map[string]any) website {
	t.Helper()
	in := map[string]any{"url": url, "interval_seconds": 10, "timeout_ms": 3000}
	for k, v := range settings {
		in[k] = v
	}
	w := call[website](t, http.MethodPost, "/v1/websites", in)
	t.Cleanup(func() {
		_ = fleet.Client().Do(context.Background(), http.MethodDelete, "/v1/websites/"+w.ID, nil, nil)
	})
	return w
}

func (w website) now(t *testing.T) website {
	t.Helper()
	now, _ := tryCall[website](t, http.MethodGet, "/v1/websites/"+w.ID)
	return now
}

func (w website) votes(t *testing.T) []vote {
	t.Helper()
	v, _ := tryCall[page[vote]](t, http.MethodGet, "/v1/monitors/"+w.Monitors[0].ID+"/votes")
	return v.Items
}

func (w website) incidents(t *testing.T) []incident {
	t.Helper()
	p, _ := tryCall[page[incident]](t, http.MethodGet, "/v1/incidents?website_id="+w.ID)
	return p.Items
}

func (w website) becomes(t *testing.T, verdict string) time.Duration {
	t.Helper()
	var last website
	took := eventually(t, w.URL+" becomes "+verdict, func() bool {
		last = w.now(t)
		return last.Verdict == verdict
	})
	t.Logf("%s after %v", verdict, took.Round(10*time.Millisecond))
	return took
}

// allVote waits until every region has a fresh vote of the kind.
func (w website) allVote(t *testing.T, want string) time.Duration {
	t.Helper()
	return eventually(t, "every region votes "+want, func() bool {
		n := 0
		for _, v := range w.votes(t) {
			if v.Vote == want && v.Fresh {
				n++
			}
		}
		return n == len(stack.DefaultRegions())
	})
}
