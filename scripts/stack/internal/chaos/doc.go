// Package chaos breaks a real fleet on purpose and counts what became of its promises.
// A rig is a whole stack whose ways to PostgreSQL, Redis and InfluxDB lead through
// proxies, with websites that are watched and a receiver of alerts. A scenario is one
// fault; each is played alike:
//
//	an outage begins, is found and told ─► the fault ─► that outage ends, another begins
//	─► the fault ends, a third outage begins ─► the fleet recovers, all outages end
//
// and then everything is counted: slots against the ledger, ticks against the grid of
// due instants, incidents against outages, alerts by their keys as they arrived.
package chaos
