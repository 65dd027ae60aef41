package app

import (
	"errors"
	"os"
	"strings"

	"github.com/probefleet/probefleet/pkg/config"
)

// Config are the aggregator's settings.
type Config struct {
	config.Database
	config.Redis
	config.Influx
	config.Retention
	config.Shards
	config.Watch
	InstanceID string `env:"INSTANCE_ID" default:"the host's name" desc:"name of this replica, the same after a restart and no other's"`
}

// Validate implements [config.Validator].
func (c *Config) Validate() error {
	if strings.ContainsAny(c.InstanceID, " \t\r\n") {
		return errors.New("INSTANCE_ID has spaces in it")
	}
	return nil
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
