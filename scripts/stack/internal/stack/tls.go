package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
	"github.com/probefleet/probefleet/scripts/stack/internal/tlsfront"
)

// DefaultRedisTLSPort is where workers elsewhere come in.
const DefaultRedisTLSPort = 21380

// TLSSettings say where workers elsewhere reach the stack's Redis. The file of them in
// the stack's directory is what opens the door.
type TLSSettings struct {
	Bind string `json:"bind"` // empty: every address of the machine
	Port int    `json:"port"`
	Host string `json:"host"` // by which workers call this machine
}

// TLSDir is where a stack keeps its certificates.
func TLSDir(dir string) string { return filepath.Join(dir, "tls") }

func tlsFile(dir string) string { return filepath.Join(TLSDir(dir), "listen.json") }

// ReadTLS returns the settings, and whether the door is to be open at all.
func ReadTLS(dir string) (s TLSSettings, open bool, err error) {
	b, err := os.ReadFile(tlsFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	return s, err == nil, err
}

// WriteTLS keeps the settings and sees to the certificates for every address that this
// machine has.
func WriteTLS(dir string, s TLSSettings) (tlsfront.Files, error) {
	hosts := []string{"localhost", "127.0.0.1", "::1", s.Host}
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name)
	}
	for _, ip := range addresses() {
		hosts = append(hosts, ip.String())
	}
	hosts = slices.DeleteFunc(hosts, func(h string) bool { return h == "" })
	slices.Sort(hosts)
	files, err := tlsfront.Ensure(TLSDir(dir), slices.Compact(hosts), time.Now())
	if err != nil {
		return files, err
	}
	b, err := json.Marshal(s)
	if err != nil {
		return files, err
	}
	return files, engines.WritePrivate(tlsFile(dir), string(b)+"\n")
}

// PublicHost guesses by which name workers elsewhere reach this machine: its first
// address that is not its own alone, else its name.
func PublicHost() string {
	if ips := addresses(); len(ips) > 0 {
		return ips[0].String()
	}
	name, err := os.Hostname()
	if err != nil {
		return "127.0.0.1"
	}
	return name
}

// addresses returns the machine's addresses that others may reach, IPv4 first.
func addresses() []net.IP {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var four, six []net.IP
	for _, a := range all {
		network, ok := a.(*net.IPNet)
		if !ok || network.IP.IsLoopback() || network.IP.IsLinkLocalUnicast() {
			continue
		}
		if ip := network.IP.To4(); ip != nil {
			four = append(four, ip)
		} else {
			six = append(six, network.IP)
		}
	}
	return append(four, six...)
}

// OpenTLS opens the door for workers elsewhere if the settings say so, and opens it
// anew when they, or the certificates, have changed.
func (s *Stack) OpenTLS(context.Context) error {
	settings, open, err := ReadTLS(s.opt.Dir)
	if err != nil || !open || s.opt.Ports.Redis == 0 {
		return err
	}
	files, err := WriteTLS(s.opt.Dir, settings) // renews what has grown old
	if err != nil {
		return err
	}
	cert, err := os.ReadFile(files.Cert)
	if err != nil {
		return err
	}
	now := fmt.Sprint(settings, string(cert))
	if s.tlsStarted() {
		if now == s.door {
			return nil
		}
		if err := s.sup.Halt(RedisTLS); err != nil {
			return err
		}
	}
	program, err := s.program()
	if err != nil {
		return err
	}
	s.door = now
	listen := net.JoinHostPort(settings.Bind, strconv.Itoa(settings.Port))
	to := fmt.Sprintf("127.0.0.1:%d", s.opt.Ports.Redis)
	s.opt.Tell("workers elsewhere reach Redis by TLS on port %d", settings.Port)
	return s.sup.Start(supervise.Spec{
		Name: RedisTLS, Path: program, Args: []string{"redis-tls", listen, to, TLSDir(s.opt.Dir)},
		Env: []string{"PATH=" + os.Getenv("PATH"), "PROBEFLEET_ROOT=" + s.opt.Root}, Dir: s.opt.Dir,
	})
}

// program is the stack's own program, which has the door as one of its commands.
func (s *Stack) program() (string, error) {
	if s.opt.Program != "" {
		return s.opt.Program, nil
	}
	return os.Executable()
}

// RegionRedisURL returns how workers of a region elsewhere reach Redis.
func RegionRedisURL(s TLSSettings, user, password string) string {
	u := url.URL{
		Scheme: "rediss", User: url.UserPassword(user, password),
		Host: net.JoinHostPort(s.Host, strconv.Itoa(s.Port)), Path: "/0",
	}
	return u.String()
}

// OwnRedisURL returns the address of a stack's own Redis, with the password of its
// owner, as it last ran.
func OwnRedisURL(dir string) (string, error) {
	b, err := os.ReadFile(redisURLFile(dir))
	if err != nil {
		return "", errors.New("no Redis of its own runs here: make up first, or set REDIS_URL as it was set then")
	}
	return strings.TrimSpace(string(b)), nil
}

func redisURLFile(dir string) string { return filepath.Join(dir, "redis.url") }
