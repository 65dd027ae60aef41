package config_test

import (
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/config"
)

func TestRetention(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		environ map[string]string
		want    string // empty: valid
	}{
		{"defaults", map[string]string{}, ""},
		{"longer", map[string]string{"RETENTION_RAW": "1000h"}, ""},
		{"short raw", map[string]string{"RETENTION_RAW": "24h"}, "RETENTION_RAW=24h0m0s is less than 48h"},
		{"coarser kept shorter", map[string]string{"RETENTION_5M": "100h"}, "RETENTION_5M=100h0m0s is less than 720h"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load[config.Retention](tt.environ)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestOnlyAnInfluxWithATokenHasAnOrganisation(t *testing.T) {
	t.Parallel()
	old, err := config.Load[config.Influx](map[string]string{"INFLUXDB_URL": "http://h:8086"})
	if err != nil {
		t.Fatal(err)
	}
	newer, err := config.Load[config.Influx](map[string]string{"INFLUXDB_URL": "http://h:8086", "INFLUXDB_TOKEN": "t"})
	if err != nil {
		t.Fatal(err)
	}
	if old.Organisation() != "" || newer.Organisation() != "probefleet" {
		t.Errorf("organisations %q and %q, want none and the default", old.Organisation(), newer.Organisation())
	}
}
