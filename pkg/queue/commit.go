package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

const (
	// commitChunk is how many checks one script finishes: a millisecond of Redis.
	commitChunk = 256
	// replyTTL is how long a reply waits for its requester.
	replyTTL = 30 * time.Second
	// maxDeadLetters is about how many entries the dead-letter stream keeps.
	maxDeadLetters = 10_000
)

// Finished is a check and what came of it.
type Finished struct {
	Entry  Entry
	Result uptime.Result
}

// Commit finishes checks and returns how many of them counted; the others had been
// finished by a rescuer, by an earlier commit whose answer was lost, or were dropped with their
// monitor. It may be repeated after an error. The results of a commit travel
// together, so commit many at once. An entry that could not be read (Entry.Err) goes to the
// dead letters and counts as invalid; its Result is not used.
func (k *Consumer) Commit(ctx context.Context, items []Finished) (int, error) {
	counted := 0
	for len(items) > 0 {
		some := items[:min(len(items), commitChunk)]
		items = items[len(some):]
		n, err := k.commit(ctx, some, "")
		counted += n
		if err != nil {
			return counted, fmt.Errorf("commit checks of %v: %w", k.lane, err)
		}
	}
	return counted, nil
}

// commit runs the script; a non-empty why sends all of them to the dead letters, too.
func (k *Consumer) commit(ctx context.Context, items []Finished, why string) (int, error) {
	l := k.lane
	keys := []string{l.checks(), l.urgent(), l.results(), l.ledger(), l.dlq()}
	args := make([]any, 0, 6+5*len(items))
	args = append(args, string(GroupWorkers), fieldBody, fieldBatch, fieldCount, replyTTL.Milliseconds(), maxDeadLetters)
	for i := range items {
		e, r := &items[i].Entry, &items[i].Result
		what, dead := "c", why
		if e.Urgent {
			what = "u"
		}
		if e.Err != nil {
			args = append(args, what+ledgerInvalid, e.ID, 0, e.Err.Error(), "")
			continue
		}
		to := 0
		if e.Check.ReplyTo != "" {
			keys = append(keys, e.Check.ReplyTo)
			to = len(keys)
		}
		if e.Check.Test {
			to = -to - 1
		}
		args = append(args, what+ledgerField(r.Outcome), e.ID, to, dead, wire.EncodeResult(nil, r))
	}
	out, err := k.c.run(ctx, scriptCommit, keys, args...)
	if err != nil {
		return 0, err
	}
	k.putDown(items)
	r := &reply{rest: out}
	n := int(r.int())
	return n, r.err
}

// ledgerField says where a check with this outcome is counted.
func ledgerField(o uptime.Outcome) string {
	switch o {
	case uptime.OutcomePass, uptime.OutcomeDegraded, uptime.OutcomeFail:
		return ledgerDone
	case uptime.OutcomeExpired:
		return ledgerExpired
	default:
		return ledgerInvalid
	}
}

// refuse finishes checks that were delivered too often as invalid and returns the others.
func (k *Consumer) refuse(ctx context.Context, entries []Entry) ([]Entry, error) {
	var poison []Finished
	kept := entries[:0]
	for _, e := range entries {
		if e.Deliveries < maxDeliveries || e.Err != nil {
			kept = append(kept, e)
			continue
		}
		poison = append(poison, Finished{Entry: e, Result: uptime.Result{
			Monitor: e.Check.Monitor, Revision: e.Check.Revision, Region: k.lane.Region, Due: e.Check.Due,
			Started: e.Check.Due, Request: e.Check.Request, Outcome: uptime.OutcomeInvalid, Reason: uptime.ReasonInvalid,
			Detail: deliveredTooOften, Site: k.info.Site, Worker: k.info.ID,
		}})
	}
	if len(poison) == 0 {
		return kept, nil
	}
	k.c.log.WarnContext(ctx, "checks were delivered too often and are given up", "lane", k.lane.String(), "count", len(poison))
	if _, err := k.commit(ctx, poison, deliveredTooOften); err != nil {
		k.putDown(poison)
		_ = k.lostAnswer(err) // They stay pending and are found again.
	}
	return kept, nil
}

const deliveredTooOften = "delivered three times without being finished"
