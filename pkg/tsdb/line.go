package tsdb

import (
	"math"
	"strconv"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// tickMeasurement is the measurement of raw ticks.
const tickMeasurement = "tick"

// appendTick writes one tick in line protocol, always with all fields: InfluxDB
// merges the fields of points with the same tags and time, so a replay of another
// shape would leave a mixture behind. The timestamp is the due instant in
// microseconds. Nothing that a tenant chooses becomes a tag: monitor and region are
// the only ones, so the number of series is that of monitors times regions.
func appendTick(b []byte, r *uptime.Result) []byte {
	b = append(b, tickMeasurement+",monitor_id="...)
	b = append(b, r.Monitor.String()...)
	b = append(b, ",region="...)
	b = append(b, r.Region...)
	b = append(b, " total_ms="...)
	b = appendMillis(b, r.Phases.Total)
	b = append(b, ",dns_ms="...)
	b = appendMillis(b, r.Phases.DNS)
	b = append(b, ",connect_ms="...)
	b = appendMillis(b, r.Phases.Connect)
	b = append(b, ",tls_ms="...)
	b = appendMillis(b, r.Phases.TLS)
	b = append(b, ",ttfb_ms="...)
	b = appendMillis(b, r.Phases.TTFB)
	b = append(b, ",transfer_ms="...)
	b = appendMillis(b, r.Phases.Transfer)
	b = append(b, ",ok="...)
	b = strconv.AppendBool(b, r.Outcome != uptime.OutcomeFail)
	b = append(b, ",code="...)
	b = strconv.AppendInt(b, int64(r.Code), 10)
	b = append(b, "i,late_ms="...)
	b = appendMillis(b, r.Late)
	b = append(b, `,reason="`...)
	b = append(b, r.Reason.String()...)
	b = append(b, `",urgent=`...)
	b = strconv.AppendBool(b, !r.Request.IsZero())
	b = append(b, ' ')
	return strconv.AppendInt(b, int64(r.Due), 10)
}

// appendMillis writes a duration as milliseconds with up to three decimals.
func appendMillis(b []byte, d time.Duration) []byte {
	return appendFloat(b, float64(d.Microseconds())/1000)
}

// appendFloat writes a number as line protocol knows it, which has no infinities.
func appendFloat(b []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		v = 0
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}
