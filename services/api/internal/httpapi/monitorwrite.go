package httpapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/shape"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/spec"
)

// CreateMonitor implements [api.StrictServerInterface].
func (s *Server) CreateMonitor(ctx context.Context, r api.CreateMonitorRequestObject) (api.CreateMonitorResponseObject, error) {
	org, body := callerOf(ctx).Org, r.Body
	regions, err := s.Store.Regions(ctx, org)
	if err != nil {
		return nil, err
	}
	looks, wrong := parseSpec(body.Kind, deref(body.Target), deref(body.Settings))
	change := spec.Change{
		Interval: scaled(body.IntervalSeconds, time.Second), Timeout: scaled(body.TimeoutMs, time.Millisecond),
		Regions: field(body.Regions), Policy: policyField(body.Policy),
	}
	wrong = append(wrong, pointers(unasked(body.Kind, &change))...)
	settings, errs := spec.DefaultsOf(body.Kind).Apply(change, regionsIn(regions), spec.DefaultsOf(body.Kind))
	errs = append(errs, timing(looks, body.Kind, settings, errs)...)
	if wrong = append(wrong, pointers(errs)...); len(wrong) > 0 {
		return nil, invalid(api.FieldErrorInBody, wrong...)
	}
	m := postgres.Monitor{Monitor: uptime.Monitor{ID: uptime.NewID(s.Now()), OrgID: org, WebsiteID: r.ID, Kind: body.Kind}, Name: orElse(body.Name, "")}
	takeSettings(&m, settings)
	if m, err = s.addMonitor(ctx, m, looks, regions); err != nil {
		return nil, err
	}
	return api.CreateMonitor201JSONResponse(s.monitorView(ctx, &m)), nil
}

// addMonitor stores a new monitor of a website. The pusher hears of it from the
// database and has it checked at once.
func (s *Server) addMonitor(ctx context.Context, m postgres.Monitor, looks *monitorspec.Spec, regions []postgres.Region) (postgres.Monitor, error) {
	if err := s.vault.Put(&m, looks, regions); err != nil {
		return m, err
	}
	var err error
	if m.Kind == uptime.KindHeartbeat {
		if m.Heartbeat, err = s.newHeartbeat(&m); err != nil {
			return m, err
		}
	}
	m, err = s.Store.CreateMonitor(ctx, m)
	if errors.Is(err, postgres.ErrFull) {
		return m, conflict("too-many", fmt.Sprintf("A website may have at most %d monitors.", postgres.MaxMonitors))
	}
	if err != nil {
		return m, fromStore(err, "website")
	}
	s.tellMonitor(ctx, live.Created, &m)
	return m, nil
}

// UpdateMonitor implements [api.StrictServerInterface].
func (s *Server) UpdateMonitor(ctx context.Context, r api.UpdateMonitorRequestObject) (api.UpdateMonitorResponseObject, error) {
	org, body := callerOf(ctx).Org, r.Body
	regions, err := s.Store.Regions(ctx, org)
	if err != nil {
		return nil, err
	}
	change := spec.Change{
		Interval: scaled(body.IntervalSeconds, time.Second), Timeout: scaled(body.TimeoutMs, time.Millisecond),
		Regions: field(body.Regions), Policy: policyField(body.Policy),
	}
	m, err := s.Store.UpdateMonitor(ctx, org, r.ID, func(m *postgres.Monitor) error {
		if body.Name.IsSpecified() {
			m.Name = orElse(body.Name, "")
		}
		if body.Paused != nil {
			m.Paused = *body.Paused
		}
		looks, err := s.vault.Spec(m)
		if err != nil {
			return err
		}
		changed, wrong := lookAnew(looks, body)
		change := change // this monitor's
		wrong = append(wrong, pointers(unasked(m.Kind, &change))...)
		settings, errs := settingsOf(m).Apply(change, regionsIn(regions), spec.DefaultsOf(m.Kind))
		if change.Interval.Given || change.Timeout.Given || body.Settings.IsSpecified() {
			errs = append(errs, timing(changed, m.Kind, settings, errs)...)
		}
		if wrong = append(wrong, pointers(errs)...); len(wrong) > 0 {
			return invalid(api.FieldErrorInBody, wrong...)
		}
		takeSettings(m, settings)
		return s.vault.Put(m, changed, regions)
	})
	if err != nil {
		return nil, fromStore(err, "monitor")
	}
	s.tellMonitor(ctx, live.Changed, &m)
	versioned(ctx, m.Version())
	return api.UpdateMonitor200JSONResponse(s.monitorView(ctx, &m)), nil
}

// CloneMonitor implements [api.StrictServerInterface].
func (s *Server) CloneMonitor(ctx context.Context, r api.CloneMonitorRequestObject) (api.CloneMonitorResponseObject, error) {
	org := callerOf(ctx).Org
	body := deref(r.Body)
	m, err := s.Store.Monitor(ctx, org, r.ID)
	if err != nil {
		return nil, fromStore(err, "monitor")
	}
	looks, err := s.vault.Spec(&m)
	if err != nil {
		return nil, err
	}
	if body.Target != nil {
		var wrong []shape.Error
		if looks, wrong = merged(looks, body.Target, nil); len(wrong) > 0 {
			return nil, invalid(api.FieldErrorInBody, elsewhere(wrong)...)
		}
	}
	regions, err := s.Store.Regions(ctx, org)
	if err != nil {
		return nil, err
	}
	twin := postgres.Monitor{Monitor: m.Monitor, Name: m.Name}
	twin.ID, twin.Settings = uptime.NewID(s.Now()), nil
	if body.WebsiteID != nil {
		twin.WebsiteID = *body.WebsiteID
	}
	if body.Name.IsSpecified() {
		twin.Name = orElse(body.Name, "")
	}
	if twin, err = s.addMonitor(ctx, twin, looks, regions); err != nil {
		return nil, err
	}
	return api.CloneMonitor201JSONResponse(s.monitorView(ctx, &twin)), nil
}

// elsewhere tells of secrets that do not go along to another host by the one field that
// a caller has given.
func elsewhere(wrong []shape.Error) []shape.Error {
	for _, e := range wrong {
		if e.Pointer == "#/target" {
			return []shape.Error{e}
		}
	}
	return []shape.Error{{Pointer: "#/target", Detail: "is another host than that which the secrets were given for; make a new monitor with them"}}
}

// PauseMonitor implements [api.StrictServerInterface].
func (s *Server) PauseMonitor(ctx context.Context, r api.PauseMonitorRequestObject) (api.PauseMonitorResponseObject, error) {
	m, err := s.setPaused(ctx, r.ID, true)
	return api.PauseMonitor200JSONResponse(m), err
}

// ResumeMonitor implements [api.StrictServerInterface].
func (s *Server) ResumeMonitor(ctx context.Context, r api.ResumeMonitorRequestObject) (api.ResumeMonitorResponseObject, error) {
	m, err := s.setPaused(ctx, r.ID, false)
	return api.ResumeMonitor200JSONResponse(m), err
}

func (s *Server) setPaused(ctx context.Context, id uptime.ID, paused bool) (api.Monitor, error) {
	m, err := s.Store.UpdateMonitor(ctx, callerOf(ctx).Org, id, func(m *postgres.Monitor) error {
		m.Paused = paused
		return nil
	})
	if err != nil {
		return api.Monitor{}, fromStore(err, "monitor")
	}
	s.tellMonitor(ctx, live.Changed, &m)
	return s.monitorView(ctx, &m), nil
}
