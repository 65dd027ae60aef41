package engines

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
)

// databaseName is both the database and the role that owns it. The role is no
// superuser, so that row-level security holds for it.
const databaseName = "probefleet"

// farHome holds the data of checkouts that PostgreSQL's own user cannot reach.
const farHome = "/var/lib/probefleet"

func (e *Engines) preparePostgres(ctx context.Context) (supervise.Spec, error) {
	account, err := postgresAccount()
	if err != nil {
		return supervise.Spec{}, err
	}
	home, err := postgresHome(ctx, e.cfg, account)
	if err != nil {
		return supervise.Spec{}, err
	}
	data := filepath.Join(home, "data")
	bin, err := postgresPrograms(data)
	if err != nil {
		return supervise.Spec{}, err
	}
	password := ""
	if !e.cfg.Throwaway {
		if password, err = Secret(filepath.Join(e.cfg.Dir, "postgres.secret"), 24); err != nil {
			return supervise.Spec{}, err
		}
	}
	if err := initPostgres(ctx, bin, home, password, account, e.cfg); err != nil {
		return supervise.Spec{}, err
	}
	if err := dropStalePidFile(data); err != nil {
		return supervise.Spec{}, err
	}
	at := fmt.Sprintf("127.0.0.1:%d", e.cfg.Ports.Postgres)
	e.adminURL = "postgres://postgres@" + at + "/postgres?sslmode=disable"
	e.DatabaseURL = e.adminURL
	if !e.cfg.Throwaway {
		e.adminURL = "postgres://postgres:" + password + "@" + at + "/postgres?sslmode=disable"
		e.DatabaseURL = "postgres://" + databaseName + ":" + password + "@" + at + "/" + databaseName + "?sslmode=disable"
		e.ownerPassword = password
	}
	return supervise.Spec{
		Name: Postgres,
		Path: filepath.Join(bin, "postgres"),
		Args: postgresArgs(data, e.cfg),
		Env:  environ(),
		Dir:  "/", // one that its user can reach
		User: account,
		Stop: syscall.SIGINT, // fast shutdown: ends sessions, writes a checkpoint
	}, nil
}

func postgresArgs(data string, cfg Config) []string {
	settings := []string{
		"listen_addresses=127.0.0.1",
		"unix_socket_directories=", // a path of any length would not fit into a socket's name
		"logging_collector=off",
		"log_timezone=UTC",
		"log_checkpoints=off", // one every five minutes for ever says nothing
		"max_connections=120",
		"shared_buffers=96MB",
		"max_wal_size=512MB",
		"wal_compression=on",
		"jit=off", // short queries only
	}
	if cfg.Throwaway {
		settings = append(settings, "fsync=off", "full_page_writes=off", "synchronous_commit=off",
			"max_connections=400", "shared_buffers=128MB", "autovacuum_naptime=1h")
	}
	args := []string{"-D", data, "-p", strconv.Itoa(cfg.Ports.Postgres)}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

// postgresAccount returns the account to run as. PostgreSQL refuses root; then it is
// the account that its package made.
func postgresAccount() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, errors.New("PostgreSQL does not run as root and there is no account named postgres: install the package postgresql")
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// postgresHome returns PostgreSQL's directory, <Dir>/postgres, made for its account.
// Where that account cannot reach it, because the checkout lies in root's home for
// instance, it is a link to a directory elsewhere.
func postgresHome(ctx context.Context, cfg Config, account *syscall.Credential) (string, error) {
	near := filepath.Join(cfg.Dir, Postgres)
	if far, err := os.Readlink(near); err == nil {
		return far, ownDir(far, account)
	}
	if account == nil {
		return near, ownDir(near, nil)
	}
	if _, err := os.Stat(filepath.Join(near, "data")); err != nil && !reachable(ctx, cfg.Dir, account) {
		sum := sha256.Sum256([]byte(cfg.Dir))
		far := filepath.Join(farHome, hex.EncodeToString(sum[:6]), Postgres)
		if err := ownDir(far, account); err != nil {
			return "", err
		}
		_ = os.Remove(near) // an empty directory at most; if it is not, the link fails and says so
		cfg.Tell("PostgreSQL's account cannot reach %s: its data is in %s", cfg.Dir, far)
		return far, os.Symlink(far, near)
	}
	return near, ownDir(near, account)
}

func ownDir(dir string, account *syscall.Credential) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if account == nil {
		return nil
	}
	return os.Chown(dir, int(account.Uid), int(account.Gid))
}

// reachable asks the system, as that account, whether a directory can be entered.
func reachable(ctx context.Context, dir string, account *syscall.Credential) bool {
	cmd := exec.CommandContext(ctx, "/usr/bin/test", "-x", dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: account}
	return cmd.Run() == nil
}

// postgresPrograms returns the directory of the programs: those of the data's version
// if there is data, else the newest.
func postgresPrograms(data string) (string, error) {
	found := map[string]string{} // by major version
	var versions []int
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // where Debian has them; the pattern is well-formed
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, d := range dirs {
		out, err := exec.Command(filepath.Join(d, "postgres"), "--version").Output()
		if err != nil {
			continue
		}
		fields := strings.Fields(string(out)) // postgres (PostgreSQL) 15.18 (Debian …)
		if len(fields) < 3 {
			continue
		}
		major, _, _ := strings.Cut(fields[2], ".")
		if n, err := strconv.Atoi(major); err == nil && n >= minPostgres {
			found[major] = d
			versions = append(versions, n)
		}
	}
	if len(versions) == 0 {
		return "", errMissing
	}
	if b, err := os.ReadFile(filepath.Join(data, "PG_VERSION")); err == nil {
		want := strings.TrimSpace(string(b))
		if found[want] == "" {
			return "", fmt.Errorf("the data in %s is of PostgreSQL %s, which is not installed (package postgresql-%s)", data, want, want)
		}
		return found[want], nil
	}
	return found[strconv.Itoa(slices.Max(versions))], nil
}

// minPostgres is the oldest major version that the schema is tested with.
const minPostgres = 15

// initPostgres makes the data directory beside its place and moves it there, so that
// an interrupted run leaves nothing half made.
func initPostgres(ctx context.Context, bin, home, password string, account *syscall.Credential, cfg Config) error {
	data := filepath.Join(home, "data")
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); err == nil {
		return nil
	}
	draft := filepath.Join(home, "draft")
	if err := os.RemoveAll(draft); err != nil {
		return err
	}
	args := []string{"-D", draft, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"}
	if cfg.Throwaway {
		args = append(args, "-A", "trust", "--no-sync")
	} else {
		file := filepath.Join(home, "password")
		if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
			return err
		}
		defer os.Remove(file)
		if account != nil {
			if err := os.Chown(file, int(account.Uid), int(account.Gid)); err != nil {
				return err
			}
		}
		args = append(args, "-A", "scram-sha-256", "--pwfile", file)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), args...)
	cmd.Dir, cmd.Env = "/", environ()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: account}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return os.Rename(draft, data)
}

// dropStalePidFile removes the mark of a server that was killed if its number belongs
// to another process now, upon which PostgreSQL would refuse to start.
func dropStalePidFile(data string) error {
	path := filepath.Join(data, "postmaster.pid")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	cmdline, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(line), "cmdline"))
	if err == nil && strings.Contains(string(cmdline), data) {
		return nil // it runs, or still ends; PostgreSQL will say so
	}
	return os.Remove(path)
}

func (e *Engines) readyPostgres(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, e.adminURL)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if e.cfg.Throwaway {
		return conn.Ping(ctx)
	}
	var role, database bool
	const q = `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1), EXISTS (SELECT FROM pg_database WHERE datname = $1)`
	if err := conn.QueryRow(ctx, q, databaseName).Scan(&role, &database); err != nil {
		return err
	}
	if !role {
		// The password is hexadecimal: nothing to quote.
		if _, err := conn.Exec(ctx, "CREATE ROLE "+databaseName+" LOGIN PASSWORD '"+e.ownerPassword+"'"); err != nil {
			return err
		}
	}
	if !database {
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+databaseName+" OWNER "+databaseName); err != nil {
			return err
		}
	}
	return ensureTenantRole(ctx, conn)
}

// tenantRole is what the api takes on for its callers (docs/tenancy.md). The owner may
// not make roles, so it finds this one.
const tenantRole = "probefleet_tenant"

func ensureTenantRole(ctx context.Context, conn *pgx.Conn) error {
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", tenantRole).Scan(&there); err != nil {
		return err
	}
	if !there {
		if _, err := conn.Exec(ctx, "CREATE ROLE "+tenantRole+" NOLOGIN"); err != nil {
			return err
		}
	}
	_, err := conn.Exec(ctx, "GRANT "+tenantRole+" TO "+databaseName) // again: nothing changes
	return err
}
