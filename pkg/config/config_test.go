package config_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/config"
)

type settings struct {
	config.Database
	config.Redis
	config.Log
	Port    int            `env:"PORT" envDefault:"3002" desc:"where to listen"`
	Slot    time.Duration  `env:"SLOT_WIDTH" envDefault:"250ms"`
	Allow   []netip.Prefix `env:"ALLOW_CIDRS"`
	Canary  []string       `env:"CANARY_TARGETS" envDefault:"https://one.example,https://two.example" empty:"keep"`
	Ignored string
}

func (s *settings) Validate() error {
	if s.Port < 0 {
		return fmt.Errorf("PORT=%d is negative", s.Port)
	}
	return nil
}

func good() map[string]string {
	return map[string]string{"DATABASE_URL": "postgres://u:hunter2@h/db", "REDIS_URL": "rediss://h:1"}
}

func TestLoadReadsDefaultsAndValues(t *testing.T) {
	t.Parallel()
	environ := good()
	environ["ALLOW_CIDRS"] = " 10.0.0.0/8 ,, 127.0.0.0/8,"
	environ["PORT"] = "" // as a compose file passes what is not set
	environ["LOG_LEVEL"] = "warn"
	got, err := config.Load[settings](environ)
	if err != nil {
		t.Fatal(err)
	}
	if got.Port != 3002 || got.Slot != 250*time.Millisecond || got.Level != slog.LevelWarn || got.Format != "json" {
		t.Errorf("got port %d, slot %v, level %v, format %q", got.Port, got.Slot, got.Level, got.Format)
	}
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8")}
	if diff := cmp.Diff(want, got.Allow, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("ALLOW_CIDRS (-want +got):\n%s", diff)
	}
	if len(got.Canary) != 2 {
		t.Errorf("CANARY_TARGETS unset gives %q, want the default", got.Canary)
	}
}

func TestEmptyValueIsKeptOnlyWhereItMeansSomething(t *testing.T) {
	t.Parallel()
	environ := good()
	environ["CANARY_TARGETS"], environ["LOG_FORMAT"] = "", ""
	got, err := config.Load[settings](environ)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Canary) != 0 || got.Format != "json" {
		t.Errorf("got canaries %q and format %q, want none and json", got.Canary, got.Format)
	}
}

func TestLoadNamesEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		set  map[string]string
		want []string
	}{
		{"missing", map[string]string{"DATABASE_URL": "", "REDIS_URL": ""}, []string{"DATABASE_URL is not set (PostgreSQL", "REDIS_URL is not set"}},
		{"unparsable", map[string]string{"PORT": "http", "SLOT_WIDTH": "1", "ALLOW_CIDRS": "10.0.0.0", "LOG_LEVEL": "loud"},
			[]string{`PORT="http" is not a valid whole number`, `SLOT_WIDTH="1" is not a valid duration`, `ALLOW_CIDRS="10.0.0.0"`, `LOG_LEVEL="loud" is not a valid level`}},
		{"invalid", map[string]string{"PORT": "-1", "LOG_FORMAT": "xml", "DATABASE_URL": "mysql://u:hunter2@h", "REDIS_URL": "::::"},
			[]string{"PORT=-1 is negative", `LOG_FORMAT="xml" is neither`, "DATABASE_URL does not begin with postgres://", "REDIS_URL is not a URL"}},
		{"some of each", map[string]string{"DATABASE_URL": "", "SLOT_WIDTH": "1", "PORT": "-1", "LOG_FORMAT": "xml"},
			[]string{"DATABASE_URL", `SLOT_WIDTH="1" is not a valid duration`, "PORT=-1 is negative", `LOG_FORMAT="xml" is neither`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			environ := good()
			for k, v := range tt.set {
				environ[k] = v
			}
			_, err := config.Load[settings](environ)
			if !errors.Is(err, config.ErrSettings) {
				t.Fatalf("got %v, want ErrSettings", err)
			}
			for _, w := range tt.want {
				if strings.Count(err.Error(), w) != 1 {
					t.Errorf("want %q exactly once in:\n%v", w, err)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows a password: %v", err)
			}
		})
	}
}

// Several groups of settings are wrong together.
func TestJoin(t *testing.T) {
	t.Parallel()
	environ := map[string]string{"PORT": "http", "LOG_FORMAT": "xml"}
	_, all := config.Load[settings](environ)
	_, log := config.Load[config.Log](environ)
	_, ops := config.Load[config.Ops](map[string]string{"OPS_PPROF": "perhaps"})
	err := config.Join(all, nil, log, ops)
	if !errors.Is(err, config.ErrSettings) {
		t.Fatalf("got %v, want ErrSettings", err)
	}
	for _, name := range []string{"PORT", "LOG_FORMAT", "OPS_PPROF", "DATABASE_URL is", "REDIS_URL is"} {
		if strings.Count(err.Error(), "\n  "+name) != 1 {
			t.Errorf("want %s exactly once in:\n%v", name, err)
		}
	}
	if err := config.Join(nil, nil); err != nil {
		t.Errorf("nothing is wrong: %v", err)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	rows := config.Table(settings{})
	want := config.Row{Name: "DATABASE_URL", Type: "URL", Required: true, Secret: true,
		Description: "PostgreSQL, postgres://user:password@host:port/name"}
	if diff := cmp.Diff(want, rows[0]); diff != "" {
		t.Errorf("first row (-want +got):\n%s", diff)
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.Name+" "+r.Type)
	}
	wantNames := []string{"DATABASE_URL URL", "REDIS_URL URL", "REDIS_CA text", "LOG_LEVEL level", "LOG_FORMAT text",
		"PORT whole number", "SLOT_WIDTH duration", "ALLOW_CIDRS list of prefix", "CANARY_TARGETS list of text"}
	if diff := cmp.Diff(wantNames, names); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestSecretIsNeverShown(t *testing.T) {
	t.Parallel()
	s := config.Secret("hunter2")
	text, _ := s.MarshalText()
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "in", struct{ S config.Secret }{s})
	for _, shown := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %q", s, s, s, s), string(text), log.String()} {
		if strings.Contains(shown, "hunter2") {
			t.Errorf("shown: %s", shown)
		}
	}
	if s.Reveal() != "hunter2" {
		t.Error("Reveal does not")
	}
}

func TestGroupsValidate(t *testing.T) {
	t.Parallel()
	type all struct {
		config.Influx
		config.Ops
		config.Shards
		config.Seal
	}
	key := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	tests := []struct {
		name    string
		environ map[string]string
		want    string // empty: valid
	}{
		{"least", map[string]string{"SEAL_KEY": key}, ""},
		{"two keys", map[string]string{"SEAL_KEY": key + ", " + key, "OPS_ADDR": "off"}, ""},
		{"short key", map[string]string{"SEAL_KEY": "AAAA"}, "SEAL_KEY: key 1"},
		{"shards", map[string]string{"SEAL_KEY": key, "SHARDS": "0"}, "SHARDS=0"},
		{"influx", map[string]string{"SEAL_KEY": key, "INFLUXDB_URL": "localhost:8086"}, "INFLUXDB_URL does not begin"},
		{"ops", map[string]string{"SEAL_KEY": key, "OPS_ADDR": "9100"}, "OPS_ADDR"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load[all](tt.environ)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
