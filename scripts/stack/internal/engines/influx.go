package engines

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
)

// influxConf is InfluxDB 1.8's. Its caches are bounded, because by default they grow
// to a gigabyte; what it tells about itself by default, to its makers and into a
// database of its own, is off.
const influxConf = `reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = %[1]q
[data]
  dir = %[2]q
  wal-dir = %[3]q
  index-version = "tsi1"
  cache-max-memory-size = "96m"
  cache-snapshot-memory-size = "12m"
  cache-snapshot-write-cold-duration = "5m"
  max-concurrent-compactions = 1
  series-id-set-cache-size = 20
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:%[4]d"
  flux-enabled = true
  log-enabled = false
  max-body-size = 25000000
[logging]
  level = "warn"
[monitor]
  store-enabled = false
[continuous_queries]
  enabled = false
[retention]
  check-interval = "30m"
`

func (e *Engines) prepareInflux(context.Context) (supervise.Spec, error) {
	if _, err := os.Stat(e.cfg.Influxd); err != nil {
		return supervise.Spec{}, fmt.Errorf("InfluxDB is not built: %w", err)
	}
	home := filepath.Join(e.cfg.Dir, Influx)
	if err := os.MkdirAll(home, 0o700); err != nil {
		return supervise.Spec{}, err
	}
	conf := filepath.Join(home, "influxdb.conf")
	text := fmt.Sprintf(influxConf, filepath.Join(home, "meta"), filepath.Join(home, "data"), filepath.Join(home, "wal"), e.cfg.Ports.Influx)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return supervise.Spec{}, err
	}
	e.InfluxURL = fmt.Sprintf("http://127.0.0.1:%d", e.cfg.Ports.Influx)
	return supervise.Spec{
		Name: Influx,
		Path: e.cfg.Influxd,
		Args: []string{"-config", conf},
		Env:  environ("HOME="+home, "GOGC=50"), // memory before speed: it writes little
		Dir:  home,
	}, nil
}

func (e *Engines) readyInflux(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.InfluxURL+"/ping", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("ping answers %s", resp.Status)
	}
	return nil
}
