package client

import "encoding/json"

// Plan is what an import does, or would do.
type Plan struct {
	Applied   bool       `json:"applied"`
	Adds      int        `json:"adds"`
	Changes   int        `json:"changes"`
	Removes   int        `json:"removes"`
	Unchanged int        `json:"unchanged"`
	Errors    int        `json:"errors"`
	Items     []PlanItem `json:"items"`
}

// Empty tells whether there is nothing to do.
func (p *Plan) Empty() bool { return p.Adds+p.Changes+p.Removes == 0 }

// The actions of a plan.
const (
	ActionAdd    = "add"
	ActionChange = "change"
	ActionRemove = "remove"
	ActionError  = "error"
)

// PlanItem is what happens to one website.
type PlanItem struct {
	Action  string       `json:"action"`
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	Line    *int         `json:"line"` // the website's place in the source, from 1
	Changes []Change     `json:"changes"`
	Errors  []FieldError `json:"errors"`
}

// Change is one field that gets another value. The values are JSON, empty for nothing.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Report is what a check on demand has found.
type Report struct {
	Complete bool     `json:"complete"`
	Results  []Result `json:"results"`
}

// Result is what one region has seen.
type Result struct {
	MonitorID  string   `json:"monitor_id"`
	Region     string   `json:"region"`
	OK         bool     `json:"ok"`
	Outcome    string   `json:"outcome"`
	Reason     string   `json:"reason"`
	Detail     string   `json:"detail"`
	LatencyMS  *float64 `json:"latency_ms"`
	StatusCode *int     `json:"status_code"`
	ResolvedIP *string  `json:"resolved_ip"`
}

// MonitorTest asks for a check of what is not saved.
type MonitorTest struct {
	Kind      string          `json:"kind"`
	Target    string          `json:"target"`
	Settings  json.RawMessage `json:"settings,omitempty"`
	TimeoutMS int             `json:"timeout_ms,omitempty"`
	Regions   []string        `json:"regions,omitempty"`
}

// Fleet is how the fleet itself is doing.
type Fleet struct {
	Balanced bool `json:"balanced"`
	Regions  []struct {
		Region      string   `json:"region"`
		State       string   `json:"state"`
		LiveWorkers int      `json:"live_workers"`
		Waiting     int64    `json:"waiting"`
		Done        int64    `json:"done"`
		LateP99MS   *float64 `json:"late_p99_ms"`
		Balanced    bool     `json:"balanced"`
	} `json:"regions"`
	Stages []struct {
		Stage   string `json:"stage"`
		OK      bool   `json:"ok"`
		LagMS   *int64 `json:"lag_ms"`
		Waiting *int64 `json:"waiting"`
		Detail  string `json:"detail"`
	} `json:"stages"`
	Events []struct {
		Kind        string `json:"kind"`
		Region      string `json:"region"`
		OpenedAt    string `json:"opened_at"`
		Explanation string `json:"explanation"`
	} `json:"events"`
}

// Well tells whether nothing is wrong with the fleet.
func (f *Fleet) Well() bool {
	for _, s := range f.Stages {
		if !s.OK {
			return false
		}
	}
	return f.Balanced && len(f.Events) == 0
}
