package config

import (
	"errors"
	"fmt"
	"time"
)

// Organisation returns the organisation of an InfluxDB 2.x, and nothing for a 1.8,
// which has none: without a token it is a 1.8.
func (i *Influx) Organisation() string {
	if i.Token == "" {
		return ""
	}
	return i.Org
}

// Retention is how long ticks are kept. Every service that reads or writes them must
// agree.
type Retention struct {
	Raw         time.Duration `env:"RETENTION_RAW" envDefault:"720h" desc:"how long single results are kept (30 days)"`
	FiveMinutes time.Duration `env:"RETENTION_5M" envDefault:"2160h" desc:"how long roll-ups of five minutes are kept (90 days)"`
	Hour        time.Duration `env:"RETENTION_1H" envDefault:"9600h" desc:"how long roll-ups of an hour are kept (400 days), which is how far back charts go"`
}

// Validate implements [Validator].
func (r *Retention) Validate() error {
	var errs []error
	least := 48 * time.Hour // a day of raw ticks is charted, and roll-ups may be late
	for _, s := range []struct {
		name string
		d    time.Duration
	}{{"RETENTION_RAW", r.Raw}, {"RETENTION_5M", r.FiveMinutes}, {"RETENTION_1H", r.Hour}} {
		if s.d < least {
			errs = append(errs, fmt.Errorf("%s=%v is less than %v", s.name, s.d, least))
		}
		least = max(least, s.d) // what is coarser is kept at least as long
	}
	return errors.Join(errs...)
}
