//go:build integration

package app

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/testenv/redistest"
)

// patience bounds every wait for something that must happen.
const patience = time.Minute

const testKey = "pf_cli0test_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// built are the services that tests start, built once from this checkout.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "probefleet-cli-")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", dir+"/", "./services/api/cmd/api", "./services/worker/cmd/worker")
	cmd.Dir = "../../../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("build the services: %w\n%s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := built(); dir != "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// fleet is an api of a test's own.
type fleet struct {
	t                               *testing.T
	url, database, redis, key, home string
	regionKey                       string
}

// newFleet starts an api on engines of the test's own.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	_, key := seal.NewKey()
	_, regionKey := seal.NewKey()
	f := &fleet{t: t, database: pgtest.URL(t), redis: redistest.URL(t), key: key, home: t.TempDir(), regionKey: regionKey}
	f.url = f.startAPI(f.database, "BOOTSTRAP_REGIONS=here="+regionKey)
	return f
}

// startAPI starts one more on a database, and returns where it listens.
func (f *fleet) startAPI(database string, more ...string) string {
	f.t.Helper()
	port := freePort(f.t)
	f.start("api", append(more, "DATABASE_URL="+database, "REDIS_URL="+f.redis, "SEAL_KEY="+f.key, "BOOTSTRAP_API_KEY="+testKey, "PORT="+port)...)
	at := "http://127.0.0.1:" + port
	until(f.t, "the api answers", func() bool {
		req, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, at+"/v1/me", nil)
		if err != nil {
			f.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+testKey)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return at
}

// start runs a service until the test ends.
func (f *fleet) start(name string, environ ...string) {
	f.t.Helper()
	dir, err := built()
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, filepath.Join(dir, name))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience
	cmd.Env = slices.Concat(environ, []string{"OPS_ADDR=off", "LOG_LEVEL=warn", "PATH=" + os.Getenv("PATH")})
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		if f.t.Failed() {
			f.t.Logf("%s said:\n%s", name, log.String())
		}
	})
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// ran is what a run of the program came to.
type ran struct {
	code     int
	out, err string
}

// run runs the program against the fleet. An argument like A=b goes into the
// environment.
func (f *fleet) run(args ...string) ran { return f.runWith("", false, args...) }

func (f *fleet) runWith(stdin string, terminal bool, args ...string) ran {
	environ := map[string]string{"PROBEFLEET_URL": f.url, "PROBEFLEET_API_KEY": testKey}
	for len(args) > 0 && strings.Contains(args[0], "=") {
		name, v, _ := strings.Cut(args[0], "=")
		environ[name] = v
		args = args[1:]
	}
	return program(f.t.Context(), f.home, environ, stdin, terminal, args...)
}

func program(ctx context.Context, home string, environ map[string]string, stdin string, terminal bool, args ...string) ran {
	var out, errOut bytes.Buffer
	code := Main(ctx, System{
		In: strings.NewReader(stdin), Out: &out, Err: &errOut, Config: home, Terminal: terminal,
		Env: func(name string) (string, bool) { v, set := environ[name]; return v, set },
	}, args)
	return ran{code, out.String(), errOut.String()}
}

// want fails unless the run ended with a code and said all of the texts.
func (r ran) want(t *testing.T, code int, texts ...string) ran {
	t.Helper()
	if r.code != code {
		t.Fatalf("exit code %d, want %d\n%s%s", r.code, code, r.out, r.err)
	}
	for _, text := range texts {
		if !strings.Contains(r.out+r.err, text) {
			t.Errorf("does not say %q:\n%s%s", text, r.out, r.err)
		}
	}
	return r
}

// file writes a file and returns its path.
func (f *fleet) file(name, content string) string {
	f.t.Helper()
	path := filepath.Join(f.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		f.t.Fatal(err)
	}
	return path
}
