package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/scripts/stack/internal/place"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	got := merge(
		[]string{"PATH=/bin", "PORT=80", "SMTP_HOST=mail", "ODD=a=b", "LOG_LEVEL=info"}, []string{"PORT"},
		map[string]string{"LOG_LEVEL": "debug", "PORT": "3002"}, nil, map[string]string{"LOG_LEVEL": "warn"})
	want := []string{"LOG_LEVEL=warn", "ODD=a=b", "PATH=/bin", "PORT=3002", "SMTP_HOST=mail"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCredentialsAreMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	nothing := func(string) string { return "" }
	first, err := credentials(dir, "http://127.0.0.1:3002", nothing)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(first.APIKey, "pf_") || len(first.AdminPassword) < 20 || first.AdminEmail == "" {
		t.Errorf("made %+v", first)
	}
	second, err := credentials(dir, "http://127.0.0.1:4000", nothing)
	if err != nil {
		t.Fatal(err)
	}
	want := first
	want.URL = "http://127.0.0.1:4000"
	if diff := cmp.Diff(want, second); diff != "" {
		t.Errorf("not kept (-want +got):\n%s", diff)
	}
	read, err := ReadCredentials(dir)
	if diff := cmp.Diff(want, read); diff != "" || err != nil {
		t.Errorf("read again: %v (-want +got):\n%s", err, diff)
	}
	path := filepath.Join(dir, CredentialsFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("they are not for their owner alone: %v, %v", info, err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(b)) {
		name, _, _ := strings.Cut(line, "=")
		names = append(names, name)
	}
	order := []string{"PROBEFLEET_URL", "PROBEFLEET_API_KEY", "PROBEFLEET_ADMIN_EMAIL", "PROBEFLEET_ADMIN_PASSWORD"}
	if diff := cmp.Diff(order, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// notStarted is a stack that has not been started, with what the environments are made of.
func notStarted(t *testing.T, opt Options) *Stack {
	t.Helper()
	opt.Ports = place.DefaultPorts()
	opt.defaults()
	return &Stack{
		Credentials: Credentials{URL: "http://127.0.0.1:3002", APIKey: "pf_a_b"}, opt: opt,
		DatabaseURL: "postgres://own", RedisURL: "redis://own", InfluxURL: "http://own", sealKey: "seal",
		keys: map[string]string{"us-east": "k1", "eu-west": "k2", "ap-south": "k3"},
	}
}

func environOf(t *testing.T, s *Stack, name string) map[string]string {
	t.Helper()
	for _, spec := range s.services() {
		if spec.Name != name {
			continue
		}
		env := map[string]string{}
		for _, kv := range spec.Env {
			k, v, _ := strings.Cut(kv, "=")
			env[k] = v
		}
		return env
	}
	t.Fatalf("no process is named %s", name)
	return nil
}

func TestWorkersGetWhatAWorkerElsewhereWouldHave(t *testing.T) {
	t.Parallel()
	s := notStarted(t, Options{Environ: []string{"SMTP_PASS=x", "DATABASE_URL=other", "PORT=80", "LOG_LEVEL=debug"}, Site: "box"})
	env := environOf(t, s, "worker-eu-west")
	for name, want := range map[string]string{
		"REGION_NAME": "eu-west", "REGION_KEY": "k2", "SITE": "box", "WORKER_ID": "worker-eu-west", "LOG_LEVEL": "debug",
		"ALLOW_CIDRS": ownNetwork, "CANARY_TARGETS": defaultCanaries, "REDIS_URL": "redis://own", "OPS_ADDR": "127.0.0.1:21111",
		"DATABASE_URL": "", "SEAL_KEY": "",
	} {
		if env[name] != want {
			t.Errorf("%s=%q, want %q", name, env[name], want)
		}
	}
	for _, name := range []string{"SMTP_PASS", "PORT", "BOOTSTRAP_API_KEY"} {
		if v, set := env[name]; set {
			t.Errorf("it is told %s=%s", name, v)
		}
	}
}

func TestTheUsersWordCounts(t *testing.T) {
	t.Parallel()
	s := notStarted(t, Options{
		Environ: []string{"CANARY_TARGETS=", "ALLOW_CIDRS=10.0.0.0/8", "SMTP_PASS=x", "PUBLIC_URL=https://status.example.com"},
		Env:     map[string]map[string]string{"": {"LOG_LEVEL": "warn"}, API: {"PORT": "1"}},
	})
	worker, notifier, api := environOf(t, s, "worker-us-east"), environOf(t, s, Notifier), environOf(t, s, API)
	if c, set := worker["CANARY_TARGETS"]; !set || c != "" {
		t.Errorf("canaries that were switched off: %q", c)
	}
	if worker["ALLOW_CIDRS"] != "10.0.0.0/8" || notifier["ALLOW_CIDRS"] != "10.0.0.0/8" {
		t.Errorf("ranges %q, %q", worker["ALLOW_CIDRS"], notifier["ALLOW_CIDRS"])
	}
	if notifier["SMTP_PASS"] != "x" || notifier["PUBLIC_URL"] != "https://status.example.com" {
		t.Errorf("mail %q, public URL %q", notifier["SMTP_PASS"], notifier["PUBLIC_URL"])
	}
	if api["LOG_LEVEL"] != "warn" || api["PORT"] != "1" {
		t.Errorf("a test's settings: %q, %q", api["LOG_LEVEL"], api["PORT"])
	}
	if want := "us-east=k1,eu-west=k2,ap-south=k3"; api["BOOTSTRAP_REGIONS"] != want {
		t.Errorf("regions %q, want %q", api["BOOTSTRAP_REGIONS"], want)
	}
}

func TestLocalHost(t *testing.T) {
	t.Parallel()
	for bind, want := range map[string]string{"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "127.0.0.1", "10.1.2.3": "10.1.2.3"} {
		if got := localHost(bind); got != want {
			t.Errorf("bound to %q it is reached at %s, want %s", bind, got, want)
		}
	}
}
