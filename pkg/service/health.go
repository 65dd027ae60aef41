package service

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// checkTime bounds one readiness check, below the second that most probes wait.
const checkTime = 900 * time.Millisecond

// Health knows whether the process is ready: it has started, is not stopping, and all
// its checks pass.
type Health struct {
	mu     sync.Mutex
	names  []string
	checks map[string]func(ctx context.Context) error
	phase  string // why it is not ready whatever the checks say; empty: running
}

// NewHealth returns one that is not ready before it is started.
func NewHealth() *Health {
	return &Health{checks: map[string]func(context.Context) error{}, phase: "starting"}
}

// Check adds a readiness check or replaces the one of that name. f is called for each
// question, concurrently with the others, with 0.9 s to answer. What its error says is
// shown to whoever asks.
func (h *Health) Check(name string, f func(ctx context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, known := h.checks[name]; !known {
		h.names = append(h.names, name)
	}
	h.checks[name] = f
}

func (h *Health) start() { h.setPhase("") }
func (h *Health) stop()  { h.setPhase("stopping") }

func (h *Health) setPhase(p string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.phase != "stopping" {
		h.phase = p
	}
}

// Report is the answer to "are you ready?".
type Report struct {
	Ready  bool              `json:"ready"`
	Phase  string            `json:"phase"` // starting, running or stopping
	Checks map[string]string `json:"checks"`
}

// Report runs all checks. A check's text is "ok" or what is wrong.
func (h *Health) Report(ctx context.Context) Report {
	h.mu.Lock()
	report := Report{Ready: h.phase == "", Phase: h.phase, Checks: make(map[string]string, len(h.names))}
	names := append([]string(nil), h.names...)
	checks := make([]func(context.Context) error, len(names))
	for i, n := range names {
		checks[i] = h.checks[n]
	}
	h.mu.Unlock()
	if report.Phase == "" {
		report.Phase = "running"
	}

	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	answers := make([]chan error, len(names))
	for i, check := range checks {
		answer := make(chan error, 1)
		answers[i] = answer
		go func() { answer <- check(ctx) }()
	}
	for i, n := range names {
		var err error
		select {
		case err = <-answers[i]:
		case <-ctx.Done(): // a check may not heed its context; do not wait for it
			select {
			case err = <-answers[i]:
			default:
				err = ctx.Err()
			}
		}
		report.Checks[n] = "ok"
		if err != nil {
			report.Checks[n] = err.Error()
			report.Ready = false
		}
	}
	return report
}

// Live answers /healthz: 200 for as long as the process serves at all.
func (h *Health) Live() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
	})
}

// Ready answers /readyz: 200 with a [Report], or 503 with one.
func (h *Health) Ready() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		report := h.Report(r.Context())
		status := http.StatusOK
		if !report.Ready {
			status = http.StatusServiceUnavailable
		}
		writeJSON(w, status, report)
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may have gone; there is nobody to tell
}
