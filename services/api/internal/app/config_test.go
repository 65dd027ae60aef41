package app

import (
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/config"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	key := "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	good := map[string]string{"DATABASE_URL": "postgres://h/d", "REDIS_URL": "redis://h", "SEAL_KEY": key}
	tests := []struct {
		name string
		set  map[string]string
		want string // empty: valid
	}{
		{"least", nil, ""},
		{"all", map[string]string{
			"PORT": "80", "BIND": "::", "PUBLIC_URL": "https://fleet.example", "TRUSTED_PROXIES": "10.0.0.0/8,::1/128",
			"BOOTSTRAP_API_KEY": "pf_abcdefgh_" + strings.Repeat("0123456789abcdef", 4), "ADMIN_EMAIL": "a@b.example", "ADMIN_PASSWORD": "correct horse",
			"BOOTSTRAP_REGIONS": "us-east=" + key + ", eu-west=" + key,
		}, ""},
		{"port", map[string]string{"PORT": "70000"}, "PORT=70000"},
		{"bind", map[string]string{"BIND": "everywhere"}, `BIND="everywhere"`},
		{"public URL", map[string]string{"PUBLIC_URL": "fleet.example"}, "PUBLIC_URL"},
		{"sign-up", map[string]string{"SIGN_UP": "perhaps"}, "SIGN_UP"},
		{"proxies", map[string]string{"TRUSTED_PROXIES": "10.0.0.1"}, "TRUSTED_PROXIES"},
		{"metrics of monitors", map[string]string{"MONITOR_METRICS": "yes"}, `MONITOR_METRICS="yes" is neither on nor off`},
		{"limits and origins", map[string]string{"RATE_LIMIT_PER_MINUTE": "0", "CORS_ORIGINS": "https://a.example,http://localhost:8080"}, ""},
		{"limit", map[string]string{"RATE_LIMIT_PUBLIC_PER_MINUTE": "-1"}, "RATE_LIMIT_PUBLIC_PER_MINUTE=-1"},
		{"every origin", map[string]string{"CORS_ORIGINS": "*"}, `CORS_ORIGINS: "*"`},
		{"a pattern of origins", map[string]string{"CORS_ORIGINS": "https://*.example"}, "CORS_ORIGINS"},
		{"more than an origin", map[string]string{"CORS_ORIGINS": "https://a.example/"}, "CORS_ORIGINS"},
		{"key", map[string]string{"BOOTSTRAP_API_KEY": "hunter2"}, "BOOTSTRAP_API_KEY: not an API key"},
		{"email", map[string]string{"ADMIN_EMAIL": "admin", "ADMIN_PASSWORD": "correct horse"}, "ADMIN_EMAIL"},
		{"no password", map[string]string{"ADMIN_EMAIL": "a@b.example"}, "ADMIN_PASSWORD must have"},
		{"short password", map[string]string{"ADMIN_EMAIL": "a@b.example", "ADMIN_PASSWORD": "hunter2"}, "ADMIN_PASSWORD must have"},
		{"region without key", map[string]string{"BOOTSTRAP_REGIONS": "us-east"}, "BOOTSTRAP_REGIONS: the key of us-east"},
		{"region's name", map[string]string{"BOOTSTRAP_REGIONS": "US=" + key}, "BOOTSTRAP_REGIONS: region 1"},
		{"reserved name", map[string]string{"BOOTSTRAP_REGIONS": "heartbeat=" + key}, "BOOTSTRAP_REGIONS: the name heartbeat is reserved"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			environ := map[string]string{}
			for _, m := range []map[string]string{good, tt.set} {
				for k, v := range m {
					environ[k] = v
				}
			}
			_, err := config.Load[Config](environ)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestOnlyWhatIsACommandIsRunAsOne(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"-version"}, {"serve"}, {"migrate-all"}} {
		if _, ok := Command(t.Context(), args, nil, nil); ok {
			t.Errorf("%q was run", args)
		}
	}
}
