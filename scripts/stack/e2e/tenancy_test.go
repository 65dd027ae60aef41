//go:build e2e

package e2e

import (
	"net/http"
	"testing"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
)

// The database of `make up` keeps tenants apart: otherwise no key could be confined.
func TestAKeyIsConfinedToAWebsite(t *testing.T) {
	t.Parallel()
	site := targets.New(t, nil)
	w, other := watch(t, site.URL+"/mine", nil), watch(t, site.URL+"/other", nil)
	key := call[struct {
		Key string `json:"key"`
	}](t, http.MethodPost, "/v1/api-keys", map[string]any{"name": "confined", "scopes": []string{"read"}, "website_ids": []string{w.ID}})
	confined := fleet.Client()
	confined.Key = key.Key
	var seen page[website]
	if err := confined.Do(t.Context(), http.MethodGet, "/v1/websites", nil, &seen); err != nil {
		t.Fatal(err)
	}
	if len(seen.Items) != 1 || seen.Items[0].ID != w.ID {
		t.Errorf("the key sees %+v, want %s only", seen.Items, w.ID)
	}
	if err := confined.Do(t.Context(), http.MethodGet, "/v1/websites/"+other.ID, nil, nil); err == nil {
		t.Error("the key sees another website")
	}
}
