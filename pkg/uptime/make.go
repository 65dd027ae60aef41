package uptime

import "time"

// urgentPatience is how long an urgent check may wait for a worker, at least.
const urgentPatience = 10 * time.Second

// Check returns the scheduled check of the monitor in a region for the slot due.
func (m *Monitor) Check(region string, due Instant) Check {
	return Check{
		Monitor: m.ID, Revision: m.Revision, Region: region, Due: due, NotAfter: NotAfter(due, m.Interval),
		Kind: m.Kind, Target: m.Target, Settings: m.Settings, Timeout: m.Timeout, Interval: m.Interval,
	}
}

// UrgentCheck returns a check of the monitor out of turn, at now, for a request. It
// may be started until its timeout, or at least ten seconds, have passed. Whoever makes it for a round
// sets Canary, and ReplyTo if somebody waits for the result.
func (m *Monitor) UrgentCheck(region string, now Instant, request ID) Check {
	c := m.Check(region, UrgentDue(now, request))
	c.NotAfter = now.Add(max(m.Timeout, urgentPatience))
	c.Request = request
	return c
}
