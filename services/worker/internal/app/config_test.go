package app

import (
	"maps"
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/config"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	good := map[string]string{"REDIS_URL": "redis://localhost", "REGION_NAME": "eu-west"}
	tests := []struct {
		set   map[string]string
		wrong string // empty: accepted
	}{
		{nil, ""},
		{map[string]string{"CANARY_TARGETS": "https://a.example, http://b.example:8080/x", "ALLOW_CIDRS": "10.0.0.0/8,::1"}, ""},
		{map[string]string{"REGION_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}, ""},
		{map[string]string{"RDAP_BOOTSTRAP_URL": "https://rdap.example/dns.json"}, ""},
		{map[string]string{"RDAP_BOOTSTRAP_URL": "rdap.example"}, "RDAP_BOOTSTRAP_URL"},
		{map[string]string{"REGION_NAME": ""}, "REGION_NAME"},
		{map[string]string{"REGION_NAME": "EU West"}, "REGION_NAME"},
		{map[string]string{"REGION_NAME": "-eu"}, "REGION_NAME"},
		{map[string]string{"REGION_NAME": "heartbeat"}, "REGION_NAME=\"heartbeat\": the name is reserved"},
		{map[string]string{"CANARY_TARGETS": "example.com"}, "CANARY_TARGETS"},
		{map[string]string{"ALLOW_CIDRS": "10.0.0.0/8,lan"}, `"lan"`},
		{map[string]string{"REGION_KEY": "c2hvcnQ="}, "REGION_KEY"},
		{map[string]string{"CONCURRENCY": "0"}, "CONCURRENCY"},
		{map[string]string{"HOST_CONCURRENCY": "100000"}, "HOST_CONCURRENCY"},
		{map[string]string{"WORKER_ID": strings.Repeat("x", 200)}, "WORKER_ID"},
	}
	for _, tt := range tests {
		environ := maps.Clone(good)
		maps.Copy(environ, tt.set)
		cfg, err := config.Load[Config](environ)
		if tt.wrong == "" {
			if err != nil || cfg.Concurrency != 256 || cfg.UrgentConcurrency != 32 || cfg.Shards.Shards != 1 {
				t.Errorf("%v: %v, %+v", tt.set, err, cfg)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%v: %v, want %s named", tt.set, err, tt.wrong)
		}
		if key := tt.set["REGION_KEY"]; key != "" && strings.Contains(err.Error(), key) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

func TestWorkerID(t *testing.T) {
	t.Parallel()
	if id, err := (&Config{WorkerID: "w7"}).workerID(); err != nil || id != "w7" {
		t.Errorf("%q, %v", id, err)
	}
	if id, err := (&Config{}).workerID(); err != nil || id == "" {
		t.Errorf("by default: %q, %v", id, err)
	}
}
