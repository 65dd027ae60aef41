package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/api"
	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
)

// hidden is not handed on: what the stack decides itself, and what make leaves behind.
var hidden = []string{
	"PORT", "OPS_ADDR", "INSTANCE_ID", "WORKER_ID", "REGION_NAME", "REGION_KEY", "MAKEFLAGS", "MAKELEVEL", "MFLAGS",
	"DATABASE_URL", "REDIS_URL", "INFLUXDB_URL", "SEAL_KEY", "ADMIN_EMAIL", "ADMIN_PASSWORD", "BOOTSTRAP_API_KEY",
}

// notForWorkers is what the core is told and a worker has no use for.
var notForWorkers = []string{"SMTP_HOST", "SMTP_PORT", "SMTP_SECURITY", "SMTP_USER", "SMTP_PASS", "SMTP_FROM"}

// oneThread is for processes of a small machine that mostly wait: they wake each other,
// and their own threads, less. Of workers that saves a sixth of the CPU at the rates of
// a few thousand monitors, of a notifier with nothing to do a fifth.
const oneThread = "1"

// services returns how to run the fleet's own processes.
func (s *Stack) services() []supervise.Spec {
	ops := s.opt.Ports.Ops
	specs := []supervise.Spec{
		s.service(API, API, ops, nil, map[string]string{
			"PORT":              strconv.Itoa(s.opt.Ports.API),
			"BOOTSTRAP_API_KEY": s.APIKey,
			"ADMIN_EMAIL":       s.AdminEmail,
			"ADMIN_PASSWORD":    s.AdminPassword,
			"BOOTSTRAP_REGIONS": s.bootstrapRegions(),
		}),
		s.service(Pusher, Pusher, ops+1, nil, map[string]string{"INSTANCE_ID": Pusher, "GOMAXPROCS": oneThread}),
		s.service(Aggregator, Aggregator, ops+2, nil, map[string]string{"INSTANCE_ID": Aggregator}),
		s.service(Notifier, Notifier, ops+3, nil, map[string]string{"ALLOW_CIDRS": ownNetwork, "GOMAXPROCS": oneThread}),
	}
	for i, r := range s.opt.Regions {
		worker := map[string]string{
			"REGION_NAME": r,
			"REGION_KEY":  s.keys[r],
			"WORKER_ID":   Worker(r),
			"SITE":        s.opt.Site,
			"ALLOW_CIDRS": ownNetwork,
			"GOMAXPROCS":  oneThread,
			// They need none of what follows; a worker elsewhere would not have it.
			"DATABASE_URL": "", "SEAL_KEY": "",
		}
		if !slices.ContainsFunc(s.opt.Environ, func(kv string) bool { return strings.HasPrefix(kv, "CANARY_TARGETS=") }) {
			worker["CANARY_TARGETS"] = defaultCanaries
		}
		specs = append(specs, s.service("worker", Worker(r), s.opt.Ports.WorkerOps(i), notForWorkers, worker))
	}
	return specs
}

// service says how to run one. Strongest last: what is inherited, what all services
// get, what this one gets unless the user has set it, what a test sets.
func (s *Stack) service(program, name string, ops int, without []string, own map[string]string) supervise.Spec {
	for _, setting := range []string{"ALLOW_CIDRS", "GOMAXPROCS", "SITE"} { // the user's word counts
		if v := s.environ(setting); v != "" && own[setting] != "" {
			own[setting] = v
		}
	}
	common := map[string]string{
		"DATABASE_URL": s.DatabaseURL,
		"REDIS_URL":    s.RedisURL,
		"INFLUXDB_URL": s.InfluxURL,
		"SEAL_KEY":     s.sealKey,
		"OPS_ADDR":     fmt.Sprintf("127.0.0.1:%d", ops),
	}
	if s.environ("PUBLIC_URL") == "" {
		common["PUBLIC_URL"] = s.URL
	}
	return supervise.Spec{
		Name: name,
		Path: filepath.Join(s.opt.Root, "bin", program),
		Env:  merge(s.opt.Environ, append(slices.Clone(hidden), without...), common, own, s.opt.Env[""], s.opt.Env[name]),
		Dir:  s.opt.Dir,
	}
}

// bootstrapRegions names the stack's regions with the keys of their messages, for the
// API to make and enable.
func (s *Stack) bootstrapRegions() string {
	parts := make([]string, len(s.opt.Regions))
	for i, r := range s.opt.Regions {
		parts[i] = r + "=" + s.keys[r]
	}
	return strings.Join(parts, ",")
}

// migrate brings the database to the newest version.
func (s *Stack) migrate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, migrateTime)
	defer cancel()
	spec := s.services()[0]
	cmd := exec.CommandContext(ctx, spec.Path, "migrate")
	cmd.Env, cmd.Dir = spec.Env, spec.Dir
	out, err := cmd.CombinedOutput()
	if err := os.WriteFile(filepath.Join(LogDir(s.opt.Dir), "migrate.log"), out, 0o644); err != nil {
		return err
	}
	if err != nil {
		return fmt.Errorf("api migrate: %w\n%s", err, out)
	}
	return nil
}

// startServices starts the fleet's own processes and waits until all are ready.
func (s *Stack) startServices(ctx context.Context) error {
	begun := time.Now()
	specs := s.services()
	ctx, cancel := context.WithTimeout(ctx, servicesTime)
	defer cancel()
	// The API first: it makes the regions that the others look for.
	if err := s.startGroup(ctx, specs[:1]); err != nil {
		return err
	}
	if err := s.ensureKey(ctx); err != nil {
		return err
	}
	if err := s.startGroup(ctx, specs[1:]); err != nil {
		return err
	}
	if err := s.describeRegions(ctx); err != nil {
		return err
	}
	names := make([]string, len(specs))
	for i, spec := range specs {
		names[i] = spec.Name
	}
	s.opt.Tell("services ready after %.1f s: %s", time.Since(begun).Seconds(), strings.Join(names, ", "))
	return nil
}

func (s *Stack) startGroup(ctx context.Context, specs []supervise.Spec) error {
	for _, spec := range specs {
		if err := s.sup.Start(spec); err != nil {
			return fmt.Errorf("start %s: %w", spec.Name, err)
		}
	}
	for _, spec := range specs {
		if err := s.Ready(ctx, spec.Name); err != nil {
			return err
		}
	}
	return nil
}

// ensureKey makes a new API key if the kept one does not open: the database is older
// than the file of credentials, which somebody deleted.
func (s *Stack) ensureKey(ctx context.Context) error {
	err := s.Client().Do(ctx, http.MethodGet, "/v1/regions", nil, nil)
	var refused *api.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		return err
	}
	spec := s.services()[0]
	cmd := exec.CommandContext(ctx, spec.Path, "bootstrap", "-name", "make up")
	cmd.Env, cmd.Dir = spec.Env, spec.Dir
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("api bootstrap: %w", err)
	}
	s.APIKey = strings.TrimSpace(string(out))
	s.opt.Tell("the kept API key was not this database's: made a new one")
	return s.Credentials.write(s.opt.Dir)
}

// OpsURL returns where a service answers its operators.
func (s *Stack) OpsURL(name string) string {
	for _, spec := range s.services() {
		if spec.Name != name {
			continue
		}
		for _, kv := range spec.Env {
			if addr, ok := strings.CutPrefix(kv, "OPS_ADDR="); ok {
				return "http://" + addr
			}
		}
	}
	return ""
}

// hopeless is how many starts in a row without getting ready are enough to give up.
const hopeless = 6

// Ready waits until one of the services says that it is ready. The error says what it
// still lacks, and how its log ends.
func (s *Stack) Ready(ctx context.Context, name string) error {
	why := "does not answer"
	first, err := s.sup.Status(name)
	if err != nil {
		return err
	}
	for {
		ready, wants := s.askReady(ctx, s.OpsURL(name)+"/readyz")
		if ready {
			return nil
		}
		if wants != "" {
			why = wants
		}
		now, err := s.sup.Status(name)
		if err != nil {
			return err
		}
		starts := now.Starts - first.Starts
		if starts < hopeless {
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
				continue
			}
		} else {
			why = fmt.Sprintf("ended %d times", starts)
		}
		const shown = 1500
		tail := supervise.Tail(filepath.Join(LogDir(s.opt.Dir), name+".log"), shown)
		return fmt.Errorf("%s is not ready: %s\nits log ends:\n%s", name, why, tail)
	}
}

// askReady asks once. wants is what the service says that it lacks, empty if it says
// nothing.
func (s *Stack) askReady(ctx context.Context, url string) (ready bool, wants string) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false, err.Error()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, ""
	}
	defer resp.Body.Close()
	var report struct {
		Phase  string
		Checks map[string]string
	}
	if err := json.NewDecoder(resp.Body).Decode(&report); err != nil {
		return false, err.Error()
	}
	parts := []string{report.Phase}
	for check, answer := range report.Checks {
		if answer != "ok" {
			parts = append(parts, check+": "+answer)
		}
	}
	slices.Sort(parts[1:])
	return resp.StatusCode == http.StatusOK, strings.Join(parts, ", ")
}
