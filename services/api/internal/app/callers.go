package app

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Callers are the settings of how often one may call, and from whose pages.
type Callers struct {
	RateLimit       int      `env:"RATE_LIMIT_PER_MINUTE" envDefault:"6000" desc:"how often one API key or session may call within a minute, at each replica; 0: as often as it likes"`
	PublicRateLimit int      `env:"RATE_LIMIT_PUBLIC_PER_MINUTE" envDefault:"600" desc:"the same of one address without either; calls of heartbeats do not count"`
	Origins         []string `env:"CORS_ORIGINS" desc:"origins whose pages may call the API with a key, as https://app.example.com, comma separated; none by default"`
}

// Validate implements [config.Validator].
func (c *Callers) Validate() error {
	var errs []error
	for name, n := range map[string]int{"RATE_LIMIT_PER_MINUTE": c.RateLimit, "RATE_LIMIT_PUBLIC_PER_MINUTE": c.PublicRateLimit} {
		const most = 1_000_000
		if n < 0 || n > most {
			errs = append(errs, fmt.Errorf("%s=%d is not between 0 and %d", name, n, most))
		}
	}
	for _, origin := range c.Origins {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Contains(origin, "*") ||
			origin != strings.ToLower(u.Scheme+"://"+u.Host) {
			errs = append(errs, fmt.Errorf("CORS_ORIGINS: %q is not an origin as https://app.example.com", origin))
		}
	}
	return errors.Join(errs...)
}
