package app

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/services/pusher/internal/upkeep"
)

// Config are the pusher's settings.
type Config struct {
	config.Database
	config.Redis
	config.Shards
	SlotWidth  time.Duration `env:"SLOT_WIDTH" envDefault:"250ms" desc:"what is due within one slot goes out together: wider is cheaper and coarser; the same for all pushers"`
	InstanceID string        `env:"INSTANCE_ID" default:"the host's name" desc:"name of this pusher: its own among those that run, and the same after a restart"`
	Reconcile  string        `env:"RECONCILE_CRON" envDefault:"17 3 * * *" desc:"when PostgreSQL, memory and Redis are compared in full: five fields of cron, UTC"`
}

const (
	minSlotWidth = 10 * time.Millisecond
	maxSlotWidth = 5 * time.Second // the shortest interval of a monitor
)

// Validate implements [config.Validator].
func (c *Config) Validate() error {
	var errs []error
	if c.SlotWidth < minSlotWidth || c.SlotWidth > maxSlotWidth || c.SlotWidth%time.Millisecond != 0 {
		errs = append(errs, fmt.Errorf("SLOT_WIDTH=%v is not between %v and %v in whole milliseconds", c.SlotWidth, minSlotWidth, maxSlotWidth))
	}
	if err := upkeep.CheckSchedule(c.Reconcile); err != nil {
		errs = append(errs, fmt.Errorf("RECONCILE_CRON=%w", err))
	}
	return errors.Join(errs...)
}

// instance returns the pusher's name, by default that of its host.
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
