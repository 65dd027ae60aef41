// Package influxtest gives each test buckets of its own on the private InfluxDB, and a
// proxy in front of it that fails as told. The private engine is an InfluxDB 1.8; with
// organisation and token set beside its address, the same tests run against a 2.x.
package influxtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"

	"github.com/probefleet/probefleet/pkg/testenv"
	"github.com/probefleet/probefleet/pkg/tsdb"
)

// Config returns the configuration of a client with buckets that only this test uses;
// they are made, and dropped when it ends.
func Config(t testing.TB) tsdb.Config {
	t.Helper()
	base := testenv.Require(t, testenv.InfluxURL)
	var random [6]byte
	_, _ = rand.Read(random[:])
	cfg := tsdb.Config{
		URL: base, Org: os.Getenv(testenv.InfluxOrg), Token: os.Getenv(testenv.InfluxToken),
		Prefix: "test_" + hex.EncodeToString(random[:]) + "_",
	}
	c := open(t, cfg)
	if err := c.EnsureBuckets(context.Background()); err != nil {
		t.Fatalf("influxtest: %v", err)
	}
	t.Cleanup(func() { Drop(t, cfg) })
	return cfg
}

// Client returns a client on buckets of its own.
func Client(t testing.TB) *tsdb.Client {
	t.Helper()
	return open(t, Config(t))
}

// Drop removes the buckets of a configuration.
func Drop(t testing.TB, cfg tsdb.Config) {
	t.Helper()
	for _, name := range []string{"website_ticks", "website_ticks_5m", "website_ticks_1h"} {
		var err error
		if cfg.Token != "" {
			err = dropBucket(cfg, cfg.Prefix+name)
		} else {
			err = dropDatabase(testenv.Require(t, testenv.InfluxURL), cfg.Prefix+name)
		}
		if err != nil {
			t.Logf("influxtest: drop %s: %v", name, err)
		}
	}
}

func dropBucket(cfg tsdb.Config, name string) error {
	client := influxdb2.NewClient(cfg.URL, cfg.Token)
	defer client.Close()
	bucket, err := client.BucketsAPI().FindBucketByName(context.Background(), name)
	if err != nil {
		return err
	}
	return client.BucketsAPI().DeleteBucket(context.Background(), bucket)
}

func dropDatabase(base, name string) error {
	form := url.Values{"q": {`DROP DATABASE "` + name + `"`}}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, base+"/query", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	// The answer begins before the statement has run; its end says that it has.
	_, err = io.Copy(io.Discard, res.Body)
	return errors.Join(err, res.Body.Close())
}

func open(t testing.TB, cfg tsdb.Config) *tsdb.Client {
	t.Helper()
	c, err := tsdb.Open(cfg)
	if err != nil {
		t.Fatalf("influxtest: %v", err)
	}
	t.Cleanup(c.Close)
	return c
}
