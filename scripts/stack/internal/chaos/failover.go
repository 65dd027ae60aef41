package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// lag is how much the replica has missed when it takes over.
const lag = 3 * time.Second

// failOver gives Redis a replica, cuts the replication, and after the lag leads
// everybody to the replica. The old one runs on, and nobody reaches it.
func failOver(ctx context.Context, r *Rig) (func(context.Context) error, error) {
	how, err := redis.ParseURL(r.fleet.RedisURL)
	if err != nil {
		return nil, err
	}
	replication, from, err := r.link("replication", how.Addr)
	if err != nil {
		return nil, err
	}
	port := r.freePort()
	if err := r.replica(from, port, how.Password); err != nil {
		return nil, err
	}
	replica := redis.NewClient(&redis.Options{Addr: loopback(port), Username: how.Username, Password: how.Password})
	defer replica.Close()
	if _, ok := until(ctx, patience, func() bool {
		info, err := replica.Info(ctx, "replication").Result()
		return err == nil && strings.Contains(info, "master_link_status:up")
	}); !ok {
		return nil, errors.New("the replica does not replicate")
	}
	if err := replication.silence(); err != nil {
		return nil, err
	}
	if err := sleep(ctx, lag); err != nil {
		return nil, err
	}
	if err := replica.Do(ctx, "REPLICAOF", "NO", "ONE").Err(); err != nil {
		return nil, err
	}
	for _, l := range r.redis {
		err = errors.Join(err, l.lead(loopback(port)))
	}
	return always, err
}

// replica starts a Redis that copies another; it ends with the rig.
func (r *Rig) replica(from string, port int, password string) error {
	home := filepath.Join(r.cfg.Dir, "replica")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	host, fromPort, _ := strings.Cut(from, ":")
	settings := []string{
		"bind 127.0.0.1", "port " + strconv.Itoa(port), fmt.Sprintf("dir %q", home), `save ""`, "appendonly yes",
		"maxmemory-policy noeviction", "logfile log", "requirepass " + password, "masterauth " + password,
		"replicaof " + host + " " + fromPort,
	}
	conf := filepath.Join(home, "redis.conf")
	if err := os.WriteFile(conf, []byte(strings.Join(settings, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	cmd := exec.Command("redis-server", conf)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	r.ends = append(r.ends, func() error {
		err := cmd.Process.Kill()
		_ = cmd.Wait() // it says that it was killed
		return err
	})
	return nil
}

// failover leaves the fleet on another Redis: it comes last.
func failover() []Scenario {
	return []Scenario{{
		Name: "Redis failover", Fault: fmt.Sprintf("to a replica that lacks the last %g s", lag.Seconds()),
		Promise: "the cursor went back with the streams: what was lost is pushed again, or counted",
		Short:   time.Second, Long: time.Second, Inject: failOver,
	}}
}
