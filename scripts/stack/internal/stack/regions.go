package stack

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/api"
)

// Region is what the stack needs of a region as the API shows it.
type Region struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Enabled     bool   `json:"enabled"`
	State       string `json:"state"`
	LiveWorkers int    `json:"live_workers"`
}

// known are titles and places of the regions' usual names, for the map.
var known = map[string]struct {
	title               string
	latitude, longitude float64
}{
	"us-east":  {"US East (pretended)", 38.95, -77.45},
	"eu-west":  {"EU West (pretended)", 53.34, -6.27},
	"ap-south": {"Asia Pacific South (pretended)", 19.08, 72.88},
}

// describeRegions gives the stack's regions titles and places unless somebody has, and
// waits until each has a live worker.
func (s *Stack) describeRegions(ctx context.Context) error {
	client := s.Client()
	for _, name := range s.opt.Regions {
		region, err := s.liveRegion(ctx, client, name)
		if err != nil {
			return err
		}
		place, ok := known[name]
		if !ok || region.Title != "" {
			continue
		}
		change := map[string]any{"title": place.title, "latitude": place.latitude, "longitude": place.longitude}
		if err := client.Do(ctx, http.MethodPatch, "/v1/regions/"+name, change, nil); err != nil {
			return err
		}
	}
	return nil
}

// liveRegion waits until a region has a live worker; one that was disabled is left so.
func (s *Stack) liveRegion(ctx context.Context, client api.Client, name string) (Region, error) {
	var r Region
	for {
		err := client.Do(ctx, http.MethodGet, "/v1/regions/"+name, nil, &r)
		if err == nil && (r.LiveWorkers > 0 || r.State == "disabled") {
			return r, nil
		}
		if err == nil {
			err = fmt.Errorf("it is %s, with %d live workers", r.State, r.LiveWorkers)
		}
		select {
		case <-ctx.Done():
			return r, fmt.Errorf("region %s: %w", name, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
