//go:build integration

package app

import (
	"encoding/json"
	"strings"
	"testing"
)

const shopAndBlog = `managed_by: git
websites:
  - name: Shop
    url: https://shop.example
    tags: [prod]
    monitors:
      - kind: http
        interval_seconds: 60
        settings:
          auth: {type: basic, username: me, password: "${SHOP_PASSWORD}"}
      - {kind: tcp, name: Database, target: "db.example:5432"}
  - name: Blog
    url: https://blog.example
`

func TestApply(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	file := f.file("fleet.yaml", shopAndBlog)
	secret := "SHOP_PASSWORD=hunter22"

	f.run("apply", "-f", file, "--yes").want(t, ExitUsage, "fleet.yaml:10: the variable SHOP_PASSWORD is not set")
	f.run(secret, "apply", "-f", file, "--dry-run", "--detect-drift").want(t, ExitDrift, "+ Shop", "+ Blog", "2 to add")
	f.run(secret, "apply", "-f", file, "--dry-run").want(t, ExitOK, "2 to add")
	f.run(secret, "apply", "-f", file).want(t, ExitUsage, "say --yes")
	f.runWith("no\n", true, secret, "apply", "-f", file).want(t, ExitFailed, "Do this?", "nothing was done")
	f.run("get", "websites", "-o", "json").want(t, ExitOK, "[]")
	r := f.runWith("y\n", true, secret, "apply", "-f", file).want(t, ExitOK, "Do this?", "2 added, 0 changed, 0 removed")
	if strings.Contains(r.out+r.err, "hunter22") {
		t.Error("the plan shows the password")
	}
	f.run(secret, "apply", "-f", file, "--dry-run", "--detect-drift").want(t, ExitOK, "2 unchanged")

	shop, _, _ := strings.Cut(shopAndBlog, "  - name: Blog")
	changed := f.file("fleet.yaml", strings.Replace(shop, "interval_seconds: 60", "interval_seconds: 30", 1))
	f.run(secret, "apply", "-f", changed, "--dry-run", "--detect-drift").want(t, ExitDrift, "~ Shop", "interval_seconds: 60 → 30", "1 to change, 0 to remove")
	f.run(secret, "apply", "-f", changed, "--prune", "--yes").want(t, ExitOK, "- Blog", "0 added, 1 changed, 1 removed")
	f.run(secret, "apply", "-f", changed, "--prune", "--dry-run", "--detect-drift").want(t, ExitOK, "1 unchanged")

	// Somebody changes it by hand: that is drift.
	f.run("pause", "Shop").want(t, ExitOK, "paused Shop")
	withState := f.file("fleet.yaml", strings.Replace(shopAndBlog, "    tags: [prod]\n", "    tags: [prod]\n    paused: false\n", 1))
	f.run(secret, "apply", "-f", withState, "--dry-run", "--detect-drift").want(t, ExitDrift, "paused: true → false")
}

func TestMistakesAreToldByLine(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	tests := []struct{ name, file, want string }{
		{"no YAML", "websites:\n  - name: [", "fleet.yaml:2: is not YAML"},
		{"not known", "websites: []\nwebsite: []", "fleet.yaml:2: website is not known"},
		{"nothing", "managed_by: x", "fleet.yaml:1: has no websites"},
		{"a field", "websites:\n  - name: Shop\n    url: https://shop.example\n    monitors:\n      - kind: http\n        interval_second: 60\n", "fleet.yaml:6: websites/0/monitors/0/interval_second"},
		{"a value", "websites:\n  - name: A\n    url: https://a.example\n  - name: B\n    url: https://b.example\n    monitors:\n      - kind: http\n        interval_seconds: 1\n", "fleet.yaml:8: "},
		{"a target", "websites:\n  - name: A\n    url: https://a.example\n    monitors:\n      - kind: tcp\n        target: nonsense\n", "fleet.yaml:6: monitors/0/target"},
		{"a setting", "websites:\n  - name: A\n    url: https://a.example\n    monitors:\n      - kind: http\n        settings:\n          method: GET\n          expected_status: [abc]\n", "fleet.yaml:8: monitors/0/settings/expected_status"},
		{"twice", "websites:\n  - name: A\n    name: B\n", "fleet.yaml:3: name is there twice"},
		{"prune without owner", "websites: []", "managed_by"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			args := []string{"apply", "-f", f.file("fleet.yaml", tt.file), "--yes"}
			if tt.name == "prune without owner" {
				args = append(args, "--prune")
			}
			f.run(args...).want(t, ExitUsage, tt.want)
		})
	}
	f.run("get", "websites", "-o", "json").want(t, ExitOK, "[]")
}

func TestExportComesBack(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	text := strings.Replace(shopAndBlog, "name: Blog", `name: "Blog ${HOME}"`, 1)
	text = strings.Replace(text, "${HOME}", "$${HOME}", 1)
	f.run("SHOP_PASSWORD=hunter22", "apply", "-f", f.file("fleet.yaml", text), "--yes").want(t, ExitOK)
	for _, form := range []string{"yaml", "json"} {
		r := f.run("export", "-o", form, "--managed-by", "git").want(t, ExitOK, "Shop", "/auth/password")
		if strings.Contains(r.out, "hunter22") {
			t.Errorf("%s holds the password", form)
		}
		if form == "yaml" {
			f.run("apply", "-f", f.file("fleet.yaml", r.out), "--dry-run", "--detect-drift", "--prune").want(t, ExitOK, "2 unchanged")
			f.runWith(r.out, false, "apply", "-f", "-", "--dry-run", "--detect-drift").want(t, ExitOK, "2 unchanged")
		}
	}
	f.run("export", "-o", "csv").want(t, ExitOK, "https://shop.example")
	f.run("export", "-o", "xml").want(t, ExitUsage, "none of yaml")
}

func TestGet(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.run("SHOP_PASSWORD=hunter22", "apply", "-f", f.file("fleet.yaml", shopAndBlog), "--yes").want(t, ExitOK)
	names := func(args ...string) string {
		t.Helper()
		var all []struct{ Name, Target, ID string }
		if err := json.Unmarshal([]byte(f.run(append([]string{"get", "-o", "json"}, args...)...).want(t, ExitOK).out), &all); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, one := range all {
			out = append(out, one.Name+"@"+one.Target)
		}
		return strings.Join(out, " ")
	}
	for want, args := range map[string][]string{
		"Shop@ Blog@":              {"websites"},
		"Shop@":                    {"websites", "--tag", "prod"},
		"Blog@":                    {"websites", "--q", "blog"},
		"":                         {"websites", "--managed-by", "hand"},
		"Blog@ Shop@":              {"websites", "--sort", "name"},
		"Database@db.example:5432": {"monitors", "--kind", "tcp"},
		"@https://shop.example":    {"monitors", "--q", "Shop", "--limit", "1"},
		"here@":                    {"regions"},
	} {
		if got := names(args...); got != want {
			t.Errorf("%v: %q, want %q", args, got, want)
		}
	}
	f.run("get", "websites").want(t, ExitOK, "NAME", "Shop", "https://blog.example")
	f.run("get", "keys", "-o", "yaml").want(t, ExitOK, "prefix:")
	f.run("get", "channels").want(t, ExitOK, "KIND")
	f.run("get", "incidents", "--status", "open").want(t, ExitOK, "SEVERITY")
	f.run("get", "things").want(t, ExitUsage, "none of websites")
	f.run("get", "regions", "--tag", "x").want(t, ExitUsage, "--tag does not go with regions")
	f.run("get", "websites", "-o", "xml").want(t, ExitUsage)
	f.run("get", "websites", "01890a5d-ac96-774b-bcce-b302099a8057").want(t, ExitFailed, "404")
	var w []struct{ ID string }
	if err := json.Unmarshal([]byte(f.run("get", "websites", "-o", "json").out), &w); err != nil {
		t.Fatal(err)
	}
	f.run("get", "websites", w[0].ID, "-o", "yaml").want(t, ExitOK, "id: "+w[0].ID)
}
