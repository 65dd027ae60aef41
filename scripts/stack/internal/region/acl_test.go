package region_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/scripts/stack/internal/place"
	"github.com/probefleet/probefleet/scripts/stack/internal/region"
)

func TestTheExampleOfRedisUsersIsInStep(t *testing.T) {
	t.Parallel()
	root, err := place.Root()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(root, region.ExampleFile))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(region.Example(), string(b)); diff != "" {
		t.Errorf("%s is old: make generate (-want +got):\n%s", region.ExampleFile, diff)
	}
}
