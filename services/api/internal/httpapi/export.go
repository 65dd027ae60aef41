package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/estate"
)

// ExportWebsites implements [api.StrictServerInterface].
func (s *Server) ExportWebsites(ctx context.Context, r api.ExportWebsitesRequestObject) (api.ExportWebsitesResponseObject, error) {
	f := websiteList{Tag: r.Params.Tag}.websiteFilter()
	f.ManagedBy, f.Limit = deref(r.Params.ManagedBy), 0
	websites, err := s.Store.Websites(ctx, callerOf(ctx).Org, f)
	if err != nil {
		return nil, err
	}
	if r.Params.Format != nil && *r.Params.Format == api.ExportWebsitesParamsFormatCsv {
		rows := make([]map[string]string, len(websites))
		for i := range websites {
			rows[i] = csvOf(&websites[i])
		}
		var text bytes.Buffer
		if err := estate.WriteCSV(&text, rows); err != nil {
			return nil, err
		}
		return api.ExportWebsites200TextCsvResponse{Body: &text, ContentLength: int64(text.Len())}, nil
	}
	version := api.EstateVersionN1
	out := api.Estate{Version: &version, Websites: make([]api.EstateWebsite, len(websites))}
	for i := range websites {
		if out.Websites[i], err = exported(&websites[i]); err != nil {
			return nil, err
		}
	}
	return api.ExportWebsites200JSONResponse(out), nil
}

// csvOf returns the cells of a website's line.
func csvOf(w *postgres.Website) map[string]string {
	row := map[string]string{
		estate.ExternalID: w.ExternalID, estate.Name: w.Name, estate.URL: w.URL, estate.Tags: strings.Join(w.Tags, ";"),
		estate.Paused: strconv.FormatBool(w.Paused), estate.Muted: strconv.FormatBool(w.Muted),
	}
	if m := firstOf(w); m != nil {
		row[estate.Interval] = strconv.Itoa(int(m.Interval / time.Second))
		row[estate.Timeout] = strconv.FormatInt(m.Timeout.Milliseconds(), 10)
		row[estate.Regions] = strings.Join(m.Regions, ";")
	}
	return row
}

// exported returns a website as an import takes it.
func exported(w *postgres.Website) (api.EstateWebsite, error) {
	tags, monitors := list(w.Tags), make([]api.EstateMonitor, len(w.Monitors))
	out := api.EstateWebsite{
		ExternalID: unlessZero(w.ExternalID), Name: w.Name, URL: &w.URL, Tags: &tags, Paused: &w.Paused, Muted: &w.Muted, Monitors: &monitors,
	}
	for i := range w.Monitors {
		var err error
		if monitors[i], err = exportedMonitor(&w.Monitors[i]); err != nil {
			return out, err
		}
	}
	return out, nil
}

func exportedMonitor(m *postgres.Monitor) (api.EstateMonitor, error) {
	shown := map[string]any{}
	if err := decodeNumbers(objectOr(m.Settings), &shown); err != nil {
		return api.EstateMonitor{}, err
	}
	open, secrets := estate.Without(shown)
	settings, err := json.Marshal(open)
	if err != nil {
		return api.EstateMonitor{}, err
	}
	interval, timeout := int(m.Interval/time.Second), int(m.Timeout.Milliseconds())
	out := api.EstateMonitor{Kind: string(m.Kind), Settings: (*json.RawMessage)(&settings), IntervalSeconds: &interval, Paused: &m.Paused}
	if m.Name != "" {
		out.Name = &m.Name
	}
	if len(secrets) > 0 {
		out.Secrets = &secrets
	}
	if m.Kind == uptime.KindHeartbeat {
		return out, nil // it has no target, no timeout and no regions
	}
	out.Target, out.TimeoutMs, out.Policy = &m.Target, &timeout, value(policyInput(m.Policy))
	out.Regions = null[api.RegionNames]()
	if m.Regions != nil {
		out.Regions = value(m.Regions)
	}
	return out, nil
}

// policyInput returns a policy as a request has it.
func policyInput(p uptime.Policy) api.PolicyInput {
	q := &api.QuorumInput{Mode: &p.Quorum.Mode, Count: null[int]()}
	if p.Quorum.Mode == uptime.QuorumCount {
		q.Count = value(p.Quorum.Count)
	}
	return api.PolicyInput{Quorum: q, ConfirmationSeconds: &p.ConfirmationSeconds, RecoveryRounds: &p.RecoveryRounds}
}

func objectOr(text json.RawMessage) []byte {
	if len(text) == 0 {
		return []byte("{}")
	}
	return text
}

func decodeNumbers(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return dec.Decode(into)
}
