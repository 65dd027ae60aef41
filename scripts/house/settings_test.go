package house_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var settingRow = regexp.MustCompile("(?m)^\\|`([A-Z0-9_]+)`\\|([a-z, ]+)\\|")

// readBy returns, by the table in docs, which services read each setting. Another
// test keeps the table in step with the programs.
func readBy(t *testing.T) map[string][]string {
	t.Helper()
	_, table, _ := strings.Cut(read(t, "docs/settings.md"), "<!-- settings")
	table, _, _ = strings.Cut(table, "<!-- /settings")
	by := map[string][]string{}
	for _, m := range settingRow.FindAllStringSubmatch(table, -1) {
		by[m[1]] = append(by[m[1]], strings.Split(m[2], ", ")...)
	}
	if len(by) < 20 {
		t.Fatalf("the table names %d settings", len(by))
	}
	return by
}

func reads(by map[string][]string, service, name string) bool {
	return slices.Contains(by[name], service) || slices.Contains(by[name], "all")
}

// readByGo are settings of Go's own runtime.
var readByGo = []string{"GOMAXPROCS", "GOMEMLIMIT", "GOGC", "ZONEINFO"}

func TestComposeSetsOnlyWhatIsRead(t *testing.T) {
	t.Parallel()
	by := readBy(t)
	shared := []string{ // given to the whole core, though not each of it reads all
		"DATABASE_URL", "REDIS_URL", "INFLUXDB_URL", "INFLUXDB_ORG", "INFLUXDB_TOKEN", "SEAL_KEY", "LOG_LEVEL", "PUBLIC_URL",
	}
	for name, s := range readCompose(t).Services {
		if _, engine := floors[name]; engine {
			continue
		}
		service := name
		if strings.HasPrefix(name, "worker-") {
			service = "worker"
		}
		if name == "migrate" {
			service = "api"
		}
		for key := range s.Environment {
			known := slices.Contains(shared, key) && service != "worker" && len(by[key]) > 0
			if !known && !reads(by, service, key) && !slices.Contains(readByGo, key) {
				t.Errorf("%s is given %s, which %s does not read", name, key, service)
			}
		}
	}
}

func TestChartSetsOnlyWhatIsRead(t *testing.T) {
	t.Parallel()
	by := readBy(t)
	for _, o := range render(t, full) {
		env, _ := at(o, "spec", "template", "spec", "containers", 0, "env").([]any)
		for _, e := range env {
			key := fmt.Sprint(at(e, "name"))
			if len(by[key]) == 0 && !slices.Contains(readByGo, key) {
				t.Errorf("%v is given %s, which nobody reads", at(o, "metadata", "name"), key)
			}
		}
	}
}

func TestRequiredSettingsAreGivenInCompose(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(read(t, "docs/settings.md"), "<!-- settings")
	requiredRow := regexp.MustCompile("(?m)^\\|`([A-Z0-9_]+)`\\|([a-z, ]+)\\|required\\|")
	services := readCompose(t).Services
	checked := 0
	for _, m := range requiredRow.FindAllStringSubmatch(table, -1) {
		for name, s := range services {
			service, _, _ := strings.Cut(name, "-")
			if !slices.Contains(strings.Split(m[2], ", "), service) && m[2] != "all" || floors[name] != 0 || name == "migrate" {
				continue
			}
			checked++
			if s.Environment[m[1]] == "" {
				t.Errorf("%s needs %s", name, m[1])
			}
		}
	}
	if checked < 5 {
		t.Errorf("looked at %d required settings only", checked)
	}
}
