// Package fleetfile is a fleet as a file: websites with their monitors in YAML, read so
// that everything that is wrong with it is told by its line, and written so that people
// can go on from there.
package fleetfile

import (
	"encoding/json"
)

// Estate is what a file holds: the Estate of the API, and whose it is.
type Estate struct {
	ManagedBy string    `json:"managed_by,omitempty"`
	Websites  []Website `json:"websites"`
}

// Website is one website. What is left out stays as it is.
type Website struct {
	ExternalID string    `json:"external_id,omitempty"`
	Name       string    `json:"name"`
	URL        string    `json:"url,omitempty"`
	Tags       []string  `json:"tags,omitempty"`
	Paused     *bool     `json:"paused,omitempty"`
	Monitors   []Monitor `json:"monitors,omitempty"`
}

// Monitor is one monitor of a website.
type Monitor struct {
	Name            string          `json:"name,omitempty"`
	Kind            string          `json:"kind"`
	Target          string          `json:"target,omitempty"`
	IntervalSeconds int             `json:"interval_seconds,omitempty"`
	TimeoutMS       int             `json:"timeout_ms,omitempty"`
	Settings        json.RawMessage `json:"settings,omitempty"`
	Paused          *bool           `json:"paused,omitempty"`
}

// order is the order in which people expect the fields, other ones follow by name.
var order = []string{
	"managed_by", "version", "websites",
	"external_id", "name", "kind", "url", "source", "property", "comparison", "target", "tags", "paused", "muted", "interval_seconds", "timeout_ms", "regions", "policy", "settings", "monitors",
	"type", "method",
}
