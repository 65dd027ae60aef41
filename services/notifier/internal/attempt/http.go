package attempt

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
)

// FromHTTP classifies the answer of an HTTP endpoint that wants to be called with
// POST; nil means that it took the alert, which every 2xx says.
func FromHTTP(status int, header http.Header, answer *alert.Answer, now time.Time) *Failure {
	f := &Failure{Answer: answer, Text: "answered " + strings.TrimSpace(strconv.Itoa(status)+" "+http.StatusText(status))}
	after := RetryAfter(header.Get("Retry-After"), now)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable && after > 0:
		f.Class, f.RetryAfter = Busy, after
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		f.Class = Transient
	case status >= 300 && status < 400:
		f.Class = Refused
		f.Text += "; redirects are not followed, give the final address"
	default:
		f.Class = Refused
	}
	return f
}

// RetryAfter reads the header of that name: seconds or a date (RFC 9110, section
// 10.2.3). Zero means that it is missing, unreadable or in the past.
func RetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if !(seconds > 0) { // not a number, too
			return 0
		}
		return time.Duration(min(seconds, MaxRetryAfter.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
