//go:build e2e

package e2e

import (
	"net/http"
	"testing"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

// Two of three regions fall silent: nobody knows, and nobody is woken.
func TestTwoSilentRegionsMeanUnknown(t *testing.T) {
	site := targets.New(t, nil)
	w := watch(t, site.URL+"/", map[string]any{"interval_seconds": 5, "timeout_ms": 1000})
	w.becomes(t, "up")
	silent := []string{stack.Worker("eu-west"), stack.Worker("ap-south")}
	if err := fleet.Halt(silent...); err != nil {
		t.Fatal(err)
	}
	restored := false
	restore := func() {
		if restored {
			return
		}
		restored = true
		for _, name := range silent {
			if err := fleet.Again(name); err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(restore)
	site.Set("/", targets.Status(http.StatusInternalServerError))
	w.becomes(t, "unknown")
	seen := site.Requests("/")
	eventually(t, "two more cycles of the last region", func() bool { return site.Requests("/") >= seen+2 })
	if got := w.incidents(t); len(got) != 0 {
		t.Errorf("incidents %+v, want none", got)
	}
	type region struct {
		Name  string `json:"name"`
		State string `json:"state"`
	}
	eventually(t, "two of three regions are shown as silent", func() bool {
		states := map[string]string{}
		all, _ := tryCall[page[region]](t, http.MethodGet, "/v1/regions")
		for _, r := range all.Items {
			states[r.Name] = r.State
		}
		return states["us-east"] == "active" && states["eu-west"] == "silent" && states["ap-south"] == "silent"
	})
	restore()
	w.becomes(t, "down") // three voices again
}

// The box loses the outside: its targets there are unknown, what it reaches is judged,
// the operators are told, and no incident is opened.
func TestABlindBoxAccusesNobody(t *testing.T) {
	t.Parallel() // the other targets are inside
	far, err := targets.Start(targets.Config{Addr: outside + ":0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(far.Close)
	near := targets.New(t, nil)
	hook := newHook(t, "ok")
	w := watch(t, far.URL+"/", map[string]any{"interval_seconds": 5, "timeout_ms": 1000})
	inside := watch(t, near.URL+"/", map[string]any{"interval_seconds": 5})
	addChannel(t, "webhook", map[string]any{"url": hook.url}, w, map[string]any{"events": []string{"fleet", "down"}})
	w.becomes(t, "up")
	inside.becomes(t, "up")

	canary.Set("/canary", targets.Hang())
	far.Set("/", targets.Hang())
	t.Cleanup(func() { canary.Set("/canary", targets.Status(http.StatusOK)) })
	w.becomes(t, "unknown")
	eventually(t, "the operators are told", func() bool { return len(hook.with("alert.fleet")) > 0 })
	if got := w.incidents(t); len(got) != 0 {
		t.Errorf("incidents %+v, want none", got)
	}
	if got := hook.with("alert.down"); len(got) != 0 {
		t.Errorf("alerts %v, want none", got)
	}
	near.Set("/", targets.Status(http.StatusInternalServerError))
	inside.becomes(t, "down") // it needs no outside

	canary.Set("/canary", targets.Status(http.StatusOK))
	w.becomes(t, "down") // now it is the target's own fault
	far.Set("/", targets.Status(http.StatusOK))
	w.becomes(t, "up")
}
