package house_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"

	"go.yaml.in/yaml/v3"
)

// render renders the chart with the functions of helm that it uses, no others: helm
// itself is not needed to find what is wrong with it.
func render(t *testing.T, change func(values map[string]any)) []map[string]any {
	t.Helper()
	chart := filepath.Join(root(t), "deploy/helm/probefleet")
	var values, meta map[string]any
	for file, into := range map[string]*map[string]any{"values.yaml": &values, "Chart.yaml": &meta} {
		if err := yaml.Unmarshal([]byte(read(t, filepath.Join("deploy/helm/probefleet", file))), into); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	change(values)
	tpl := template.New("chart").Option("missingkey=zero")
	tpl.Funcs(functions(tpl))
	if _, err := tpl.ParseGlob(filepath.Join(chart, "templates", "*")); err != nil {
		t.Fatal(err)
	}
	data := map[string]any{
		"Values":  values,
		"Chart":   map[string]any{"Name": meta["name"], "Version": meta["version"], "AppVersion": meta["appVersion"]},
		"Release": map[string]any{"Name": "fleet", "Service": "Helm"},
	}
	var objects []map[string]any
	for _, part := range tpl.Templates() {
		if !strings.HasSuffix(part.Name(), ".yaml") {
			continue
		}
		var out strings.Builder
		if err := part.Execute(&out, data); err != nil {
			t.Fatal(err)
		}
		dec := yaml.NewDecoder(strings.NewReader(out.String()))
		for {
			var object map[string]any
			err := dec.Decode(&object)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s", part.Name(), err, &out)
			}
			if object != nil {
				objects = append(objects, object)
			}
		}
	}
	return objects
}

func functions(tpl *template.Template) template.FuncMap {
	return template.FuncMap{
		"include": func(name string, data any) (string, error) {
			var b strings.Builder
			err := tpl.ExecuteTemplate(&b, name, data)
			return b.String(), err
		},
		"toYaml": func(v any) (string, error) {
			b, err := yaml.Marshal(v)
			return strings.TrimSpace(string(b)), err
		},
		"nindent": func(n int, s string) string {
			pad := "\n" + strings.Repeat(" ", n)
			return pad + strings.ReplaceAll(strings.TrimSpace(s), "\n", pad)
		},
		"quote":   func(v any) string { return fmt.Sprintf("%q", fmt.Sprint(v)) },
		"default": func(d, v any) any { return map[bool]any{true: d, false: v}[empty(v)] },
		"required": func(what string, v any) (any, error) {
			if empty(v) {
				return nil, fmt.Errorf("%s is required", what)
			}
			return v, nil
		},
		"dict": func(kv ...any) map[string]any {
			m := map[string]any{}
			for i := 0; i+1 < len(kv); i += 2 {
				m[kv[i].(string)] = kv[i+1]
			}
			return m
		},
		"int": func(v any) (n int, err error) { _, err = fmt.Sscan(fmt.Sprint(v), &n); return n, err },
		"until": func(n int) []int {
			s := make([]int, n)
			for i := range s {
				s[i] = i
			}
			return s
		},
	}
}

func empty(v any) bool { return v == nil || v == "" || v == 0 || v == false }

// full turns on everything that the chart can do.
func full(values map[string]any) {
	values["regions"] = []any{
		map[string]any{"name": "eu-west", "existingSecret": "fleet-eu-west", "replicas": 2, "site": "a"},
		map[string]any{"name": "us-east", "existingSecret": "fleet-us-east"},
	}
	values["shards"] = 2
	values["autoscaling"].(map[string]any)["enabled"] = true
	values["api"].(map[string]any)["ingress"].(map[string]any)["enabled"] = true
	values["api"].(map[string]any)["ingress"].(map[string]any)["host"] = "status.example.com"
	values["worker"].(map[string]any)["influxdb"] = true
	values["healthcheckPing"] = true
	values["networkPolicy"].(map[string]any)["engines"] = []any{map[string]any{"cidr": "10.0.5.0/24", "ports": []any{5432, 6379}}}
	values["networkPolicy"].(map[string]any)["monitoring"] = []any{"monitoring"}
}

// at follows keys and indexes into an object.
func at(v any, path ...any) any {
	for _, p := range path {
		switch k := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[k]
		case int:
			s, _ := v.([]any)
			if k >= len(s) {
				return nil
			}
			v = s[k]
		}
	}
	return v
}

func names(objects []map[string]any, kind string) []string {
	var out []string
	for _, o := range objects {
		if o["kind"] == kind {
			out = append(out, fmt.Sprint(at(o, "metadata", "name")))
		}
	}
	slices.Sort(out)
	return out
}

func TestChartRenders(t *testing.T) {
	t.Parallel()
	objects := render(t, full)
	want := map[string][]string{
		"Deployment":          {"fleet-aggregator", "fleet-api", "fleet-notifier", "fleet-pusher", "fleet-worker-eu-west", "fleet-worker-us-east"},
		"ScaledObject":        {"fleet-worker-eu-west", "fleet-worker-us-east"},
		"Job":                 {"fleet-migrate"},
		"Service":             {"fleet-api"},
		"Ingress":             {"fleet-api"},
		"NetworkPolicy":       {"fleet-ingress", "fleet-inward", "fleet-outward"},
		"PodDisruptionBudget": {"fleet-aggregator", "fleet-api", "fleet-notifier", "fleet-pusher"},
	}
	for kind, w := range want {
		if got := names(objects, kind); !slices.Equal(got, w) {
			t.Errorf("%s: %v, want %v", kind, got, w)
		}
	}
	for _, o := range objects {
		if o["kind"] != "ScaledObject" || at(o, "metadata", "name") != "fleet-worker-eu-west" {
			continue
		}
		for shard := range 2 {
			want := fmt.Sprintf("pf:{eu-west.%d}:checks", shard)
			if got := at(o, "spec", "triggers", shard, "metadata", "stream"); got != want {
				t.Errorf("scales by %v, want %s", got, want)
			}
		}
	}
	if got := names(render(t, func(v map[string]any) { full(v); v["core"] = false }), "Deployment"); len(got) != 2 {
		t.Errorf("without the core: %v, want the workers alone", got)
	}
}

func TestChartPodsAreConfined(t *testing.T) {
	t.Parallel()
	pods := 0
	for _, o := range render(t, full) {
		pod := at(o, "spec", "template", "spec")
		if pod == nil {
			continue
		}
		pods++
		name := at(o, "metadata", "name")
		c := at(pod, "containers", 0)
		if at(pod, "securityContext", "runAsNonRoot") != true || at(c, "securityContext", "readOnlyRootFilesystem") != true ||
			at(c, "securityContext", "allowPrivilegeEscalation") != false || at(pod, "automountServiceAccountToken") != false {
			t.Errorf("%v: is not confined", name)
		}
		if at(c, "resources", "limits", "memory") == nil {
			t.Errorf("%v: has no bound of memory", name)
		}
		if o["kind"] == "Deployment" && (at(c, "readinessProbe", "httpGet", "path") != "/readyz" || at(c, "livenessProbe", "httpGet", "path") != "/healthz") {
			t.Errorf("%v: has no health checks", name)
		}
		env, _ := at(c, "env").([]any)
		seen := map[string]bool{}
		for _, e := range env {
			key := fmt.Sprint(at(e, "name"))
			if seen[key] {
				t.Errorf("%v: %s is set twice", name, key)
			}
			seen[key] = true
			if secretName.MatchString(key) && key != "INFLUXDB_URL" && key != "PUBLIC_URL" && at(e, "valueFrom", "secretKeyRef", "name") == nil {
				t.Errorf("%v: %s does not come from a Secret", name, key)
			}
		}
	}
	if pods != 7 {
		t.Errorf("looked at %d pods, want 7", pods)
	}
}
