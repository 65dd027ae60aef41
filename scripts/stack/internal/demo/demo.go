// Package demo shows a fleet at work: it starts a web server on the loopback address
// whose pages behave by a script, has the fleet watch them, and says what to look for.
package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/scripts/stack/internal/api"
)

// prefix marks the demo's websites by their external ids, so that it finds its own.
const prefix = "probefleet-demo-"

// DefaultAddr is where the scripted websites are.
const DefaultAddr = "127.0.0.1:21800"

// site is one scripted website.
type site struct {
	path, name string
	behaviour  string // as package targets reads it
	watch      string // what a newcomer is to look for
}

// sites are the script. A check every ten seconds from three regions sees a change
// within a few seconds.
func sites(region string) []site {
	return []site{
		{"shop", "Demo: healthy shop", "delay 20ms; ok", "stays up"},
		{"reports", "Demo: slow reports", "delay 900ms; ok", "up, and its chart shows why people complain"},
		{"cdn", "Demo: fails in one region", "region " + region + "; status 503; ok",
			"stays up with an advisory: " + region + " alone sees it fail, which is no quorum"},
		{"api", "Demo: flaps", "flap 40s; ok; status 500", "goes down and up again every 40 s; its alerts are damped after a while, its state never"},
		{"checkout", "Demo: goes down", "after 20s; ok; after 80s; hang; ok",
			"in 20 s it hangs for a minute: down when the regions agree, one incident with its evidence, then resolved"},
	}
}

// intervalSeconds is how often each is checked from every region.
const intervalSeconds = 10

// Config says where and to whom.
type Config struct {
	Addr   string // of the scripted websites; default [DefaultAddr]
	API    api.Client
	Region string // in which one of them fails
	Tell   func(format string, args ...any)
}

// website is what the demo reads of one.
type website struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	ExternalID *string  `json:"external_id"`
	Status     string   `json:"status"`
	Advisory   []string `json:"advisory_regions"`
}

// Run starts the websites, registers those that are not there yet, and tells what
// changes until ctx ends. The fleet keeps watching them afterwards: they are down then.
func Run(ctx context.Context, cfg Config) error {
	if cfg.Addr == "" {
		cfg.Addr = DefaultAddr
	}
	server, err := targets.Start(targets.Config{Addr: cfg.Addr, Control: true})
	if err != nil {
		return fmt.Errorf("the demo's websites: %w (another address by DEMO_ADDR)", err)
	}
	defer server.Close()
	names := map[string]string{} // by id
	for _, s := range sites(cfg.Region) {
		behaviour, err := targets.Parse(s.behaviour)
		if err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
		server.Set(s.path, behaviour)
		w, err := register(ctx, cfg.API, server.URL, s)
		var refused *api.Error
		if err != nil && !errors.As(err, &refused) {
			return fmt.Errorf("the fleet does not answer (is it up? make up): %w", err)
		}
		if err != nil {
			return err
		}
		names[w.ID] = s.path
		cfg.Tell("  %-30s %s/%s\n  %30s %s", s.name, server.URL, s.path, "", s.watch)
	}
	cfg.Tell("\nchange one yourself: curl -X PUT -d 'status 503' %s%sshop (ok, hang, reset, delay 2s; ok)", server.URL, targets.ControlPath)
	cfg.Tell("look: curl -H \"Authorization: Bearer $PROBEFLEET_API_KEY\" %s/v1/incidents", cfg.API.URL)
	cfg.Tell("Ctrl-C stops the websites, upon which they are down; make demo-clean removes them\n")
	return follow(ctx, cfg, names)
}

// register adds a website, or brings the one of an earlier run up to date.
func register(ctx context.Context, client api.Client, base string, s site) (website, error) {
	var w website
	target := base + "/" + s.path
	body := map[string]any{
		"url": target, "name": s.name, "external_id": prefix + s.path, "interval_seconds": intervalSeconds, "timeout_ms": 5000,
	}
	err := client.Do(ctx, http.MethodPost, "/v1/websites", body, &w)
	var refused *api.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusConflict {
		return w, err
	}
	found, err := find(ctx, client, prefix+s.path)
	if err != nil || len(found) == 0 {
		return w, errors.Join(fmt.Errorf("%s: %w", target, refused), err)
	}
	delete(body, "external_id")
	return found[0], client.Do(ctx, http.MethodPatch, "/v1/websites/"+found[0].ID, body, &w)
}

// find returns the websites with an external id.
func find(ctx context.Context, client api.Client, external string) ([]website, error) {
	var page struct {
		Items []website `json:"items"`
	}
	err := client.Do(ctx, http.MethodGet, "/v1/websites?external_id="+url.QueryEscape(external), nil, &page)
	return page.Items, err
}

// Clean removes the demo's websites with all that is known of them.
func Clean(ctx context.Context, client api.Client, tell func(string, ...any)) error {
	removed := 0
	for _, s := range sites("") {
		found, err := find(ctx, client, prefix+s.path)
		if err != nil {
			return err
		}
		for _, w := range found {
			if err := client.Do(ctx, http.MethodDelete, "/v1/websites/"+w.ID, nil, nil); err != nil {
				return err
			}
			removed++
		}
	}
	tell("removed %d websites", removed)
	return nil
}

// lookEvery is how often the demo looks for changes to tell.
const lookEvery = time.Second

// follow tells each change of a website's status and of its advisory.
func follow(ctx context.Context, cfg Config, names map[string]string) error {
	before := map[string]string{}
	away := false
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		var page struct {
			Items []website `json:"items"`
		}
		err := cfg.API.Do(ctx, http.MethodGet, "/v1/websites?limit=200&q="+url.QueryEscape(prefix), nil, &page)
		if err != nil && !away && ctx.Err() == nil {
			cfg.Tell("%s  the API does not answer: %v", clock(), err)
		}
		away = err != nil
		for _, w := range page.Items {
			path, own := names[w.ID]
			now := w.Status
			if len(w.Advisory) > 0 {
				now += fmt.Sprintf(", fails in %v only", w.Advisory)
			}
			if own && before[w.ID] != now {
				before[w.ID] = now
				cfg.Tell("%s  %-10s %s", clock(), path, now)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func clock() string { return time.Now().Format("15:04:05") }
