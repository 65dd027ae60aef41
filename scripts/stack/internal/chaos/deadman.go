package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/watchdog"
	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

const (
	// standing is for how long a stage stands still: until it is told, and then for
	// longer than from one ping to the next, so that a missing one is missed.
	standing = watchdog.Patience + watchdog.PingEvery + 30*time.Second
	// pingWait is how long the next ping may take when all is well, and some: the stage
	// has to have moved for a while, too.
	pingWait = watchdog.PingEvery + patience
)

// pingSink opens what the fleet pings while all of it moves.
func (r *Rig) pingSink() (url string) {
	r.pings = &sink{}
	server := httptest.NewServer(r.pings)
	r.ends = append(r.ends, func() error { server.Close(); return nil })
	return server.URL
}

// listen makes a channel for the operators and waits for a ping.
func listen(ctx context.Context, r *Rig) error {
	operators := &sink{}
	server := httptest.NewServer(operators)
	r.ends = append(r.ends, func() error { server.Close(); return nil })
	var made struct {
		ID string `json:"id"`
	}
	err := r.call(ctx, http.MethodPost, "/v1/channels", map[string]any{
		"name": "operators", "kind": "webhook", "config": map[string]any{"url": server.URL}, "events": []string{"fleet"},
	}, &made)
	if err != nil {
		return err
	}
	r.operators, r.operatorsChannel = operators, made.ID
	before := len(r.pings.all())
	if _, ok := until(ctx, pingWait, func() bool { return len(r.pings.all()) > before }); !ok {
		return errors.New("no ping comes although nothing is broken")
	}
	return nil
}

// fleetNews is what an alert about the fleet itself says.
type fleetNews struct {
	Data struct {
		Explanation string     `json:"explanation"`
		Until       *time.Time `json:"until"`
	} `json:"data"`
}

// news returns the alerts about the fleet that its operators got: of the begin or of the
// end of something.
func (r *Rig) news(ended bool) (texts []string, last time.Time) {
	for _, t := range r.operators.all() {
		var n fleetNews
		if json.Unmarshal([]byte(t.body), &n) == nil && (n.Data.Until != nil) == ended {
			texts, last = append(texts, n.Data.Explanation), t.at
		}
	}
	return texts, last
}

// named checks that people were told which stage stands still, and that no ping has come
// since: the hold is longer than from one to the next.
func named(what string) look {
	return func(ctx context.Context, r *Rig, p *play) []Check {
		var told []string
		var at time.Time
		_, ok := until(ctx, patience, func() bool {
			told, at = r.news(false)
			return len(told) > 0
		})
		told = compact(told)
		checks := []Check{{
			What: "told within " + fmt.Sprintf("%.0f s", at.Sub(p.broke).Seconds()) + ":",
			Got:  strings.Join(told, "; "), OK: ok && len(told) == 1 && strings.Contains(told[0], what),
		}}
		late := 0
		for _, ping := range r.pings.all() {
			if ok && ping.at.After(at) {
				late++
			}
		}
		return append(checks, Check{What: "pings from then on:", Got: fmt.Sprint(late), OK: late == 0})
	}
}

func compact(texts []string) (out []string) {
	seen := map[string]bool{}
	for _, t := range texts {
		if !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}

// resumed checks that pings come again, and that people are told of the end.
func resumed(ctx context.Context, r *Rig, _ *play) []Check {
	var ended []string
	_, told := until(ctx, pingWait, func() bool {
		ended, _ = r.news(true)
		return len(ended) > 0
	})
	before := len(r.pings.all())
	_, again := until(ctx, pingWait, func() bool { return len(r.pings.all()) > before })
	begun, _ := r.news(false)
	checks := []Check{
		{What: "told to stand still in all:", Got: fmt.Sprint(len(begun)), OK: len(begun) == 1},
		{What: "then:", Got: strings.Join(compact(ended), "; "), OK: told},
		{What: "pings come again:", Got: fmt.Sprint(again), OK: again},
	}
	if err := r.discard(ctx, "/v1/channels/"+r.operatorsChannel); err != nil {
		checks = append(checks, Check{What: "remove the channel", Got: err.Error()})
	}
	return checks
}

// deadMan are faults of whole stages that last until somebody outside must notice.
func deadMan() []Scenario {
	stage := func(name, fault, what string, stop injection) Scenario {
		return Scenario{
			Name: "dead man's switch, " + name, Fault: fault + " for %s",
			Promise: "pings to the service outside end, an alert names the stage; both are made good when it is back",
			Long:    standing, Prepare: listen, Inject: stop, During: named(what), After: resumed,
		}
	}
	return []Scenario{
		stage("a region's workers", "SIGSTOP", "Region "+theRegion, freeze(stack.Worker(theRegion))),
		stage("pusher", "SIGSTOP", "pusher", freeze(stack.Pusher)),
		stage("aggregator", "stopped", "aggregator", halt(stack.Aggregator)),
		stage("API", "stopped", "api", halt(stack.API)),
		stage("Redis", "SIGSTOP", "Redis", freeze(engines.Redis)),
	}
}
