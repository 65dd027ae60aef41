package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/stack/internal/bench/target"
)

// seed adds the sites from (inclusive) to (exclusive) by COPY, which leaves more of a
// bounded bench for measuring than the API would; part load1000 times the API. The
// rows are those that the API writes.
func (f *fleet) seed(ctx context.Context, from, to int, interval time.Duration) error {
	if to > target.MaxSites {
		return fmt.Errorf("%d websites: there are %d at most", to, target.MaxSites)
	}
	var org uptime.ID
	if err := f.db.QueryRow(ctx, "SELECT id FROM org LIMIT 1").Scan(&org); err != nil {
		return err
	}
	tx, err := f.db.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	policy, err := json.Marshal(uptime.DefaultPolicy)
	if err != nil {
		return err
	}
	websites, monitors := make([][]any, to-from), make([][]any, to-from)
	timeout := plan{interval: interval}.timeout()
	for i := range websites {
		url, website := target.URL(f.sites.Port, from+i), uptime.NewID(time.Now())
		websites[i] = []any{website, org, "site " + strconv.Itoa(from+i), url, url}
		monitors[i] = []any{
			uptime.NewID(time.Now()), org, website, "http", url, int32(interval.Milliseconds()), int32(timeout.Milliseconds()), policy,
		}
	}
	for _, t := range []struct {
		table   string
		columns []string
		rows    [][]any
	}{
		{"website", []string{"id", "org_id", "name", "url", "url_key"}, websites},
		{"monitor", []string{"id", "org_id", "website_id", "kind", "target", "interval_ms", "timeout_ms", "policy"}, monitors},
	} {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{t.table}, t.columns, pgx.CopyFromRows(t.rows)); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
}

// addByAPI adds websites as clients would, some at a time, and returns how many a
// second.
func (f *fleet) addByAPI(ctx context.Context, sites int, interval time.Duration) (perSecond float64, err error) {
	const clients = 8
	begun := time.Now()
	var next atomic.Int64
	add := func(ctx context.Context) error {
		for {
			site := int(next.Add(1)) - 1
			if site >= sites || ctx.Err() != nil {
				return ctx.Err()
			}
			in := map[string]any{
				"url": target.URL(f.sites.Port, site), "name": "site " + strconv.Itoa(site), "interval_seconds": int(interval.Seconds()),
			}
			if err := f.Client().Do(ctx, http.MethodPost, "/v1/websites", in, nil); err != nil {
				return err
			}
		}
	}
	all := make([]func(context.Context) error, clients)
	for i := range all {
		all[i] = add
	}
	err = service.Group(ctx, all...)
	return float64(sites) / time.Since(begun).Seconds(), err
}

// siteOf returns the number of a website by its URL, or -1.
func siteOf(url string) int {
	_, number, ok := strings.Cut(url, "/m/")
	site, err := strconv.Atoi(number)
	if !ok || err != nil {
		return -1
	}
	return site
}
