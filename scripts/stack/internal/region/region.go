// Package region adds regions whose workers run elsewhere: the region itself by the
// API, a Redis user confined to it, and the environment that such a worker needs.
package region

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/scripts/stack/internal/api"
	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

// Config says what to add, and to which fleet.
type Config struct {
	Name                string
	Title               string
	Latitude, Longitude *float64
	Dir                 string // where keys and environments are kept
	API                 api.Client
	Canaries            string // what its workers look at to know that they are not cut off
	Redis               string // URL with the right to make users

	// URL returns how the region's workers reach Redis as the given user, and the
	// authority that they have to trust, on one line; empty: one that they know.
	URL func(user, password string) (url, authority string, err error)
}

// ErrKeyUnknown is returned for a region that exists, but not by this checkout's doing:
// its key was shown to whoever made it, and is not shown again.
var ErrKeyUnknown = errors.New("the region exists already and its key is not kept here; its key was shown when it was made")

// validName is the API's rule.
var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// Add adds the region, or finds it again, and returns the environment of its workers,
// which is kept in <Dir>/regions/<name>.env too.
func Add(ctx context.Context, cfg Config) (string, error) {
	if !validName.MatchString(cfg.Name) {
		return "", fmt.Errorf("%q is no name for a region: 1 to 40 lower-case letters, digits and hyphens", cfg.Name)
	}
	key, err := ensureRegion(ctx, cfg)
	if err != nil {
		return "", err
	}
	user := "region-" + cfg.Name
	password, err := engines.Secret(filepath.Join(cfg.Dir, "regions", cfg.Name+".redis"), 24)
	if err != nil {
		return "", err
	}
	if err := confine(ctx, cfg.Redis, user, password, cfg.Name); err != nil {
		return "", err
	}
	url, authority, err := cfg.URL(user, password)
	if err != nil {
		return "", err
	}
	text := environment(cfg.Name, key, url, authority, cfg.Canaries)
	return text, engines.WritePrivate(filepath.Join(cfg.Dir, "regions", cfg.Name+".env"), text)
}

// ensureRegion makes the region, or takes one that this checkout made before, and
// returns the key of its messages.
func ensureRegion(ctx context.Context, cfg Config) (string, error) {
	file := stack.RegionKeyFile(cfg.Dir, cfg.Name)
	wanted := map[string]any{"name": cfg.Name, "title": cfg.Title}
	if cfg.Latitude != nil && cfg.Longitude != nil {
		wanted["latitude"], wanted["longitude"] = *cfg.Latitude, *cfg.Longitude
	}
	var made struct {
		MessageKey string `json:"message_key"`
	}
	err := cfg.API.Do(ctx, http.MethodPost, "/v1/regions", wanted, &made)
	var refused *api.Error
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusConflict:
		b, err := os.ReadFile(file)
		if err != nil {
			return "", ErrKeyUnknown
		}
		return strings.TrimSpace(string(b)), nil
	case err != nil:
		return "", fmt.Errorf("make the region: %w", err)
	case made.MessageKey == "":
		return "", errors.New("make the region: the API gave no key")
	}
	return made.MessageKey, engines.WritePrivate(file, made.MessageKey+"\n")
}

// confine makes the region's user in Redis and keeps it over a restart.
func confine(ctx context.Context, url, user, password, name string) error {
	client, err := queue.Open(ctx, queue.Config{URL: url, Name: "region-add", CA: os.Getenv("REDIS_CA")})
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.SetRegionUser(ctx, user, password, name); err != nil {
		return err
	}
	opt, err := redis.ParseURL(url)
	if err != nil {
		return err
	}
	own := redis.NewClient(opt)
	defer own.Close()
	if err := own.Do(ctx, "ACL", "SAVE").Err(); err != nil {
		return fmt.Errorf("keep the Redis user over a restart (set aclfile in its configuration): %w", err)
	}
	return nil
}

// environment is what a worker needs, as an environment file of systemd or Docker.
func environment(name, key, url, authority, canaries string) string {
	lines := []string{
		"# Workers of region " + name + ". Keep this secret. Every worker needs a WORKER_ID of its own,",
		"# which is its machine's name if it is not set.",
		"REGION_NAME=" + name,
		"REGION_KEY=" + key,
		"REDIS_URL=" + url,
	}
	if authority != "" {
		lines = append(lines, "REDIS_CA="+authority)
	}
	lines = append(lines, "SITE="+name)
	if canaries != "" {
		lines = append(lines, "CANARY_TARGETS="+canaries)
	}
	return strings.Join(lines, "\n") + "\n"
}
