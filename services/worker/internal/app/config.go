package app

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"regexp"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Config is what a worker is told by its environment.
type Config struct {
	config.Redis
	config.Influx
	config.Retention
	config.Shards

	Region        string        `env:"REGION_NAME,required" desc:"the region that this worker looks from; one that is not known yet registers itself and waits to be enabled"`
	WorkerID      string        `env:"WORKER_ID" default:"the host's name" desc:"name of this worker: its own within the region, and the same after a restart"`
	Site          string        `env:"SITE" desc:"what network it shares with other workers: those of one site have one opinion of whether the world is reached"`
	CanaryTargets []string      `env:"CANARY_TARGETS" desc:"URLs that are always up, by which a worker notices that it is cut off itself"`
	AllowCIDRs    []string      `env:"ALLOW_CIDRS" desc:"private ranges or addresses that may be probed; metadata services never are"`
	RegionKey     config.Secret `env:"REGION_KEY" desc:"the region's message key, 32 bytes in base64" type:"secret"`
	RDAPBootstrap string        `env:"RDAP_BOOTSTRAP_URL" default:"that of IANA" desc:"where the list of the registries' RDAP servers is, for checks of domains"`

	Concurrency       int `env:"CONCURRENCY" envDefault:"256" desc:"scheduled checks that run at once"`
	UrgentConcurrency int `env:"URGENT_CONCURRENCY" envDefault:"32" desc:"room kept for confirmations and checks now"`
	HostConcurrency   int `env:"HOST_CONCURRENCY" envDefault:"64" desc:"checks of one host and port that run at once"`
}

// regionName is what the API accepts.
var regionName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

const maxConcurrency = 65536

// Validate implements [config.Validator].
func (c *Config) Validate() error {
	var errs []error
	if !regionName.MatchString(c.Region) {
		errs = append(errs, fmt.Errorf("REGION_NAME=%q: want 1 to 40 lower case letters, digits and dashes, not beginning with a dash", c.Region))
	}
	if c.Region == uptime.RegionHeartbeat {
		errs = append(errs, fmt.Errorf("REGION_NAME=%q: the name is reserved for the calls of heartbeats", c.Region))
	}
	if len(c.WorkerID) > 128 {
		errs = append(errs, errors.New("WORKER_ID has more than 128 bytes"))
	}
	for _, target := range c.CanaryTargets {
		if u, err := url.Parse(target); err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
			errs = append(errs, fmt.Errorf("CANARY_TARGETS: %.100q is not an http or https URL", target))
		}
	}
	if _, err := egress.ParseAllow(c.AllowCIDRs); err != nil {
		errs = append(errs, fmt.Errorf("ALLOW_CIDRS: %w", err))
	}
	if u, err := url.Parse(c.RDAPBootstrap); c.RDAPBootstrap != "" && (err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https") {
		errs = append(errs, fmt.Errorf("RDAP_BOOTSTRAP_URL: %.100q is not an http or https URL", c.RDAPBootstrap))
	}
	if _, err := c.box(); err != nil {
		errs = append(errs, fmt.Errorf("REGION_KEY: %w", err))
	}
	for _, n := range []struct {
		name  string
		value int
	}{{"CONCURRENCY", c.Concurrency}, {"URGENT_CONCURRENCY", c.UrgentConcurrency}, {"HOST_CONCURRENCY", c.HostConcurrency}} {
		if n.value < 1 || n.value > maxConcurrency {
			errs = append(errs, fmt.Errorf("%s=%d is not between 1 and %d", n.name, n.value, maxConcurrency))
		}
	}
	return errors.Join(errs...)
}

// box returns what opens the region's sealed messages, nil without a key.
func (c *Config) box() (*seal.Box, error) {
	if c.RegionKey.IsZero() {
		return nil, nil
	}
	key, err := seal.ParseKey(c.RegionKey.Reveal())
	if err != nil {
		return nil, err
	}
	return seal.New(key)
}

// allow returns the operator's own ranges; they were checked by Validate.
func (c *Config) allow() []netip.Prefix {
	ranges, _ := egress.ParseAllow(c.AllowCIDRs)
	return ranges
}

// workerID returns the worker's name, by default that of its host.
func (c *Config) workerID() (string, error) {
	if c.WorkerID != "" {
		return c.WorkerID, nil
	}
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "", errors.New("WORKER_ID is not set and the host has no name")
	}
	return name, nil
}
