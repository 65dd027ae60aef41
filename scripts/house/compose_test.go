package house_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// compose is what the tests look at in docker-compose.yml.
type compose struct {
	Services map[string]struct {
		Image       string
		Build       map[string]any
		Restart     string
		Ports       []string
		Environment map[string]string
		Command     any
		Networks    []string
		ReadOnly    bool `yaml:"read_only"`
		HealthCheck struct {
			Test    any
			Disable bool
		} `yaml:"healthcheck"`
		DependsOn map[string]struct{ Condition string } `yaml:"depends_on"`
	}
	Networks map[string]struct{ Internal bool }
}

func readCompose(t *testing.T) compose {
	t.Helper()
	var c compose
	if err := yaml.Unmarshal([]byte(read(t, "docker-compose.yml")), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestComposeHasTheWholeFleet(t *testing.T) {
	t.Parallel()
	want := []string{
		"aggregator", "api", "influxdb", "migrate", "notifier", "postgres", "pusher", "redis",
		"worker-ap-south", "worker-eu-west", "worker-us-east",
	}
	if got := slices.Sorted(maps.Keys(readCompose(t).Services)); !slices.Equal(got, want) {
		t.Errorf("services %v, want %v", got, want)
	}
}

// floors are the least major versions of the engines.
var floors = map[string]float64{"postgres": 16, "redis": 7, "influxdb": 2.7}

var imageVersion = regexp.MustCompile(`^([a-z]+):(\d+\.\d+)(\.\d+)?(-[a-z]+)?$`)

func TestComposeServicesArePinnedCheckedAndConfined(t *testing.T) {
	t.Parallel()
	c := readCompose(t)
	for name, s := range c.Services {
		if floor, engine := floors[name]; engine {
			m := imageVersion.FindStringSubmatch(s.Image)
			var version float64
			if m != nil {
				if _, err := fmt.Sscan(m[2], &version); err != nil {
					t.Fatal(err)
				}
			}
			if m == nil || m[1] != name || version < floor {
				t.Errorf("%s: image %q, want a pinned version from %v up", name, s.Image, floor)
			}
			if len(s.Ports) > 0 || slices.Contains(s.Networks, "outside") {
				t.Errorf("%s: an engine is for the fleet alone", name)
			}
		} else {
			if s.Build["dockerfile"] != "deploy/Dockerfile" || s.Build["context"] != "." {
				t.Errorf("%s: is built by %v, not by the one Dockerfile", name, s.Build)
			}
			if !s.ReadOnly {
				t.Errorf("%s: may write to its image", name)
			}
		}
		if s.HealthCheck.Test == nil && !s.HealthCheck.Disable || s.HealthCheck.Disable && name != "migrate" {
			t.Errorf("%s: has no health check", name)
		}
		if s.Restart == "" {
			t.Errorf("%s: does not say when to restart", name)
		}
		for dep, how := range s.DependsOn {
			if _, ok := c.Services[dep]; !ok || how.Condition == "" || how.Condition == "service_started" {
				t.Errorf("%s: waits for %s %q, which says nothing about its being ready", name, dep, how.Condition)
			}
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s: publishes %s beyond this machine", name, p)
			}
		}
	}
	if !c.Networks["inside"].Internal {
		t.Error("the engines' network is not internal")
	}
}

// required are references that end the start when the variable is not set.
var required = regexp.MustCompile(`\$\{[A-Z_]+:\?[^}]+\}`)

// secretName tells which settings must not have a default that works.
var secretName = regexp.MustCompile(`(PASSWORD|PASS|TOKEN|SEAL_KEY|API_KEY|REGION_KEY|REDISCLI_AUTH|_URL|BOOTSTRAP_REGIONS)$`)

func TestComposeHasNoPasswordOfItsOwn(t *testing.T) {
	t.Parallel()
	checked := 0
	for name, s := range readCompose(t).Services {
		for key, value := range s.Environment {
			if !secretName.MatchString(key) || key == "PUBLIC_URL" || key == "INFLUXDB_URL" || key == "SMTP_PASS" || key == "HEALTHCHECK_PING_URL" {
				continue
			}
			checked++
			if !required.MatchString(value) {
				t.Errorf("%s: %s=%s works without a secret of the user's own", name, key, value)
			}
		}
		if text := fmt.Sprint(s.Command); strings.Contains(text, "requirepass") && !required.MatchString(text) {
			t.Errorf("%s: requirepass has a default", name)
		}
	}
	if checked < 10 {
		t.Errorf("looked at %d secrets only", checked)
	}
	script := read(t, "scripts/compose-env")
	for _, ref := range required.FindAllString(read(t, "docker-compose.yml"), -1) {
		variable, _, _ := strings.Cut(strings.TrimPrefix(ref, "${"), ":")
		if !strings.Contains(script, variable+"=") {
			t.Errorf("scripts/compose-env does not make %s", variable)
		}
	}
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	text := read(t, "deploy/Dockerfile")
	for _, want := range []string{"ARG SERVICE", "GOWORK=off", "FROM scratch", "USER 65532", "HEALTHCHECK", "CGO_ENABLED=0", "npm ci", "COPY --from=web"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q", want)
		}
	}
	pinned := regexp.MustCompile(`^(golang:1\.26\.\d+-\w+ AS build|node:22\.\d+-\w+-slim AS web)\n$`)
	for line := range strings.Lines(text) {
		if image, ok := strings.CutPrefix(line, "FROM "); ok && !strings.HasPrefix(image, "scratch") && !pinned.MatchString(image) {
			t.Errorf("image %q is not pinned", strings.TrimSpace(image))
		}
	}
	ignored := read(t, ".dockerignore")
	for _, needed := range []string{"!migrations", "!pkg", "!services", "!LICENSE"} {
		if !strings.Contains(ignored, needed+"\n") {
			t.Errorf(".dockerignore keeps out what the Dockerfile copies: %s", needed)
		}
	}
}
