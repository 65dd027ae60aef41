package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
)

// interval is the shortest that there is, so that minutes of others are seconds here:
// freshness, expiry and gaps are multiples of it.
const interval = 5 * time.Second

// website is one that is watched, on a path of the rig's own server.
type website struct {
	ID       string `json:"id"`
	URL      string `json:"url"`
	Verdict  string `json:"verdict"`
	Monitors []struct {
		ID string `json:"id"`
	} `json:"monitors"`

	path string
}

type incident struct {
	ID        string    `json:"id"`
	WebsiteID string    `json:"website_id"`
	Status    string    `json:"status"`
	OpenedAt  time.Time `json:"opened_at"`
}

// watch adds a website that behaves so.
func (r *Rig) watch(ctx context.Context, path string, b targets.Behaviour) (website, error) {
	w := website{path: path}
	r.targets.Set(path, b)
	err := r.call(ctx, http.MethodPost, "/v1/websites", map[string]any{
		"url": r.targets.URL + path, "name": path[1:], "interval_seconds": int(interval.Seconds()), "timeout_ms": 2000,
	}, &w)
	return w, err
}

// watchAll adds the websites that are there from first to last, and the channel.
func (r *Rig) watchAll(ctx context.Context) error {
	const deadWebsites = 3
	err := r.call(ctx, http.MethodPost, "/v1/channels", map[string]any{
		"name": "everything", "kind": "webhook", "config": map[string]any{"url": r.hookHTTP.URL},
	}, nil)
	if err != nil {
		return err
	}
	for i := range r.cfg.Websites {
		w, err := r.watch(ctx, fmt.Sprintf("/steady-%d", i), targets.Status(http.StatusOK))
		if err != nil {
			return err
		}
		r.steady = append(r.steady, w)
	}
	for i := range deadWebsites {
		w, err := r.watch(ctx, fmt.Sprintf("/dead-%d", i), targets.Status(http.StatusServiceUnavailable))
		if err != nil {
			return err
		}
		r.dead = append(r.dead, w)
	}
	if !r.judged(ctx, r.steady, "up") || !r.judged(ctx, r.dead, "down") {
		return errors.New("the websites are not judged right before anything is broken")
	}
	if _, ok := until(ctx, patience, func() bool { return len(r.hook.all()) == len(r.dead) }); !ok {
		return errors.New("what is down from the start is not told, once each")
	}
	return nil
}

// outages adds n websites whose outages are to come.
func (r *Rig) outages(ctx context.Context, n int) ([]website, error) {
	var out []website
	for range n {
		r.serial++
		w, err := r.watch(ctx, fmt.Sprintf("/outage-%d", r.serial), targets.Status(http.StatusOK))
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	if !r.judged(ctx, out, "up") {
		return nil, errors.New("new websites are not up")
	}
	return out, nil
}

// remove deletes websites.
func (r *Rig) remove(ctx context.Context, all []website) error {
	var errs []error
	for _, w := range all {
		errs = append(errs, r.discard(ctx, "/v1/websites/"+w.ID))
	}
	return errors.Join(errs...)
}

// turn makes websites answer with a status from now on.
func (r *Rig) turn(all []website, status int) {
	for _, w := range all {
		r.targets.Set(w.path, targets.Status(status))
	}
}

// judged waits until all have the verdict.
func (r *Rig) judged(ctx context.Context, all []website, verdict string) bool {
	left := append([]website(nil), all...)
	_, ok := until(ctx, patience, func() bool {
		for len(left) > 0 {
			var now website
			if r.call(ctx, http.MethodGet, "/v1/websites/"+left[0].ID, nil, &now) != nil || now.Verdict != verdict {
				return false
			}
			left = left[1:]
		}
		return true
	})
	return ok
}

// incidents returns every incident that was open at some time since, by website.
func (r *Rig) incidents(ctx context.Context, since time.Time) (map[string][]incident, error) {
	var page struct {
		Items []incident `json:"items"`
	}
	err := r.call(ctx, http.MethodGet, "/v1/incidents?limit=1000&from="+since.UTC().Format(time.RFC3339), nil, &page)
	out := map[string][]incident{}
	for _, i := range page.Items {
		out[i.WebsiteID] = append(out[i.WebsiteID], i)
	}
	return out, err
}

// have waits until each website's last incident has the status.
func (r *Rig) have(ctx context.Context, all []website, status string, since time.Time) (time.Duration, bool) {
	return until(ctx, patience, func() bool {
		found, err := r.incidents(ctx, since)
		if err != nil {
			return false
		}
		for _, w := range all {
			if len(found[w.ID]) == 0 || found[w.ID][0].Status != status {
				return false
			}
		}
		return true
	})
}
