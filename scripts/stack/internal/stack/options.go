package stack

import (
	"os"
	"slices"
	"strings"

	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
	"github.com/probefleet/probefleet/scripts/stack/internal/place"
	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
)

// Names of the fleet's own processes; workers are named worker-<region>.
const (
	API        = "api"
	Pusher     = "pusher"
	Aggregator = "aggregator"
	Notifier   = "notifier"
	RedisTLS   = "redis-tls"
	Supervisor = "stack" // the process that runs the others
)

// Worker returns the name of a region's worker.
func Worker(region string) string { return "worker-" + region }

// DefaultRegions are those of `make up`.
func DefaultRegions() []string { return []string{"us-east", "eu-west", "ap-south"} }

// ownNetwork are the loopback and private ranges: the user's own machine and network.
const ownNetwork = "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"

// defaultCanaries are asked by every worker in a round of doubt: does this region
// reach the outside at all? They are run by parties that do not fail together.
const defaultCanaries = "https://www.google.com/generate_204,https://www.cloudflare.com/cdn-cgi/trace,https://www.example.com/"

// Canaries returns what workers look at in a round of doubt: CANARY_TARGETS where it is
// set, be it to nothing.
func Canaries() string {
	if c, set := os.LookupEnv("CANARY_TARGETS"); set {
		return c
	}
	return defaultCanaries
}

// Options say what stack to run.
type Options struct {
	Root    string // the checkout: programs are in bin, scripts in scripts
	Dir     string // where the stack keeps everything
	Tools   string // where InfluxDB's program is; default Root/.data/bin
	Ports   place.Ports
	Regions []string // default [DefaultRegions]
	Site    string   // default the machine's name: all regions share its network

	// Environ is what the processes inherit; nil: the path only. Env is set on top for
	// one process by its name, or for all of the fleet's own under "".
	Environ []string
	Env     map[string]map[string]string

	// Engines that are somebody else's.
	DatabaseURL, RedisURL, InfluxURL string
	RedisMemory                      string

	Program string // the stack's program; empty: this one

	Tell func(format string, args ...any) // progress, one line each; nil: none
}

func (o *Options) defaults() {
	if o.Tools == "" {
		o.Tools = o.Root + "/.data/bin"
	}
	if len(o.Regions) == 0 {
		o.Regions = DefaultRegions()
	}
	if o.Site == "" {
		o.Site = "this-machine"
		if name, err := os.Hostname(); err == nil && name != "" {
			o.Site = name
		}
	}
	if o.Environ == nil {
		o.Environ = []string{"PATH=" + os.Getenv("PATH"), "CANARY_TARGETS="}
	}
	if o.Tell == nil {
		o.Tell = func(string, ...any) {}
	}
	if o.DatabaseURL != "" {
		o.Ports.Postgres = 0
	}
	if o.RedisURL != "" {
		o.Ports.Redis = 0
	}
	if o.InfluxURL != "" {
		o.Ports.Influx = 0
	}
}

// Influxd returns where InfluxDB's program is.
func (o *Options) Influxd() string { return o.Tools + "/influxd" }

func (o *Options) engines() engines.Config {
	return engines.Config{
		Dir: o.Dir, Ports: o.Ports, Tell: o.Tell, Influxd: o.Influxd(), RedisMemory: o.RedisMemory,
		DatabaseURL: o.DatabaseURL, RedisURL: o.RedisURL, InfluxURL: o.InfluxURL,
	}
}

// merge lays settings over an environment: later ones win, and those named in without
// are left out unless they are set.
func merge(environ []string, without []string, layers ...map[string]string) []string {
	values := map[string]string{}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if !slices.Contains(without, name) {
			values[name] = value
		}
	}
	for _, l := range layers {
		for name, value := range l {
			values[name] = value
		}
	}
	out := make([]string, 0, len(values))
	for name, value := range values {
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}

// PortsFree tells in time, before anything is built, that a port is somebody else's. It
// knows nothing while processes of a killed run hold the ports.
func (o Options) PortsFree() error {
	o.defaults()
	if len(supervise.Leftovers(RunDir(o.Dir))) > 0 {
		return nil
	}
	return o.Ports.Taken(len(o.Regions))
}
