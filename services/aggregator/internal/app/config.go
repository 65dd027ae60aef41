package app

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/config"
)

// leastAudit keeps what was changed on a Friday until somebody asks on Monday.
const leastAudit = 7 * 24 * time.Hour

// Config are the aggregator's settings.
type Config struct {
	config.Database
	config.Redis
	config.Influx
	config.Retention
	config.Shards
	config.Watch
	Audit      time.Duration `env:"RETENTION_AUDIT" envDefault:"9600h" desc:"how long it is kept who changed what over the API (400 days)"`
	InstanceID string        `env:"INSTANCE_ID" default:"the host's name" desc:"name of this replica, the same after a restart and no other's"`
}

// Validate implements [config.Validator].
func (c *Config) Validate() error {
	var errs []error
	if strings.ContainsAny(c.InstanceID, " \t\r\n") {
		errs = append(errs, errors.New("INSTANCE_ID has spaces in it"))
	}
	if c.Audit < leastAudit {
		errs = append(errs, fmt.Errorf("RETENTION_AUDIT=%v is less than %v", c.Audit, leastAudit))
	}
	return errors.Join(errs...)
}

// instance returns the replica's name.
func (c *Config) instance() (string, error) {
	if c.InstanceID != "" {
		return c.InstanceID, nil
	}
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "", errors.New("INSTANCE_ID is not set and the host has no name")
	}
	return name, nil
}
