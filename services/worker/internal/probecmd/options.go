package probecmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
)

type options struct {
	kind    string
	target  string
	config  string
	timeout time.Duration // 0: the file's, or the kind's
	json    bool
	allow   []netip.Prefix
}

// parse reads flags before and after the target.
func parse(args []string) (options, error) {
	opt := options{}
	allow := strings.Split(os.Getenv("ALLOW_CIDRS"), ",")
	flags := flag.NewFlagSet("probe", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&opt.kind, "kind", "", "")
	flags.StringVar(&opt.target, "target", "", "")
	flags.StringVar(&opt.config, "config", "", "")
	flags.Func("timeout", "", func(v string) (err error) {
		if opt.timeout, err = time.ParseDuration(v); err == nil && opt.timeout <= 0 {
			err = errors.New("not positive")
		}
		return err
	})
	flags.BoolVar(&opt.json, "json", false, "")
	flags.Func("allow", "", func(v string) error {
		_, err := egress.ParseAllow(strings.Split(v, ","))
		allow = append(allow, strings.Split(v, ",")...)
		return err
	})
	var targets []string
	for rest := args; ; {
		if err := flags.Parse(rest); err != nil {
			return opt, err
		}
		if flags.NArg() == 0 {
			break
		}
		targets = append(targets, flags.Arg(0))
		rest = flags.Args()[1:]
	}
	if opt.target != "" {
		targets = append(targets, opt.target)
	}
	if len(targets) > 1 || len(targets) == 0 && opt.config == "" {
		return opt, fmt.Errorf("want one target, got %d", len(targets))
	}
	if len(targets) == 1 {
		opt.target = targets[0]
	}
	for i := range allow {
		allow[i] = strings.TrimSpace(allow[i])
	}
	var err error
	if opt.allow, err = egress.ParseAllow(allow); err != nil {
		return opt, fmt.Errorf("allow: %w", err)
	}
	return opt, nil
}

// monitor is what a file says; what the api takes besides does not matter here.
type monitor struct {
	Kind      string          `json:"kind"`
	Target    string          `json:"target"`
	Settings  json.RawMessage `json:"settings"`
	TimeoutMS int             `json:"timeout_ms"`
}

// check makes the check to run, of settings that the api would have taken.
func (o *options) check() (*uptime.Check, error) {
	m, err := readMonitor(o.config)
	if err != nil {
		return nil, err
	}
	kind := uptime.Kind(first(o.kind, m.Kind, string(uptime.KindHTTP)))
	if kind == uptime.KindHeartbeat {
		return nil, errors.New("a heartbeat is not probed: it calls in by itself")
	}
	target, user := cutUser(kind, first(o.target, m.Target))
	s, err := monitorspec.Parse(kind, target, m.Settings)
	var wrong monitorspec.Errors
	if errors.As(err, &wrong) {
		lines := make([]string, len(wrong))
		for i, w := range wrong {
			lines[i] = w.Error()
		}
		return nil, errors.New(strings.Join(lines, "\n  "))
	}
	if err != nil {
		return nil, err
	}
	settings, err := s.JSON()
	if err != nil {
		return nil, err
	}
	c := &uptime.Check{Kind: kind, Target: withUser(s.Target, user), Settings: settings, Timeout: o.timeout}
	if c.Timeout == 0 {
		c.Timeout = time.Duration(m.TimeoutMS) * time.Millisecond
	}
	if c.Timeout <= 0 {
		c.Timeout = monitorspec.LimitsOf(kind).DefaultTimeout
	}
	return c, nil
}

// cutUser takes user name and password out of a URL. The api refuses them, since everybody
// who sees a monitor would see them; on a shell of one's own they are handy.
func cutUser(kind uptime.Kind, target string) (string, *url.Userinfo) {
	u, err := url.Parse(target)
	if kind != uptime.KindHTTP || err != nil || u.User == nil {
		return target, nil
	}
	user := u.User
	u.User = nil
	return u.String(), user
}

// withUser puts them back.
func withUser(target string, user *url.Userinfo) string {
	u, err := url.Parse(target)
	if user == nil || err != nil {
		return target
	}
	u.User = user
	return u.String()
}

// readMonitor reads the file of --config: a monitor, or the settings of one.
func readMonitor(path string) (monitor, error) {
	var m monitor
	if path == "" {
		return m, nil
	}
	in := io.Reader(os.Stdin)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return m, err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, 2*monitorspec.MaxBytes))
	if err != nil {
		return m, err
	}
	b = bytes.TrimSpace(b)
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(b, &members); err != nil {
		return m, fmt.Errorf("%s is not a JSON object: %w", path, err)
	}
	// No kind has settings of these names.
	if members["settings"] == nil && members["kind"] == nil && members["target"] == nil {
		m.Settings = b
		return m, nil
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("%s is not a monitor: %w", path, err)
	}
	return m, nil
}

func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}
