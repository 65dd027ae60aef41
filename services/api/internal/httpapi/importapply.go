package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/estate"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/shape"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/spec"
)

// source is a website as an import has it. What it leaves out stays as it is, and has its
// default in a new one.
type source struct {
	line  int
	site  api.EstateWebsite
	url   spec.URL
	first bool // it speaks of the first HTTP monitor only, as a line of CSV does
	wrong []shape.Error
}

// apply makes a website be as its source says. The error is a problem.
func (p *importer) apply(src *source, w *postgres.Website, isNew bool) error {
	site := &src.site
	if site.Name != "" {
		w.Name = site.Name
	}
	if site.ExternalID.IsSpecified() {
		w.ExternalID = orElse(site.ExternalID, "")
	}
	if site.Tags != nil {
		w.Tags = postgres.CleanTags(*site.Tags)
	}
	if site.Paused != nil && *site.Paused != w.Paused {
		w.Paused, w.PausedUntil = *site.Paused, time.Time{}
	}
	if site.Muted != nil && *site.Muted != w.Muted {
		w.Muted, w.MutedUntil = *site.Muted, time.Time{}
	}
	before := w.ManagedBy
	if p.managedBy != "" {
		w.ManagedBy = p.managedBy
	}
	if site.URL != nil && w.URL != src.url.Text {
		if at := slices.IndexFunc(w.Monitors, func(m postgres.Monitor) bool { return m.Kind == uptime.KindHTTP && m.Target == w.URL }); at >= 0 {
			if err := p.moveTo(&w.Monitors[at], src.url.Text); err != nil {
				return err
			}
		}
		w.URL, w.URLKey = src.url.Text, src.url.Key
	}
	return p.applyMonitors(src, w, isNew, p.prune && before == p.managedBy)
}

// applyMonitors makes the monitors of a website be as its source says. Those that the
// source does not name stay, unless they are to be pruned.
func (p *importer) applyMonitors(src *source, w *postgres.Website, isNew, prune bool) error {
	wanted := deref(src.site.Monitors)
	if isNew && len(wanted) == 0 {
		wanted = []api.EstateMonitor{{Kind: string(uptime.KindHTTP)}}
	}
	known, ids := make([]bool, len(w.Monitors)), p.newIDs(len(wanted))
	var wrong []shape.Error
	for i := range wanted {
		var at int
		if src.first {
			at = slices.IndexFunc(w.Monitors, func(m postgres.Monitor) bool { return m.Kind == uptime.KindHTTP })
			if at < 0 && !isNew {
				continue // a line of CSV speaks of no other
			}
		} else {
			at = counterpart(&wanted[i], w, known)
		}
		errs, err := p.applyMonitor(&wanted[i], w, at, ids[i])
		if err != nil {
			return err
		}
		for _, e := range errs {
			if !src.first {
				e.Pointer = "#/monitors/" + strconv.Itoa(i) + e.Pointer[1:]
			}
			wrong = append(wrong, e)
		}
		if at >= 0 {
			known[at] = true
		}
	}
	if prune && src.site.Monitors != nil && !src.first {
		for i := len(known) - 1; i >= 0; i-- {
			if !known[i] {
				w.Monitors = slices.Delete(w.Monitors, i, i+1)
			}
		}
	}
	if len(w.Monitors) > postgres.MaxMonitors {
		wrong = append(wrong, shape.Error{Pointer: "#/monitors", Detail: fmt.Sprintf("would be more than the %d that a website may have", postgres.MaxMonitors)})
	}
	if len(wrong) > 0 {
		return invalid(api.FieldErrorInBody, wrong...)
	}
	return nil
}

// counterpart returns which monitor a source means, −1 for a new one: by its name, or
// else by kind and target.
func counterpart(want *api.EstateMonitor, w *postgres.Website, known []bool) int {
	kind, name := uptime.Kind(want.Kind), deref(want.Name)
	target := spec.ASCII(kind, valueOr(want.Target, w.URL))
	at := -1
	for i := range known {
		m := &w.Monitors[i]
		switch {
		case known[i]:
		case name != "" && m.Name == name:
			return i
		case at < 0 && m.Kind == kind && (spec.ASCII(kind, m.Target) == target || kind == uptime.KindHeartbeat) && (name == "" || m.Name == ""):
			at = i
		}
	}
	return at
}

// applyMonitor changes the monitor at a place of a website, or adds one with an id.
func (p *importer) applyMonitor(want *api.EstateMonitor, w *postgres.Website, at int, id uptime.ID) ([]shape.Error, error) {
	kind := uptime.Kind(want.Kind)
	change := spec.Change{
		Interval: durationField(want.IntervalSeconds, time.Second), Timeout: durationField(want.TimeoutMs, time.Millisecond),
		Regions: field(want.Regions), Policy: policyField(want.Policy),
	}
	if at < 0 && !slices.Contains(monitorspec.Kinds(), kind) {
		return []shape.Error{{Pointer: "#/kind", Detail: "is no kind of monitor"}}, nil
	}
	var m postgres.Monitor
	settings := spec.DefaultsOf(kind)
	if at >= 0 {
		m = w.Monitors[at]
		if m.Kind != kind {
			return []shape.Error{{Pointer: "#/kind", Detail: "cannot be changed: it is " + string(m.Kind)}}, nil
		}
		settings = settingsOf(&m)
	} else {
		m.ID, m.OrgID, m.WebsiteID, m.Kind = id, w.OrgID, w.ID, kind
	}
	if want.Name != nil {
		m.Name = *want.Name
	}
	if want.Paused != nil {
		m.Paused = *want.Paused
	}
	wrong := pointers(unasked(kind, &change))
	looks, errs, err := p.looks(want, &m, w.URL, at < 0)
	if err != nil {
		return nil, err
	}
	wrong = append(wrong, errs...)
	settings, bad := settings.Apply(change, p.regions, spec.DefaultsOf(kind))
	if bad = append(bad, timing(looks, kind, settings, bad)...); at >= 0 && !change.Interval.Given && !change.Timeout.Given && want.Settings == nil {
		bad = slices.DeleteFunc(bad, func(e spec.FieldError) bool { return e.Path[0] == "interval_seconds" || e.Path[0] == "timeout_ms" })
	}
	if wrong = append(wrong, pointers(bad)...); len(wrong) > 0 {
		return wrong, nil
	}
	takeSettings(&m, settings)
	if err := p.vault.Put(&m, looks, p.all); err != nil {
		return nil, err
	}
	if at >= 0 {
		w.Monitors[at] = m
		return nil, nil
	}
	if kind == uptime.KindHeartbeat {
		if m.Heartbeat, err = p.newHeartbeat(&m); err != nil {
			return nil, err
		}
	}
	w.Monitors = append(w.Monitors, m)
	return nil, nil
}

// looks returns what a monitor checks by its source.
func (p *importer) looks(want *api.EstateMonitor, m *postgres.Monitor, url string, isNew bool) (*monitorspec.Spec, []shape.Error, error) {
	if isNew {
		target := want.Target
		if target == nil && m.Kind == uptime.KindHTTP {
			target = &url
		}
		looks, wrong := parseSpec(m.Kind, deref(target), deref(want.Settings))
		return asWritten(looks, url), wrong, nil
	}
	looks, err := p.vault.Spec(m)
	if err != nil || want.Settings == nil && want.Target == nil {
		return looks, nil, err
	}
	var patch []byte
	if want.Settings != nil {
		shown, given := map[string]any{}, map[string]any{}
		public, err := looks.Public()
		if err != nil {
			return nil, nil, err
		}
		if err := errors.Join(decodeNumbers(public, &shown), decodeNumbers(objectOr(*want.Settings), &given)); err != nil {
			return nil, []shape.Error{{Pointer: "#/settings", Detail: "must be an object"}}, nil
		}
		if patch, err = json.Marshal(estate.Replacing(shown, given)); err != nil {
			return nil, nil, err
		}
	}
	changed, wrong := merged(looks, want.Target, patch)
	return asWritten(changed, looks.Target), wrong, nil
}

// asWritten leaves a target as people write it if it is the same with a name in ASCII.
func asWritten(looks *monitorspec.Spec, target string) *monitorspec.Spec {
	if looks != nil && spec.ASCII(looks.Kind, target) == looks.Target {
		looks.Target = target
	}
	return looks
}

// stateOfWebsite is what an import may change of a website, by field.
func stateOfWebsite(w *postgres.Website) estate.State {
	out := estate.State{
		"name": w.Name, "url": w.URL, "external_id": unlessZero(w.ExternalID), "tags": list(w.Tags), "paused": w.Paused, "muted": w.Muted,
		"managed_by": w.ManagedBy,
	}
	used := map[string]bool{}
	for i := range w.Monitors {
		m := &w.Monitors[i]
		key := m.Name
		if key == "" {
			key = string(m.Kind) + " " + m.Target
		}
		if used[key] {
			key = m.ID.String()
		}
		used[key] = true
		at := "monitors/" + key + "/"
		out[at+"kind"], out[at+"name"], out[at+"target"], out[at+"settings"] = m.Kind, m.Name, m.Target, json.RawMessage(objectOr(m.Settings))
		out[at+"interval_seconds"], out[at+"timeout_ms"] = m.Interval/time.Second, m.Timeout.Milliseconds()
		out[at+"regions"], out[at+"policy"], out[at+"paused"] = m.Regions, m.Policy, m.Paused
	}
	return out
}

// changesOf returns what differs between two states of a website. That a secret is
// another one is told without either.
func changesOf(before, after *postgres.Website) []api.ImportChange {
	out := []api.ImportChange{}
	for _, c := range estate.Diff(stateOfWebsite(before), stateOfWebsite(after)) {
		out = append(out, api.ImportChange{Field: c.Field, Before: c.Before, After: c.After})
	}
	for i := range after.Monitors {
		m := &after.Monitors[i]
		at := slices.IndexFunc(before.Monitors, func(o postgres.Monitor) bool { return o.ID == m.ID })
		if at >= 0 && !bytes.Equal(m.SecretsSealed, before.Monitors[at].SecretsSealed) {
			out = append(out, api.ImportChange{Field: "monitors/" + m.Name + "/secrets", Before: `"***"`, After: `"***"`})
		}
	}
	return out
}
