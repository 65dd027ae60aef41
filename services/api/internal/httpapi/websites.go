package httpapi

import (
	"context"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/spec"
)

// CreateWebsite implements [api.StrictServerInterface].
func (s *Server) CreateWebsite(ctx context.Context, r api.CreateWebsiteRequestObject) (api.CreateWebsiteResponseObject, error) {
	w, err := s.createWebsite(ctx, r.Body, spec.DefaultInterval)
	if err != nil {
		return nil, err
	}
	return api.CreateWebsite201JSONResponse(s.websiteView(ctx, &w)), nil
}

// createWebsite stores a website as a body says, with a first monitor of the given
// default interval. The pusher hears of it from the database and has it checked at
// once in every region.
func (s *Server) createWebsite(ctx context.Context, body *api.WebsiteCreate, interval time.Duration) (postgres.Website, error) {
	org := callerOf(ctx).Org
	regions, err := s.regionsOf(ctx, org)
	if err != nil {
		return postgres.Website{}, err
	}
	w, err := s.newWebsite(org, body, interval, regions)
	if err != nil {
		return w, err
	}
	if w, err = s.Store.CreateWebsite(ctx, w, w.Monitors[0]); err != nil {
		return w, fromStore(err, "website")
	}
	s.tellWebsite(ctx, live.Created, w.ID)
	return w, nil
}

// newWebsite returns the website that a body describes, with its first monitor.
func (s *Server) newWebsite(org uptime.ID, body *api.WebsiteCreate, interval time.Duration, regions spec.Regions) (postgres.Website, error) {
	url, urlErr := spec.ParseURL(body.URL)
	settings, errs := spec.Defaults(interval).Apply(spec.Change{
		Interval: durationField(body.IntervalSeconds, time.Second), Timeout: durationField(body.TimeoutMs, time.Millisecond),
		Regions: field(body.Regions), Policy: policyField(body.Policy),
	}, regions, spec.Defaults(interval))
	errs = append(errs, timing(nil, uptime.KindHTTP, settings, errs)...)
	if urlErr != nil {
		errs = append([]spec.FieldError{{Path: []string{"url"}, Detail: urlErr.Error()}}, errs...)
	}
	if len(errs) > 0 {
		return postgres.Website{}, invalidSpec(errs)
	}
	now := s.Now()
	m := postgres.Monitor{Monitor: uptime.Monitor{ID: uptime.NewID(now), Kind: uptime.KindHTTP, Target: url.Text}}
	takeSettings(&m, settings)
	return postgres.Website{
		ID: uptime.NewID(now), OrgID: org, Name: orElse(body.Name, url.Host), URL: url.Text, URLKey: url.Key,
		AllowDuplicate: deref(body.AllowDuplicate), ExternalID: orElse(body.ExternalID, ""),
		Tags: deref(body.Tags), ManagedBy: deref(body.ManagedBy), Monitors: []postgres.Monitor{m},
	}, nil
}

// GetWebsite implements [api.StrictServerInterface].
func (s *Server) GetWebsite(ctx context.Context, r api.GetWebsiteRequestObject) (api.GetWebsiteResponseObject, error) {
	w, err := s.Store.Website(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "website")
	}
	versioned(ctx, w.Version())
	return api.GetWebsite200JSONResponse(s.websiteView(ctx, &w)), nil
}

// UpdateWebsite implements [api.StrictServerInterface].
func (s *Server) UpdateWebsite(ctx context.Context, r api.UpdateWebsiteRequestObject) (api.UpdateWebsiteResponseObject, error) {
	w, err := s.updateWebsite(ctx, r.ID, r.Body)
	if err != nil {
		return nil, err
	}
	versioned(ctx, w.Version())
	return api.UpdateWebsite200JSONResponse(s.websiteView(ctx, &w)), nil
}

func (s *Server) updateWebsite(ctx context.Context, id uptime.ID, body *api.WebsiteUpdate) (postgres.Website, error) {
	org := callerOf(ctx).Org
	regions, err := s.Store.Regions(ctx, org)
	if err != nil {
		return postgres.Website{}, err
	}
	change, _, err := s.websiteChange(body, regions)
	if err != nil {
		return postgres.Website{}, err
	}
	w, err := s.Store.UpdateWebsite(ctx, org, id, change)
	if err != nil {
		return w, fromStore(err, "website")
	}
	s.tellWebsite(ctx, live.Changed, id)
	return w, nil
}

// websiteChange returns what a body changes of a website and its first HTTP monitor,
// which is nil if there is none, and the URL that the body has, if any.
func (s *Server) websiteChange(body *api.WebsiteUpdate, regions []postgres.Region) (func(*postgres.Website, *postgres.Monitor) error, spec.URL, error) {
	var url spec.URL
	if body.URL != nil {
		var err error
		if url, err = spec.ParseURL(*body.URL); err != nil {
			return nil, url, invalidField("url", err.Error())
		}
	}
	change := spec.Change{
		Interval: scaled(body.IntervalSeconds, time.Second), Timeout: scaled(body.TimeoutMs, time.Millisecond),
		Regions: field(body.Regions), Policy: policyField(body.Policy),
	}
	return func(w *postgres.Website, first *postgres.Monitor) error {
		if body.URL != nil {
			w.URL, w.URLKey = url.Text, url.Key
			if err := s.moveTo(first, url.Text); err != nil {
				return err
			}
		}
		nameWebsite(w, body)
		if err := applyChange(first, change, regionsIn(regions)); err != nil || first == nil || first.SecretsSealed == nil {
			return err
		}
		looks, err := s.vault.Spec(first)
		if err != nil {
			return err
		}
		return s.vault.Put(first, looks, regions)
	}, url, nil
}

// nameWebsite takes from a body what does not concern checking.
func nameWebsite(w *postgres.Website, body *api.WebsiteUpdate) {
	if body.Name.IsSpecified() {
		w.Name = orElse(body.Name, hostOf(w.URL))
	}
	if body.ExternalID.IsSpecified() {
		w.ExternalID = orElse(body.ExternalID, "")
	}
	if body.Tags != nil {
		w.Tags = *body.Tags
	}
	if body.ManagedBy != nil {
		w.ManagedBy = *body.ManagedBy
	}
	if body.AllowDuplicate != nil {
		w.AllowDuplicate = *body.AllowDuplicate
	}
}

// moveTo gives a website's first monitor, if it has one, the website's new URL. Secrets
// do not go along to another host.
func (s *Server) moveTo(first *postgres.Monitor, url string) error {
	if first == nil {
		return nil
	}
	if first.SecretsSealed != nil {
		looks, err := s.vault.Spec(first)
		if err != nil {
			return err
		}
		if _, wrong := merged(looks, &url, nil); len(wrong) > 0 {
			return invalidField("url", "is another host than that which the secrets of its monitor were given for; "+
				"change the target of the monitor, with its secrets, first")
		}
	}
	first.Target = url
	return nil
}

// DeleteWebsite implements [api.StrictServerInterface].
func (s *Server) DeleteWebsite(ctx context.Context, r api.DeleteWebsiteRequestObject) (api.DeleteWebsiteResponseObject, error) {
	if err := s.deleteWebsite(ctx, r.ID); err != nil {
		return nil, err
	}
	return api.DeleteWebsite204Response{}, nil
}

func (s *Server) deleteWebsite(ctx context.Context, id uptime.ID) error {
	org := callerOf(ctx).Org
	monitors, err := s.Store.DeleteWebsite(ctx, org, id)
	if err != nil {
		return fromStore(err, "website")
	}
	s.forget(ctx, org, monitors)
	s.tellWebsite(ctx, live.Deleted, id)
	return nil
}

// PauseWebsite implements [api.StrictServerInterface].
func (s *Server) PauseWebsite(ctx context.Context, r api.PauseWebsiteRequestObject) (api.PauseWebsiteResponseObject, error) {
	until, err := s.untilOf(r.Body)
	if err != nil {
		return nil, err
	}
	w, err := s.Store.PauseWebsite(ctx, callerOf(ctx).Org, r.ID, until)
	if err != nil {
		return nil, fromStore(err, "website")
	}
	s.tellWebsite(ctx, live.Changed, r.ID)
	return api.PauseWebsite200JSONResponse(s.websiteView(ctx, &w)), nil
}

// ResumeWebsite implements [api.StrictServerInterface].
func (s *Server) ResumeWebsite(ctx context.Context, r api.ResumeWebsiteRequestObject) (api.ResumeWebsiteResponseObject, error) {
	w, err := s.Store.ResumeWebsite(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "website")
	}
	s.tellWebsite(ctx, live.Changed, r.ID)
	return api.ResumeWebsite200JSONResponse(s.websiteView(ctx, &w)), nil
}

// MuteWebsite implements [api.StrictServerInterface].
func (s *Server) MuteWebsite(ctx context.Context, r api.MuteWebsiteRequestObject) (api.MuteWebsiteResponseObject, error) {
	until, err := s.untilOf(r.Body)
	if err != nil {
		return nil, err
	}
	w, err := s.Store.MuteWebsite(ctx, callerOf(ctx).Org, r.ID, until)
	if err != nil {
		return nil, fromStore(err, "website")
	}
	s.tellWebsite(ctx, live.Changed, r.ID)
	return api.MuteWebsite200JSONResponse(s.websiteView(ctx, &w)), nil
}

// UnmuteWebsite implements [api.StrictServerInterface].
func (s *Server) UnmuteWebsite(ctx context.Context, r api.UnmuteWebsiteRequestObject) (api.UnmuteWebsiteResponseObject, error) {
	w, err := s.Store.UnmuteWebsite(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "website")
	}
	s.tellWebsite(ctx, live.Changed, r.ID)
	return api.UnmuteWebsite200JSONResponse(s.websiteView(ctx, &w)), nil
}

// untilOf returns the end of a pause or mute, the zero time for none.
func (s *Server) untilOf(body *api.UntilInput) (time.Time, error) {
	if body == nil || !body.Until.IsSpecified() || body.Until.IsNull() {
		return time.Time{}, nil
	}
	until := body.Until.MustGet()
	if !until.After(s.Now()) {
		return time.Time{}, invalidField("until", "must be in the future")
	}
	return until, nil
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// orElse returns the value of a field, or another if it is null or absent.
func orElse[T any](n nullable.Nullable[T], other T) T {
	if v, err := n.Get(); err == nil {
		return v
	}
	return other
}
