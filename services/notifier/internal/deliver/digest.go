package deliver

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// joinStory lets what a plan sends wait for others of its story, or makes a digest of
// it and what waited.
func (d *Deliverer) joinStory(ctx context.Context, tx pgx.Tx, g *postgres.DeliveryGroup, t *taken) error {
	if p := &t.plan; p.Send != nil && leads(p.Send) {
		rows, err := postgres.DigestOf(ctx, tx, p.Send.ID)
		if err != nil || len(rows) < 2 {
			return err
		}
		return t.tellTogether(ctx, tx, subjectsOf(rows))
	}
	story, ok := storyOf(&t.plan, g)
	if !ok {
		return nil
	}
	facts, err := postgres.ReadStory(ctx, tx, &story, g.Now, d.cfg.Window)
	if err != nil {
		return err
	}
	plan, subjects, err := join(t.plan, g, facts, d.cfg.Window, func() ([]subject, error) { return d.gather(ctx, tx, g, t, &story) })
	if err != nil {
		return err
	}
	if len(subjects) > 1 {
		return t.tellTogether(ctx, tx, subjects)
	}
	hold := plan.Hold
	if hold == nil {
		return nil // it is told as itself
	}
	own := append(slices.Clone(plan.Others), plan.Send.ID)
	t.plan = plan
	t.plan.Send, t.plan.Others = nil, nil
	return postgres.HoldDeliveries(ctx, tx, &story, hold.ByWebsite, hold.ByCause, hold.Until, maxDigest, own...)
}

// gather returns what is told together with what the plan sends, itself among it.
func (d *Deliverer) gather(ctx context.Context, tx pgx.Tx, g *postgres.DeliveryGroup, t *taken, story *postgres.Story) ([]subject, error) {
	throttle := time.Duration(g.Channel.ThrottleSeconds) * time.Second
	rows, err := postgres.WaitingFor(ctx, tx, story, throttle, throttlersOf(story.Event), maxDigest)
	if err != nil {
		return nil, err
	}
	return stillThere(ctx, tx, gather(&t.plan, g, rows, maxDigest))
}

// stillThere locks the subjects and leaves out those that are being deleted.
func stillThere(ctx context.Context, tx pgx.Tx, subjects []subject) ([]subject, error) {
	var all []uptime.ID
	for _, s := range subjects {
		for i := range s {
			all = append(all, s[i].ID)
		}
	}
	locked, err := postgres.LockWaiting(ctx, tx, all)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(subjects, func(s subject) bool {
		return slices.ContainsFunc(s, func(w postgres.Waiting) bool { return !locked[w.ID] })
	}), nil
}

// tellTogether makes the plan's message one of all the subjects.
func (t *taken) tellTogether(ctx context.Context, tx pgx.Tx, subjects []subject) error {
	digest, listed := summary(subjects)
	ids := make([]uptime.ID, len(listed))
	for i, s := range listed {
		ids[i] = s.last().ID
	}
	messages, err := postgres.DeliveryMessages(ctx, tx, ids)
	if err != nil {
		return err
	}
	for i, s := range listed {
		digest.Lines = append(digest.Lines, alert.DigestLine{Message: messages[ids[i]], Combined: s.over()})
	}
	t.digest, t.subjects, t.plan.Others = &digest, subjects, nil
	for _, s := range subjects {
		for i := range s {
			if s[i].ID != t.plan.Send.ID {
				t.plan.Others = append(t.plan.Others, s[i].ID)
			}
		}
	}
	return nil
}

// summary counts the subjects of a digest and chooses those that are named: first what
// lasts, then what is over.
func summary(subjects []subject) (d alert.Digest, listed []subject) {
	first := subjects[0].first()
	d = alert.Digest{Event: first.Event, Ended: first.Ended, Alerts: len(subjects), OneCause: first.CauseKey != ""}
	places := first.Places
	websites, monitors := map[uptime.ID]bool{}, map[subjectKey]bool{}
	for _, s := range subjects {
		d.OneCause = d.OneCause && s.first().CauseKey == first.CauseKey && s.first().Reason == first.Reason
		places = alert.CommonPlaces(places, s.first().Places)
		websites[s.first().WebsiteID] = true
		key := subjectKey{website: s.first().WebsiteID, monitor: s.first().MonitorID}
		if key.monitor == "" {
			key = keyOf(s.first())
		}
		if monitors[key] = true; s.over() {
			d.Over++
		}
	}
	if d.Websites, d.Monitors = len(websites), len(monitors); len(places) > 0 {
		d.Place = places[0] // the most telling
	}
	listed = slices.Clone(subjects)
	slices.SortStableFunc(listed, func(a, b subject) int {
		switch {
		case a.over() == b.over():
			return 0
		case a.over():
			return 1
		}
		return -1
	})
	return d, listed[:min(len(listed), alert.MaxDigestNamed)]
}
