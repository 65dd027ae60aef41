package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
)

// Database is where PostgreSQL is.
type Database struct {
	URL Secret `env:"DATABASE_URL,required" desc:"PostgreSQL, postgres://user:password@host:port/name" type:"URL"`
}

// Validate implements [Validator].
func (d *Database) Validate() error {
	return checkURL("DATABASE_URL", d.URL.Reveal(), "postgres", "postgresql")
}

// Redis is where the streams are.
type Redis struct {
	URL Secret `env:"REDIS_URL,required" desc:"Redis 7.0 or newer, redis://user:password@host:port/0, rediss:// for TLS" type:"URL"`
	CA  string `env:"REDIS_CA" desc:"certificate authority of a rediss:// server that the system does not trust: PEM text, its base64 on one line, or a file's path"`
}

// Validate implements [Validator].
func (r *Redis) Validate() error {
	err := checkURL("REDIS_URL", r.URL.Reveal(), "redis", "rediss", "unix")
	if _, bad := Roots(r.CA); bad != nil {
		err = errors.Join(err, fmt.Errorf("REDIS_CA %w", bad))
	}
	return err
}

// Influx is where the ticks are: InfluxDB 2.x, or 1.8 with Flux enabled, which needs
// neither organisation nor token.
type Influx struct {
	URL   string `env:"INFLUXDB_URL" desc:"InfluxDB 2.x, or 1.8 with flux-enabled" type:"URL"`
	Org   string `env:"INFLUXDB_ORG" envDefault:"probefleet" desc:"organisation (InfluxDB 2.x)"`
	Token Secret `env:"INFLUXDB_TOKEN" desc:"token allowed to make buckets, write, read and delete (InfluxDB 2.x)"`
}

// Enabled tells whether an InfluxDB is configured.
func (i *Influx) Enabled() bool { return i.URL != "" }

// Validate implements [Validator].
func (i *Influx) Validate() error {
	if i.URL == "" {
		return nil
	}
	return checkURL("INFLUXDB_URL", i.URL, "http", "https")
}

// Log is how a service logs.
type Log struct {
	Level  slog.Level `env:"LOG_LEVEL" envDefault:"info" desc:"debug, info, warn or error" type:"level"`
	Format string     `env:"LOG_FORMAT" envDefault:"json" desc:"json or text"`
}

// Validate implements [Validator].
func (l *Log) Validate() error {
	if l.Format != "json" && l.Format != "text" {
		return fmt.Errorf("LOG_FORMAT=%q is neither json nor text", l.Format)
	}
	return nil
}

// Ops is the listener for operators: metrics, liveness, readiness.
type Ops struct {
	Addr  string `env:"OPS_ADDR" default:"127.0.0.1:9100 (api), 9101 (pusher), 9102 (aggregator), 9103 (notifier), 9104 (worker)" desc:"where /metrics, /healthz and /readyz are served; off: nowhere" type:"address"`
	Pprof bool   `env:"OPS_PPROF" envDefault:"false" desc:"serve Go's profiles under /debug/pprof/ too"`
}

// Validate implements [Validator].
func (o *Ops) Validate() error {
	if o.Addr == "" || o.Addr == "off" {
		return nil
	}
	if _, _, err := net.SplitHostPort(o.Addr); err != nil {
		return fmt.Errorf("OPS_ADDR=%q is not host:port", o.Addr)
	}
	return nil
}

// MaxShards bounds SHARDS: each shard costs every worker and the pusher wake-ups of
// its own, and one shard carries a million monitors.
const MaxShards = 64

// Shards is into how many parts the monitors are divided. Every service must agree.
type Shards struct {
	Shards int `env:"SHARDS" envDefault:"1" desc:"parts that the monitors are divided into; the same everywhere, changed only while pusher, workers and aggregator are stopped"`
}

// Validate implements [Validator].
func (s *Shards) Validate() error {
	if s.Shards < 1 || s.Shards > MaxShards {
		return fmt.Errorf("SHARDS=%d is not between 1 and %d", s.Shards, MaxShards)
	}
	return nil
}

// Seal is the key under which secrets are kept.
type Seal struct {
	Keys []Secret `env:"SEAL_KEY,required" desc:"32 random bytes in base64, under which secrets are sealed at rest; to rotate: the new key, a comma, the old key" type:"secret"`
}

// Validate implements [Validator].
func (s *Seal) Validate() error {
	var errs []error
	for i, k := range s.Keys {
		b, err := base64.StdEncoding.DecodeString(k.Reveal())
		if err != nil || len(b) != 32 {
			errs = append(errs, fmt.Errorf("SEAL_KEY: key %d is not 32 bytes in base64", i+1))
		}
	}
	return errors.Join(errs...)
}

// checkURL looks at scheme and host only. It never repeats the value: it may hold a
// password.
func checkURL(name, value string, schemes ...string) error {
	u, err := url.Parse(value)
	if err != nil {
		return fmt.Errorf("%s is not a URL", name)
	}
	for _, s := range schemes {
		if u.Scheme == s && (u.Host != "" || u.Path != "" || u.RawQuery != "") {
			return nil
		}
	}
	return fmt.Errorf("%s does not begin with %s://", name, strings.Join(schemes, ":// or "))
}
