package tsdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/domain"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// EnsureBuckets makes the buckets that are missing and sets the retention of those
// that are there. It may be called at any time and by several services at once.
func (c *Client) EnsureBuckets(ctx context.Context) error {
	for l := range levelCount {
		var err error
		if c.isV2() {
			err = c.ensureBucket(ctx, l)
		} else {
			err = c.ensureDatabase(ctx, l)
		}
		if err != nil {
			return fmt.Errorf("InfluxDB: bucket %s: %w", c.bucket(l), plain(err))
		}
	}
	return nil
}

// ensureDatabase makes a database of InfluxDB 1.8, whose default retention policy is
// what the v2 endpoints take for a bucket of the same name.
func (c *Client) ensureDatabase(ctx context.Context, l Level) error {
	name, hours := c.bucket(l), int64(c.Retention(l)/time.Hour)
	err := c.influxQL(ctx, "", fmt.Sprintf(
		`CREATE DATABASE %q WITH DURATION %dh REPLICATION 1 SHARD DURATION %s NAME "autogen"`, name, hours, levels[l].shard))
	if err == nil || !strings.Contains(err.Error(), "conflicts with an existing policy") {
		return err
	}
	return c.influxQL(ctx, "", fmt.Sprintf(
		`ALTER RETENTION POLICY "autogen" ON %q DURATION %dh SHARD DURATION %s DEFAULT`, name, hours, levels[l].shard))
}

// ensureBucket makes a bucket of InfluxDB 2.x.
func (c *Client) ensureBucket(ctx context.Context, l Level) error {
	name, seconds := c.bucket(l), int64(c.Retention(l)/time.Second)
	buckets := c.influx.BucketsAPI()
	have, err := buckets.FindBucketByName(ctx, name)
	if err == nil && have != nil {
		if len(have.RetentionRules) == 1 && have.RetentionRules[0].EverySeconds == seconds {
			return nil
		}
		have.RetentionRules = domain.RetentionRules{{EverySeconds: seconds}}
		_, err = buckets.UpdateBucket(ctx, have)
		return err
	}
	org, err := c.influx.OrganizationsAPI().FindOrganizationByName(ctx, c.cfg.Org)
	if err != nil {
		return fmt.Errorf("organisation %q: %w", c.cfg.Org, err)
	}
	_, err = buckets.CreateBucketWithName(ctx, org, name, domain.RetentionRule{EverySeconds: seconds})
	if err != nil {
		if _, missing := buckets.FindBucketByName(ctx, name); missing == nil {
			return nil // somebody else was faster
		}
	}
	return err
}

// DeleteMonitor removes everything that the buckets hold of a monitor.
func (c *Client) DeleteMonitor(ctx context.Context, monitor uptime.ID) error {
	for l := range levelCount {
		var err error
		if c.isV2() {
			err = c.influx.DeleteAPI().DeleteWithName(ctx, c.cfg.Org, c.bucket(l), time.Unix(0, 0),
				c.cfg.Now().Add(24*time.Hour), fmt.Sprintf(`monitor_id=%q`, monitor.String()))
		} else {
			err = c.influxQL(ctx, c.bucket(l), fmt.Sprintf(`DROP SERIES WHERE monitor_id='%s'`, monitor))
		}
		if err != nil && strings.HasPrefix(err.Error(), "not found") { // the client's error has no type
			continue // no bucket, nothing to delete
		}
		if err != nil {
			return fmt.Errorf("InfluxDB: delete monitor %s from %s: %w", monitor, c.bucket(l), plain(err))
		}
	}
	return nil
}

// influxQL runs one statement of InfluxDB 1.8 that returns no rows. A database that
// does not exist has nothing to be deleted from, which is no error.
func (c *Client) influxQL(ctx context.Context, database, statement string) error {
	u, err := url.JoinPath(c.cfg.URL, "query")
	if err != nil {
		return err
	}
	form := url.Values{"q": {statement}, "db": {database}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.cfg.Token != "" {
		req.Header.Set("Authorization", "Token "+c.cfg.Token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var answer struct {
		Error   string `json:"error"`
		Results []struct {
			Error string `json:"error"`
		} `json:"results"`
	}
	err = json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&answer)
	if err == nil && len(answer.Results) > 0 && answer.Error == "" {
		answer.Error = answer.Results[0].Error
	}
	switch {
	case answer.Error != "" && strings.HasPrefix(answer.Error, "database not found"):
		return nil
	case answer.Error != "":
		return errors.New(clip(answer.Error, 512))
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return err
}
