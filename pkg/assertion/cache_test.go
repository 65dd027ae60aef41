package assertion_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func statusIs(n int) []byte {
	return fmt.Appendf(nil, `[{"source":"status","comparison":"equals","target":%d}]`, n)
}

func TestCacheKeepsWhatIsUsed(t *testing.T) {
	t.Parallel()
	first, err := assertion.NewCache(0).Compile(uptime.KindHTTP, statusIs(0))
	if err != nil {
		t.Fatal(err)
	}
	const room = 5
	c := assertion.NewCache(room * (first.Bytes() + 10)) // targets have up to three digits
	kept, err := c.Compile(uptime.KindHTTP, statusIs(100))
	if err != nil {
		t.Fatal(err)
	}
	lost, err := c.Compile(uptime.KindHTTP, statusIs(101))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		if _, err := c.Compile(uptime.KindHTTP, statusIs(200+i)); err != nil {
			t.Fatal(err)
		}
		if again, _ := c.Compile(uptime.KindHTTP, statusIs(100)); again != kept {
			t.Fatalf("the set in use was dropped after %d others", i)
		}
		if c.Bytes() > room*(first.Bytes()+10) || c.Len() > room {
			t.Fatalf("%d sets of %d bytes", c.Len(), c.Bytes())
		}
	}
	if c.Len() != room {
		t.Errorf("%d sets are kept, want %d", c.Len(), room)
	}
	if again, _ := c.Compile(uptime.KindHTTP, statusIs(101)); again == lost {
		t.Error("the set that was used least recently is still there")
	}
}

func TestCacheTellsKindsApartAndKeepsNoMistakes(t *testing.T) {
	t.Parallel()
	c := assertion.NewCache(0)
	if _, err := c.Compile(uptime.KindHTTP, statusIs(200)); err != nil {
		t.Fatal(err)
	}
	var errs assertion.Errors
	if _, err := c.Compile(uptime.KindDNS, statusIs(200)); !errors.As(err, &errs) {
		t.Errorf("a DNS check has a status: %v", err)
	}
	if _, err := c.Compile(uptime.KindHTTP, statusIs(2000)); !errors.As(err, &errs) {
		t.Errorf("status 2000: %v", err)
	}
	if c.Len() != 1 {
		t.Errorf("%d sets, want 1", c.Len())
	}
	if set, err := c.Compile(uptime.KindHTTP, nil); set.Len() != 0 || err != nil {
		t.Errorf("no assertions: %v, %v", set, err)
	}
	tiny := assertion.NewCache(1)
	if set, err := tiny.Compile(uptime.KindHTTP, statusIs(200)); set.Len() != 1 || err != nil || tiny.Bytes() != 0 {
		t.Errorf("a set larger than the cache: %v, %v", set, err)
	}
}
