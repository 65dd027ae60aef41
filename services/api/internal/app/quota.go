package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/postgres"
)

// Quotas are the settings of what an organisation may have; 0, the default: no limit.
type Quotas struct {
	Websites        int `env:"QUOTA_WEBSITES" desc:"websites that an organisation may have, unless 'api quota' says otherwise; 0: as many as it likes"`
	Monitors        int `env:"QUOTA_MONITORS" desc:"the same of monitors"`
	ChecksPerMinute int `env:"QUOTA_CHECKS_PER_MINUTE" desc:"the same of scheduled checks per minute, in all regions together"`
	Channels        int `env:"QUOTA_CHANNELS" desc:"the same of channels"`
}

// Validate implements [config.Validator].
func (q *Quotas) Validate() error {
	var errs []error
	for name, n := range map[string]int{
		"QUOTA_WEBSITES": q.Websites, "QUOTA_MONITORS": q.Monitors, "QUOTA_CHECKS_PER_MINUTE": q.ChecksPerMinute, "QUOTA_CHANNELS": q.Channels,
	} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("%s=%d is less than 0", name, n))
		}
	}
	return errors.Join(errs...)
}

// quota changes what one organisation may have, and prints it. The fleet's settings are
// those of the command's environment.
func quota(ctx context.Context, store *postgres.Store, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("want the slug of an organisation, and perhaps websites=100 monitors=… checks_per_minute=… channels=…; 0: no limit, default: the fleet's setting")
	}
	fleet, err := config.Load[Quotas](nil)
	if err != nil {
		return err
	}
	store.LimitTenants(postgres.Quotas(fleet))
	org, err := store.OrgBySlug(ctx, args[0])
	if errors.Is(err, postgres.ErrNotFound) {
		return fmt.Errorf("there is no organisation %q", args[0])
	}
	if err != nil {
		return err
	}
	own, err := store.Overrides(ctx, org.ID)
	if err != nil {
		return err
	}
	if len(args) > 1 {
		if err := override(&own, args[1:]); err != nil {
			return err
		}
		ctx := postgres.WithActor(ctx, postgres.Actor{Kind: postgres.ActorSystem, Name: "api quota", Operation: "quota"})
		if err := store.SetOverrides(ctx, org.ID, own); err != nil {
			return err
		}
	}
	limits, used, err := store.Quotas(ctx, org.ID)
	if err != nil {
		return err
	}
	return printQuotas(out, limits, own, used)
}

// override reads settings as name=number into those that there are.
func override(own *postgres.Overrides, settings []string) error {
	fields := map[string]**int{
		"websites": &own.Websites, "monitors": &own.Monitors, "checks_per_minute": &own.ChecksPerMinute, "channels": &own.Channels,
	}
	for _, one := range settings {
		name, text, _ := strings.Cut(one, "=")
		field, ok := fields[name]
		if !ok {
			return fmt.Errorf("%q: there are websites=, monitors=, checks_per_minute= and channels=", one)
		}
		if text == "default" {
			*field = nil
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > math.MaxInt32 {
			return fmt.Errorf("%q: want a whole number from 0 on, or default", one)
		}
		*field = &n
	}
	return nil
}

func printQuotas(out io.Writer, limits postgres.Quotas, own postgres.Overrides, used postgres.Usage) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\tused\tallowed\tby")
	for _, row := range []struct {
		name  string
		used  float64
		limit int
		own   *int
	}{
		{"websites", float64(used.Websites), limits.Websites, own.Websites},
		{"monitors", float64(used.Monitors), limits.Monitors, own.Monitors},
		{"checks_per_minute", used.ChecksPerMinute, limits.ChecksPerMinute, own.ChecksPerMinute},
		{"channels", float64(used.Channels), limits.Channels, own.Channels},
	} {
		allowed, by := strconv.Itoa(row.limit), "the fleet's setting"
		if row.limit == 0 {
			allowed = "no limit"
		}
		if row.own != nil {
			by = "its own"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", row.name, strconv.FormatFloat(math.Round(row.used*100)/100, 'f', -1, 64), allowed, by)
	}
	return w.Flush()
}
