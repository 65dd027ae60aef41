package alert_test

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestKeyTellsEventsChannelsAndRemindersApart(t *testing.T) {
	t.Parallel()
	a, b := uptime.NewID(time.Unix(1, 0)), uptime.NewID(time.Unix(2, 0))
	seen := map[string]string{}
	for name, key := range map[string]string{
		"down":              alert.Key("i1", alert.EventDown, a, 0),
		"recovered":         alert.Key("i1", alert.EventRecovered, a, 0),
		"another channel":   alert.Key("i1", alert.EventDown, b, 0),
		"another incident":  alert.Key("i2", alert.EventDown, a, 0),
		"the first remind":  alert.Key("i1", alert.EventReminder, a, 1),
		"the second remind": alert.Key("i1", alert.EventReminder, a, 2),
	} {
		if other, dup := seen[key]; dup {
			t.Errorf("%s and %s have the same key", name, other)
		}
		seen[key] = name
	}
	if again := alert.Key("i1", alert.EventDown, a, 0); seen[again] == "" {
		t.Error("the same event got two keys")
	}
}
