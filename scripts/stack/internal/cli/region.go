package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/api"
	"github.com/probefleet/probefleet/scripts/stack/internal/region"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
	"github.com/probefleet/probefleet/scripts/stack/internal/tlsfront"
)

// doorTime is how long the door for workers elsewhere may take to open.
const doorTime = 15 * time.Second

// regionAdd adds a region to the fleet of this checkout, or to the one that
// PROBEFLEET_URL, PROBEFLEET_API_KEY and REDIS_URL name.
func regionAdd(ctx context.Context, e env, args []string) error {
	flags := flag.NewFlagSet("region-add", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	title := flags.String("title", "", "")
	latitude, longitude := flags.String("latitude", "", ""), flags.String("longitude", "", "")
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 1 { // the name first, as people write it
		name := flags.Arg(0)
		if err = flags.Parse(flags.Args()[1:]); err == nil && flags.NArg() == 0 {
			return addRegion(ctx, e, name, *title, *latitude, *longitude)
		}
	}
	if err != nil || flags.NArg() != 1 {
		return fmt.Errorf("usage: scripts/region-add NAME [-title TITLE] [-latitude DEGREES -longitude DEGREES]")
	}
	return addRegion(ctx, e, flags.Arg(0), *title, *latitude, *longitude)
}

func addRegion(ctx context.Context, e env, name, title, latitude, longitude string) error {
	client, err := fleetClient(e)
	if err != nil {
		return err
	}
	cfg := region.Config{Name: name, Title: title, Dir: e.data, API: client, Canaries: stack.Canaries()}
	for _, c := range []struct {
		text string
		to   **float64
	}{{latitude, &cfg.Latitude}, {longitude, &cfg.Longitude}} {
		if c.text == "" {
			continue
		}
		degrees, err := strconv.ParseFloat(c.text, 64)
		if err != nil {
			return fmt.Errorf("%q is not in degrees", c.text)
		}
		*c.to = &degrees
	}
	if external := os.Getenv("REDIS_URL"); external != "" {
		cfg.Redis = external
		cfg.URL = func(user, password string) (string, string, error) {
			return as(external, user, password), os.Getenv("REDIS_CA"), nil
		}
	} else {
		if cfg.Redis, err = stack.OwnRedisURL(e.data); err != nil {
			return err
		}
		cfg.URL = func(user, password string) (string, string, error) { return openDoor(ctx, e, user, password) }
	}
	text, err := region.Add(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Fprint(e.out, text)
	e.tell("\nkept in .data/regions/%s.env; run a worker elsewhere with it, for instance:\n"+
		"  set -a; . ./%s.env; set +a; bin/worker\n"+
		"  docker run --env-file %s.env probefleet/worker", name, name, name)
	return nil
}

// as puts another user into a Redis URL.
func as(raw, user, password string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	u.User = url.UserPassword(user, password)
	return u.String()
}

// fleetClient speaks to the fleet of this checkout, or to the one in the environment.
func fleetClient(e env) (api.Client, error) {
	c := api.Client{URL: os.Getenv("PROBEFLEET_URL"), Key: os.Getenv("PROBEFLEET_API_KEY")}
	if c.URL != "" && c.Key != "" {
		return c, nil
	}
	kept, err := stack.ReadCredentials(e.data)
	if err != nil {
		return c, fmt.Errorf("probefleet has not run from this checkout: make up first, or set PROBEFLEET_URL and PROBEFLEET_API_KEY")
	}
	return api.Client{URL: kept.URL, Key: kept.APIKey}, nil
}

// openDoor lets workers elsewhere reach the stack's own Redis by TLS.
func openDoor(ctx context.Context, e env, user, password string) (string, string, error) {
	settings, err := tlsSettings(e)
	if err != nil {
		return "", "", err
	}
	files, err := stack.WriteTLS(e.data, settings)
	if err != nil {
		return "", "", err
	}
	authority, err := files.OneLine()
	if err != nil {
		return "", "", err
	}
	id, alive := supervise.Recorded(stack.RunDir(e.data), stack.Supervisor)
	if !alive {
		return "", "", fmt.Errorf("probefleet does not run: make up first")
	}
	if err := id.Signal(doorSignal); err != nil {
		return "", "", err
	}
	host := settings.Bind
	if host == "" {
		host = "127.0.0.1"
	}
	addr := net.JoinHostPort(host, strconv.Itoa(settings.Port))
	if err := tlsfront.Await(ctx, addr, authority, doorTime); err != nil {
		return "", "", fmt.Errorf("no way to Redis by TLS on %s (REDIS_TLS_PORT, REDIS_TLS_BIND): %w", addr, err)
	}
	e.tell("workers of this region reach Redis at %s:%d: let that port through; another name by REDIS_TLS_HOST", settings.Host, settings.Port)
	return stack.RegionRedisURL(settings, user, password), authority, nil
}

// tlsSettings are those of before, changed by what the environment says now.
func tlsSettings(e env) (stack.TLSSettings, error) {
	s, open, err := stack.ReadTLS(e.data)
	if err != nil {
		return s, err
	}
	if !open {
		s = stack.TLSSettings{Port: stack.DefaultRedisTLSPort, Host: stack.PublicHost()}
	}
	if h := os.Getenv("REDIS_TLS_HOST"); h != "" {
		s.Host = h
	}
	if b, set := os.LookupEnv("REDIS_TLS_BIND"); set {
		s.Bind = b
	}
	if p := os.Getenv("REDIS_TLS_PORT"); p != "" {
		if s.Port, err = strconv.Atoi(p); err != nil {
			return s, fmt.Errorf("REDIS_TLS_PORT=%q is not a port", p)
		}
	}
	return s, nil
}

// redisTLS is the process behind the door; the stack starts it.
func redisTLS(ctx context.Context, _ env, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: stack redis-tls LISTEN TO DIRECTORY")
	}
	return tlsfront.Serve(ctx, tlsfront.Config{
		Listen: args[0], To: args[1], Files: tlsfront.At(filepath.Clean(args[2])),
		Log: slog.New(slog.NewJSONHandler(os.Stderr, nil)).With("service", strings.ToLower(stack.RedisTLS)),
	})
}
