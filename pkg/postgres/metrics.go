package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// Collect registers the metrics of the pool (wait, active and idle connections) and
// of the queries (time by name) with reg.
func (s *Store) Collect(reg prometheus.Registerer) error {
	if err := reg.Register(&poolCollector{pool: s.pool}); err != nil {
		return err
	}
	if s.timing == nil {
		return nil
	}
	return reg.Register(s.timing.seconds)
}

var (
	descConns = prometheus.NewDesc("probefleet_postgres_connections",
		"Connections of the pool.", []string{"kind"}, nil)
	descWaits = prometheus.NewDesc("probefleet_postgres_pool_waits_total",
		"Acquisitions that had to wait for a connection.", nil, nil)
	descWait = prometheus.NewDesc("probefleet_postgres_pool_wait_seconds_total",
		"Time spent waiting for a connection.", nil, nil)
)

type poolCollector struct{ pool *pgxpool.Pool }

func (c *poolCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- descConns
	ch <- descWaits
	ch <- descWait
}

func (c *poolCollector) Collect(ch chan<- prometheus.Metric) {
	stat := c.pool.Stat()
	conns := func(kind string, n int32) {
		ch <- prometheus.MustNewConstMetric(descConns, prometheus.GaugeValue, float64(n), kind)
	}
	conns("active", stat.AcquiredConns())
	conns("idle", stat.IdleConns())
	conns("max", stat.MaxConns())
	ch <- prometheus.MustNewConstMetric(descWaits, prometheus.CounterValue, float64(stat.EmptyAcquireCount()))
	ch <- prometheus.MustNewConstMetric(descWait, prometheus.CounterValue, stat.EmptyAcquireWaitTime().Seconds())
}

// queryTiming times every query of the pool under the name that its SQL begins with
// ("-- name: X :one"), a bounded set; everything else is "other".
type queryTiming struct{ seconds *prometheus.HistogramVec }

func newQueryTiming() *queryTiming {
	return &queryTiming{seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "probefleet_postgres_query_seconds",
		Help:    "Time that a query took, from sending it to its last row.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
	}, []string{"kind"})}
}

type timingKey struct{}

type timingStart struct {
	name  string
	begun time.Time
}

// TraceQueryStart implements [pgx.QueryTracer].
func (t *queryTiming) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, timingKey{}, timingStart{queryName(q.SQL), time.Now()})
}

// TraceQueryEnd implements [pgx.QueryTracer].
func (t *queryTiming) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if start, ok := ctx.Value(timingKey{}).(timingStart); ok {
		t.seconds.WithLabelValues(start.name).Observe(time.Since(start.begun).Seconds())
	}
}

// TraceBatchStart implements [pgx.BatchTracer].
func (t *queryTiming) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return context.WithValue(ctx, timingKey{}, timingStart{begun: time.Now()})
}

// TraceBatchQuery implements [pgx.BatchTracer]. The time of a query includes what goes
// before it in one round trip: the settings of its transaction.
func (t *queryTiming) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, q pgx.TraceBatchQueryData) {
	if start, ok := ctx.Value(timingKey{}).(timingStart); ok && q.SQL != settingsSQL {
		t.seconds.WithLabelValues(queryName(q.SQL)).Observe(time.Since(start.begun).Seconds())
	}
}

// TraceBatchEnd implements [pgx.BatchTracer].
func (t *queryTiming) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

func queryName(sql string) string {
	rest, ok := strings.CutPrefix(sql, "-- name: ")
	if !ok {
		return "other"
	}
	name, _, _ := strings.Cut(rest, " ")
	return name
}
