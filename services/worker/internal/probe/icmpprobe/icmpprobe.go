// Package icmpprobe sends echo requests and tells how many came back and how fast. It
// takes an unprivileged ICMP socket where the system allows it, else a raw one, and says
// that the worker cannot do it where neither may be opened.
//
// The socket is not connected, so the guard cannot look on as it does elsewhere: it is
// asked for the address before the first packet, and packets go to no other.
package icmpprobe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

type prober struct {
	env  probe.Env
	open func(addr netip.Addr) (*socket, error)
}

// New returns the prober of kind icmp.
func New(env probe.Env) probe.Prober { return &prober{env, open} }

// Probe implements [probe.Prober].
func (p *prober) Probe(ctx context.Context, c *uptime.Check) probe.Finding {
	s, err := monitorspec.Read[monitorspec.ICMP](c.Settings)
	if err != nil {
		return probe.Finding{Reason: uptime.ReasonInvalid, Final: true, Detail: "settings: " + err.Error()}
	}
	var f probe.Finding
	addr, err := p.resolve(ctx, c.Target, s.IPVersion)
	if err != nil {
		failed := link.Classify(ctx, err, link.StageDNS)
		f.Reason, f.Detail, f.Final = failed.Reason, failed.Detail, failed.Final
		return f
	}
	f.IP = addr
	socket, err := p.open(addr)
	if err != nil {
		f.Reason, f.Detail, f.Final = uptime.ReasonUnsupported, "this worker may not open an ICMP socket: "+err.Error(), true
		return f
	}
	defer socket.Close()
	run := &run{socket: socket, to: addr, settings: s}
	if err := run.ping(ctx); err != nil {
		failed := link.Classify(ctx, err, link.StageConnect)
		f.Reason, f.Detail, f.Final = failed.Reason, failed.Detail, failed.Final
		return f
	}
	packets := run.packets()
	f.Evidence = &probe.Evidence{Packets: &packets}
	f.Phases = uptime.Phases{TTFB: packets.Mean, Total: packets.Mean}
	if packets.Received == 0 {
		f.Reason, f.Detail = uptime.ReasonTimeout, fmt.Sprintf("none of %d packets came back", packets.Sent)
		if run.unreachable != "" {
			f.Reason, f.Detail = uptime.ReasonConnect, run.unreachable
		}
		return f
	}
	p.env.Judge(ctx, &f, c.Kind, s.Assertions, &assertion.Observation{RTT: packets.Mean, Loss: packets.Loss})
	return f
}

// resolve returns the address to send to, which the guard has passed.
func (p *prober) resolve(ctx context.Context, host, ipVersion string) (netip.Addr, error) {
	addrs, err := p.env.Guard.Resolve(ctx, p.env.Resolver, host)
	if err != nil {
		return netip.Addr{}, err
	}
	for _, a := range addrs {
		if ipVersion == "auto" || (ipVersion == "4") == a.Is4() {
			return a, nil
		}
	}
	return netip.Addr{}, link.Failf(uptime.ReasonDNS, "the name has no address of this version of IP")
}

// run is one attempt.
type run struct {
	socket      *socket
	to          netip.Addr
	settings    *monitorspec.ICMP
	sent        []time.Time
	rtts        []time.Duration // 0: not back yet; by sequence number
	unreachable string
}

const (
	// straggle is how long after the last packet an answer still counts.
	straggle = 2 * time.Second
	// margin of the timeout is left to judge in.
	margin = 20 * time.Millisecond
)

// ping sends all packets and waits for them to come back. Packets that do not are no
// error.
func (r *run) ping(ctx context.Context) error {
	interval := time.Duration(r.settings.IntervalMS) * time.Millisecond
	end := time.Now().Add(r.settings.Duration() + straggle)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-margin).Before(end) {
		end = deadline.Add(-margin)
	}
	next := time.Now()
	for missing := 1; missing > 0; {
		now := time.Now()
		if !now.Before(end) || ctx.Err() != nil {
			return nil
		}
		if len(r.sent) < r.settings.Count && !now.Before(next) {
			if err := r.send(now); err != nil && len(r.sent) == 0 {
				return err // nothing can be sent at all
			}
			next = next.Add(interval)
		}
		until := end
		if len(r.sent) < r.settings.Count && next.Before(end) {
			until = next
		}
		if err := r.receive(until); err != nil {
			return err
		}
		missing = r.settings.Count - r.received()
	}
	return nil
}

func (r *run) send(now time.Time) error {
	err := r.socket.send(r.to, len(r.sent), r.settings.Size)
	if err != nil && len(r.sent) == 0 {
		return err
	}
	r.sent, r.rtts = append(r.sent, now), append(r.rtts, 0)
	return nil // what could not be sent is lost, like what was sent and lost
}

// receive takes one packet, if one comes in time.
func (r *run) receive(until time.Time) error {
	e, err := r.socket.receive(r.to, until)
	switch {
	case errors.Is(err, errNothing):
		return nil
	case err != nil:
		return err
	case e.unreachable != "":
		r.unreachable = e.unreachable
	case e.seq < len(r.sent) && r.rtts[e.seq] == 0: // duplicates count once
		r.rtts[e.seq] = max(time.Since(r.sent[e.seq]), 1)
	}
	return nil
}

func (r *run) received() int {
	n := 0
	for _, rtt := range r.rtts {
		if rtt > 0 {
			n++
		}
	}
	return n
}

func (r *run) packets() probe.Packets {
	p := probe.Packets{Sent: len(r.sent), Received: r.received()}
	for _, rtt := range r.rtts {
		if rtt == 0 {
			continue
		}
		p.Mean += rtt
		p.Max = max(p.Max, rtt)
		if p.Min == 0 || rtt < p.Min {
			p.Min = rtt
		}
	}
	if p.Received > 0 {
		p.Mean /= time.Duration(p.Received)
	}
	if p.Sent > 0 {
		p.Loss = 100 * float64(p.Sent-p.Received) / float64(p.Sent)
	}
	return p
}
