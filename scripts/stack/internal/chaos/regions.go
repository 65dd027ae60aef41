package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
)

// cutOff silences a region's one connection to the core: nothing comes through, and
// nobody is told so.
func cutOff(_ context.Context, r *Rig) (func(context.Context) error, error) {
	l := r.redis[theRegion]
	return l.mend, l.silence()
}

// foundMeanwhile checks that the outage which began in the fault was found in it.
func foundMeanwhile(ctx context.Context, r *Rig, p *play) []Check {
	found, err := r.incidents(ctx, p.began)
	if err != nil {
		return []Check{{What: "incidents", Got: err.Error()}}
	}
	n, slowest := 0, time.Duration(0)
	for _, w := range p.in {
		if len(found[w.ID]) > 0 {
			n++
			slowest = max(slowest, found[w.ID][0].OpenedAt.Sub(p.broke))
		}
	}
	c := Check{What: "outage found meanwhile, within", Got: fmt.Sprintf("%.1f s", slowest.Seconds()), OK: n == len(p.in)}
	if !c.OK {
		c.Got = fmt.Sprintf("%d of %d", n, len(p.in))
	}
	return []Check{c}
}

// state returns how the region is shown.
func (r *Rig) state(ctx context.Context) string {
	var region struct {
		State string `json:"state"`
	}
	if err := r.call(ctx, http.MethodGet, "/v1/regions/"+theRegion, nil, &region); err != nil {
		return err.Error()
	}
	return region.State
}

// silent checks that the region is shown so.
func silent(ctx context.Context, r *Rig, _ *play) []Check {
	got := r.state(ctx)
	return []Check{{What: "the region is shown as", Got: got, OK: got == "silent"}}
}

// learning is how long it takes until the fleet knows what is normal for a region: ten
// windows of a minute, if there are websites enough for each to count, and some.
const learning = 12 * time.Minute

// known waits until the fleet knows what is normal.
func known(ctx context.Context, r *Rig) error {
	if len(r.steady) < consensus.SickSamples {
		return nil // it never will
	}
	return sleep(ctx, time.Until(r.ready.Add(learning)))
}

// sick checks that the region was found sick, if the fleet knows what is normal there.
func sick(ctx context.Context, r *Rig, _ *play) []Check {
	got := r.state(ctx)
	if len(r.steady) < consensus.SickSamples {
		return []Check{{What: "of so few websites nobody can tell; the region is shown as", Got: got, OK: got == "active"}}
	}
	return []Check{{What: "the region is shown as", Got: got, OK: got == "sick"}}
}

// both looks twice.
func both(a, b look) look {
	return func(ctx context.Context, r *Rig, p *play) []Check { return append(a(ctx, r, p), b(ctx, r, p)...) }
}

// failsThere makes websites that are well fail in one region: each check with the given
// probability, or, if persistent, all checks of that share of the websites.
func failsThere(share float64, persistent bool) injection {
	return func(_ context.Context, r *Rig) (func(context.Context) error, error) {
		well, bad := targets.Status(http.StatusOK), targets.Status(http.StatusBadGateway)
		there := func(w http.ResponseWriter, req *http.Request) {
			if persistent || rand.Float64() < share {
				bad(w, req)
				return
			}
			well(w, req)
		}
		suffering := r.steady
		if persistent {
			suffering = r.steady[:int(share*float64(len(r.steady)))]
		}
		for _, w := range suffering {
			r.targets.Set(w.path, targets.InRegion(theRegion, there, well))
		}
		return func(context.Context) error {
			r.turn(suffering, http.StatusOK)
			return nil
		}, nil
	}
}

// regions are faults of a region.
func regions() []Scenario {
	const promise = "the others go on judging; its slots are counted expired; it is shown as silent and comes back by itself"
	return []Scenario{{
		Name: "region cut off", Fault: "its link to Redis swallows everything for %s, while an outage begins and one ends", Promise: promise,
		Short: 9 * time.Second, Long: 90 * time.Second, Inject: cutOff, During: both(foundMeanwhile, silent),
	}, {
		Name: "region unreliable", Fault: "30 % of its checks fail at random for %s",
		Promise: "no incident of a website that is well: asked again at once, it takes most of its votes back",
		Long:    time.Minute, Inject: failsThere(0.3, false), During: foundMeanwhile,
	}, {
		Name: "region failing", Fault: "all its checks of 30 % of the websites fail for %s",
		Promise: "no incident of a website that is well; found sick where 200 websites have shown for ten minutes what is normal",
		Long:    3 * time.Minute, Prepare: known, Inject: failsThere(0.3, true), During: both(foundMeanwhile, sick),
	}}
}
