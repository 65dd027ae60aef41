// Package place knows where things are: the checkout, its data directory, and the
// ports of one stack.
package place

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Root returns the checkout: PROBEFLEET_ROOT, which the scripts set, or the nearest
// directory upward that holds a go.work.
func Root() (string, error) {
	if r := os.Getenv("PROBEFLEET_ROOT"); r != "" {
		return filepath.Abs(r)
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("not inside a checkout of probefleet (no go.work found upward)")
		}
		dir = up
	}
}

// Ports are where a stack listens, on the loopback address but for the API, which
// listens where BIND says.
type Ports struct {
	API      int
	Postgres int
	Redis    int
	Influx   int
	Ops      int // api; pusher, aggregator and notifier follow, workers begin 10 higher
}

// workerOps is how far the operators' ports of the workers lie above Ports.Ops.
const workerOps = 10

// WorkerOps returns the operators' port of the i-th worker.
func (p Ports) WorkerOps(i int) int { return p.Ops + workerOps + i }

// DefaultPorts lie below the range from which Linux draws the ports of outgoing
// connections (32768 up): a stack whose own probes may sit on its engines' ports could
// not restart an engine.
func DefaultPorts() Ports {
	return Ports{API: 3002, Postgres: 21432, Redis: 21379, Influx: 21086, Ops: 21100}
}

// TestPorts are tried first for the engines of tests.
func TestPorts() Ports {
	return Ports{Postgres: 22432, Redis: 22379, Influx: 22086}
}

// setting says which variable moves a port.
type setting struct {
	name string
	port *int
}

func (p *Ports) settings() []setting {
	return []setting{
		{"API_PORT", &p.API}, {"POSTGRES_PORT", &p.Postgres}, {"REDIS_PORT", &p.Redis},
		{"INFLUXDB_PORT", &p.Influx}, {"OPS_PORT", &p.Ops},
	}
}

// FromEnviron changes the ports that the environment sets.
func (p Ports) FromEnviron(getenv func(string) string) (Ports, error) {
	for _, s := range p.settings() {
		text := getenv(s.name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 65535 {
			return p, fmt.Errorf("%s=%q is not a port", s.name, text)
		}
		*s.port = n
	}
	return p, nil
}

// Taken returns one line for every port in use by somebody else, with the setting that
// changes it. Ports that are zero are not wanted.
func (p Ports) Taken(workers int) error {
	var lines []string
	for _, s := range p.settings() {
		last := *s.port
		if s.name == "OPS_PORT" && last != 0 {
			last = p.WorkerOps(max(workers-1, 0))
		}
		for n := *s.port; n != 0 && n <= last; n++ {
			if !free(n) {
				lines = append(lines, fmt.Sprintf("port %d is taken: set %s to another", n, s.name))
				break
			}
			if s.name == "OPS_PORT" && n == p.Ops+3 { // four services, then the workers
				n = p.WorkerOps(0) - 1
			}
		}
	}
	if lines == nil {
		return nil
	}
	return errors.New(strings.Join(lines, "\n"))
}

func free(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

// Free returns n ports in a row that nobody listens on, below the range of outgoing
// connections. Another process may take them before they are used; it is then named
// by [Ports.Taken].
func Free(n int) (int, error) {
	const from, to = 23000, 32000
	start := from + os.Getpid()*37%(to-from) // processes that look at once look elsewhere
	for i := range to - from {
		first := from + (start-from+i)%(to-from-n)
		ok := true
		for p := first; ok && p < first+n; p++ {
			ok = free(p)
		}
		if ok {
			return first, nil
		}
	}
	return 0, fmt.Errorf("no %d free ports between %d and %d", n, from, to)
}

// FreePorts returns ports for a stack of its own, as a test wants it.
func FreePorts(workers int) (Ports, error) {
	first, err := Free(4 + workerOps + workers)
	if err != nil {
		return Ports{}, err
	}
	return Ports{API: first, Postgres: first + 1, Redis: first + 2, Influx: first + 3, Ops: first + 4}, nil
}
