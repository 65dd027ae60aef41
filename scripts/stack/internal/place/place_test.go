package place_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/scripts/stack/internal/place"
)

func TestFromEnviron(t *testing.T) {
	t.Parallel()
	environ := map[string]string{"API_PORT": "4000", "REDIS_PORT": "7000"}
	got, err := place.DefaultPorts().FromEnviron(func(k string) string { return environ[k] })
	want := place.DefaultPorts()
	want.API, want.Redis = 4000, 7000
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{"x", "0", "65536"} {
		if _, err := place.DefaultPorts().FromEnviron(func(string) string { return bad }); err == nil || !strings.Contains(err.Error(), "API_PORT") {
			t.Errorf("API_PORT=%s: %v", bad, err)
		}
	}
}

func TestTakenNamesTheSetting(t *testing.T) {
	t.Parallel()
	ports, err := place.FreePorts(3)
	if err != nil {
		t.Fatal(err)
	}
	if err := ports.Taken(3); err != nil {
		t.Fatalf("free ports: %v", err)
	}
	for _, tt := range []struct {
		port int
		want string
	}{{ports.Redis, "REDIS_PORT"}, {ports.WorkerOps(2), "OPS_PORT"}, {ports.Ops + 3, "OPS_PORT"}} {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", tt.port))
		if err != nil {
			t.Fatal(err)
		}
		err = ports.Taken(3)
		_ = l.Close()
		want := fmt.Sprintf("port %d is taken: set %s to another", tt.port, tt.want)
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", ports.Ops+4)) // between services and workers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := ports.Taken(3); err != nil {
		t.Errorf("a port that is not used: %v", err)
	}
}
