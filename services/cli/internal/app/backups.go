package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/services/cli/internal/backup"
)

// engines are the settings of the services that backup and restore share with them.
type engines struct {
	config.Database
	config.Influx
	config.Retention
	Seal []config.Secret `env:"SEAL_KEY"`
}

var engineNames = []string{
	"DATABASE_URL", "INFLUXDB_URL", "INFLUXDB_ORG", "INFLUXDB_TOKEN", "RETENTION_RAW", "RETENTION_5M", "RETENTION_1H", "SEAL_KEY",
}

// keeping are the flags of both.
type keeping struct {
	passphraseFile            string
	withoutTicks, withoutSeal bool
}

func (k *keeping) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.passphraseFile, "passphrase-file", "", "file with the passphrase that encrypts the archive (PROBEFLEET_PASSPHRASE)")
	cmd.Flags().BoolVar(&k.withoutTicks, "without-ticks", false, "leave the ticks out")
}

func (a *app) backupConfig(k keeping) (backup.Config, error) {
	environ := map[string]string{}
	for _, name := range engineNames {
		if v, set := a.Env(name); set {
			environ[name] = v
		}
	}
	e, err := config.Load[engines](environ)
	if err != nil {
		return backup.Config{}, exit{ExitUsage, err}
	}
	keys := make([]string, len(e.Seal))
	for i, key := range e.Seal {
		keys[i] = key.Reveal()
	}
	cfg := backup.Config{
		Database: e.Database.URL.Reveal(), SealKey: strings.Join(keys, ","), Version: service.Version(), Now: time.Now,
		Passphrase: a.env("PROBEFLEET_PASSPHRASE"),
		Tell:       func(format string, args ...any) { fmt.Fprintf(a.Err, format+"\n", args...) },
	}
	if k.passphraseFile != "" {
		text, err := os.ReadFile(k.passphraseFile)
		if err != nil {
			return cfg, exit{ExitUsage, err}
		}
		cfg.Passphrase = strings.TrimRight(string(text), "\r\n")
		if cfg.Passphrase == "" {
			return cfg, wrong("%s is empty", k.passphraseFile)
		}
	}
	if e.Enabled() && !k.withoutTicks {
		cfg.Ticks = &tsdb.Config{
			URL: e.Influx.URL, Org: e.Organisation(), Token: e.Token.Reveal(),
			Retention: tsdb.Retention{Raw: e.Raw, FiveMinutes: e.FiveMinutes, Hour: e.Hour},
		}
	}
	return cfg, nil
}

const engineHelp = `

It reaches the engines themselves, by the settings of the services: DATABASE_URL as the
tables' owner, INFLUXDB_URL (INFLUXDB_ORG, INFLUXDB_TOKEN), RETENTION_RAW, RETENTION_5M,
RETENTION_1H, SEAL_KEY.`

func (a *app) backup() *cobra.Command {
	var k keeping
	var out string
	cmd := &cobra.Command{
		Use: "backup -o FILE", Short: "Keep all of a fleet in one archive: PostgreSQL, ticks, the sealing key", Args: cobra.NoArgs,
		Long: `Keep all of a fleet in one archive: the rows of PostgreSQL as of one instant, the ticks
of InfluxDB and the sealing key. The fleet may run meanwhile. The archive holds secrets
and the key that opens them: it is readable by its owner only, and with a passphrase it
is encrypted (age, scrypt).` + engineHelp,
		Example: "  probefleet backup -o fleet.tar.zst --passphrase-file /etc/probefleet/passphrase",
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the archive, such as fleet.tar.zst")
	cmd.Flags().BoolVar(&k.withoutSeal, "without-seal-key", false, "leave the sealing key out")
	k.flags(cmd)
	_ = cmd.MarkFlagRequired("output") // there is such a flag
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		cfg, err := a.backupConfig(k)
		if err != nil {
			return err
		}
		switch {
		case k.withoutSeal:
			cfg.SealKey = ""
		case cfg.SealKey == "":
			return wrong("SEAL_KEY is not set: without it an archive's secrets do not open; leave it out with --without-seal-key")
		}
		if cfg.Ticks == nil && !k.withoutTicks {
			return wrong("INFLUXDB_URL is not set: leave the ticks out with --without-ticks")
		}
		m, err := backup.Create(ctx, cfg, out)
		if err != nil {
			return err
		}
		if cfg.Passphrase == "" {
			fmt.Fprintln(a.Err, "note: the archive is not encrypted; a passphrase does that")
		}
		fmt.Fprintf(a.Out, "%s: schema %d, as of %s\n", filepath.Clean(out), m.Schema.Schema, m.CreatedAt.Format(time.RFC3339))
		return nil
	})
	return cmd
}

func (a *app) restore() *cobra.Command {
	var k keeping
	var opt backup.RestoreOptions
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Bring an archive back, into empty engines", Args: cobra.ExactArgs(1),
		Long: `Bring an archive back, into empty engines, while no service runs. All of the archive is
checked before anything is written. An older archive gets its own schema first and is
then brought to the newest.` + engineHelp,
		Example: "  probefleet restore fleet.tar.zst --passphrase-file /etc/probefleet/passphrase --seal-key-out seal.key",
	}
	cmd.Flags().BoolVar(&opt.Force, "force", false, "replace what the target holds")
	cmd.Flags().StringVar(&opt.SealKeyOut, "seal-key-out", "", "write the sealing key to this new file, instead of comparing it with SEAL_KEY")
	k.flags(cmd)
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		cfg, err := a.backupConfig(k)
		if err != nil {
			return err
		}
		opt.WithoutTicks = k.withoutTicks
		m, err := backup.Restore(ctx, cfg, args[0], opt)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.Out, "restored: as of %s\n", m.CreatedAt.Format(time.RFC3339))
		return nil
	})
	return cmd
}
