package house_test

import (
	"slices"
	"strings"
	"testing"
)

// pure packages decide without I/O, so that a decision can be tested with nothing
// running, and replayed.
var pure = map[string][]string{
	"pkg/uptime":    {},
	"pkg/consensus": {"pkg/uptime"},
	"pkg/expiry":    {"pkg/uptime"},
	"pkg/schedule":  {"pkg/uptime"},
}

func TestPurePackagesImportOnlyTheStandardLibrary(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, p := range packages(t) {
		allowed, ok := pure[p.short()]
		if !ok {
			continue
		}
		seen++
		for _, i := range p.Imports {
			own := strings.TrimPrefix(i, module)
			if standard(i) && i != "os" && i != "net" && i != "net/http" && i != "database/sql" || slices.Contains(allowed, own) {
				continue
			}
			t.Errorf("%s imports %s: it decides without I/O, on %v only", p.short(), own, allowed)
		}
	}
	if seen != len(pure) {
		t.Errorf("found %d of the %d pure packages", seen, len(pure))
	}
}

// standard tells whether an import is of the standard library: its first element has
// no dot.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// place is where a package stands in the house.
type place struct {
	service string // empty: shared
	layer   string // cmd, app, feature
	feature string // first element under internal
}

func placed(short string) place {
	parts := strings.Split(short, "/")
	if len(parts) < 3 || parts[0] != "services" {
		return place{}
	}
	p := place{service: parts[1]}
	switch {
	case parts[2] == "cmd":
		p.layer = "cmd"
	case parts[2] == "internal" && len(parts) > 3 && (parts[3] == "app" || wirings[short] != ""):
		p.layer = "app"
	case parts[2] == "internal" && len(parts) > 3:
		p.layer, p.feature = "feature", parts[3]
	}
	return p
}

// grounds are packages that the features of one service stand on: vocabulary or a tool,
// with no sibling in their own imports but other grounds. Each says why.
var grounds = map[string]string{
	"services/aggregator/internal/unit":  "what one judgement wants written and asked: said by judge, heard by incident and confirm",
	"services/notifier/internal/attempt": "what an attempt came to: said by channels, heard by deliver",
	"services/notifier/internal/post":    "one guarded POST for all channels that speak HTTP",
	"services/api/internal/auth":         "what an API key is: managed by httpapi, checked and first made by app",
	"services/api/internal/heartbeat":    "tokens, and the desk where jobs call in: served by httpapi, kept listening by app",
	"services/api/internal/stream":       "the hub of live events: served by httpapi, kept reading by app",
	"services/api/internal/vault":        "secrets of monitors, sealed and opened for whoever handles one",
	"services/cli/internal/client":       "calls of the API and what they answer: shown by plan, followed by tail",
	"services/cli/internal/fleetfile":    "a fleet as a file: filled by sources, written by show",
	"services/worker/internal/probe":     "what a kind of check provides: the runner runs it, whichever it is",
}

// wirings put features together as app does. Each says why it is not app.
var wirings = map[string]string{
	"services/worker/internal/probecmd": "one probe from the shell, without a queue",
}

// refusal says why a package may not import another, or nothing.
func refusal(from, to string) string {
	f, o := placed(from), placed(to)
	switch {
	case strings.HasPrefix(from, "scripts/") || !strings.HasPrefix(to, "services/") && !strings.HasPrefix(to, "scripts/"):
		return ""
	case f.service == "":
		return "what is shared knows no service"
	case f.service != o.service:
		return "services meet in Redis and PostgreSQL only, so that each can be deployed alone"
	case o.layer == "":
		return "a service's code lives under internal, so that no other can import it"
	case o.layer == "cmd":
		return "main is for the system to call"
	case f.layer == "cmd" && o.layer != "app":
		return "main parses and handles signals; app wires"
	case o.layer == "app" && f.layer == "feature":
		return "features are wired by app, never the other way round"
	case f.layer == "feature" && f.feature != o.feature && grounds[to] == "":
		return "features do not know their siblings: app hands one the interface it needs"
	}
	return ""
}

func TestImportsRunDownward(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		from := strings.TrimSuffix(p.short(), "_test")
		for _, i := range slices.Concat(p.Imports, p.TestImports) {
			to, own := strings.CutPrefix(i, module)
			if !own || to == from {
				continue
			}
			if why := refusal(from, to); why != "" {
				t.Errorf("%s imports %s: %s", from, to, why)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		from, to string
		allowed  bool
	}{
		{"services/worker/cmd/worker", "services/worker/internal/app", true},
		{"services/worker/cmd/worker", "services/worker/internal/runner", false},
		{"services/worker/internal/app", "services/worker/internal/runner", true},
		{"services/worker/internal/runner", "services/worker/internal/app", false},
		{"services/worker/internal/probe/http", "services/worker/internal/probe", true},
		{"services/worker/internal/probe", "services/worker/internal/runner", false},
		{"services/worker/internal/probe", "services/api/internal/auth", false},
		{"services/worker/internal/probe", "services/worker/public", false},
		{"pkg/queue", "services/worker/internal/probe", false},
		{"pkg/queue", "pkg/uptime", true},
		{"services/api/internal/auth", "pkg/seal", true},
		{"services/worker/cmd/worker", "services/worker/internal/probecmd", true},
		{"services/worker/internal/probecmd", "services/worker/internal/probe/kinds", true},
		{"services/worker/internal/runner", "services/worker/internal/probe/kinds", false},
		{"services/notifier/internal/channel/slack", "services/notifier/internal/post", true},
		{"services/notifier/internal/post", "services/notifier/internal/channel/slack", false},
	}
	for _, tt := range tests {
		if why := refusal(tt.from, tt.to); (why == "") != tt.allowed {
			t.Errorf("%s → %s: allowed %v, want %v (%s)", tt.from, tt.to, why == "", tt.allowed, why)
		}
	}
}

// linked are packages that a service must not even link, with the reason.
var linked = map[string]map[string]string{
	"services/worker/cmd/worker": {
		"github.com/jackc/pgx/":       "a worker elsewhere reaches Redis only; a database driver would be a way in",
		"github.com/gin-gonic/gin":    "a worker serves nobody",
		"github.com/riverqueue/":      "jobs are the core's",
		module + "pkg/postgres":       "a worker elsewhere reaches Redis only",
		"github.com/wneessen/go-mail": "alerts are the notifier's",
	},
	"services/pusher/cmd/pusher":         {"github.com/gin-gonic/gin": "it serves nobody", module + "pkg/egress": "it talks to nobody outside"},
	"services/aggregator/cmd/aggregator": {"github.com/gin-gonic/gin": "it serves nobody"},
	"services/notifier/cmd/notifier":     {"github.com/gin-gonic/gin": "it serves nobody"},
	"services/api/cmd/api":               {"github.com/wneessen/go-mail": "only the notifier talks to the outside"},
	"services/cli/cmd/probefleet": {
		"github.com/gin-gonic/gin": "it serves nobody", "github.com/redis/go-redis/": "queues are the fleet's own", module + "pkg/egress": "probes are the workers'",
	},
}

func TestServicesLinkOnlyWhatTheyNeed(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, d := range p.Deps {
			for banned, why := range linked[p.short()] {
				if strings.HasPrefix(d, banned) {
					t.Errorf("%s links %s: %s", p.short(), d, why)
				}
			}
			if strings.HasPrefix(p.short(), "services/") && p.Name == "main" && (d == "testing" || strings.HasPrefix(d, module+"pkg/testenv")) {
				t.Errorf("%s links %s: what is for tests stays out of what runs", p.short(), d)
			}
		}
	}
}
