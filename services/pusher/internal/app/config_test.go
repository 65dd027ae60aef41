package app

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/config"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	good := map[string]string{"DATABASE_URL": "postgres://db/fleet", "REDIS_URL": "redis://cache:6379/0"}
	cfg, err := config.Load[Config](good)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.SlotWidth != 250*time.Millisecond || cfg.Shards.Shards != 1 || cfg.Reconcile != "17 3 * * *" {
		t.Errorf("defaults %+v", cfg)
	}
	if name, err := cfg.instance(); err != nil || name == "" {
		t.Errorf("instance %q, %v", name, err)
	}
	for name, value := range map[string]string{
		"SLOT_WIDTH": "6s", "SHARDS": "0", "RECONCILE_CRON": "every day", "REDIS_URL": "http://x", "DATABASE_URL": "mysql://x",
	} {
		bad := maps.Clone(good)
		bad[name] = value
		if _, err := config.Load[Config](bad); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: error %v does not name it", name, value, err)
		}
	}
	bad := maps.Clone(good)
	bad["SLOT_WIDTH"], bad["RECONCILE_CRON"] = "250500us", "60 * * * *"
	_, err = config.Load[Config](bad)
	if err == nil || !strings.Contains(err.Error(), "SLOT_WIDTH") || !strings.Contains(err.Error(), "RECONCILE_CRON") {
		t.Errorf("two wrong settings: %v, want both named", err)
	}
}
