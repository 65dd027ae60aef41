package stream

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

const (
	// tailEvery is soon enough for eyes. Results stay for some time after they were
	// written, nearly always longer than this; a tick that left before is not shown.
	tailEvery = 200 * time.Millisecond
	// tailMost is how many entries of a lane are looked at each time. A lane with more
	// goes on at its end: that bounds what looking on costs.
	tailMost = 200
	// lanesEvery is how soon a new region's ticks are seen.
	lanesEvery = 30 * time.Second
)

// tailer looks at the results of the lanes that hold what is watched.
type tailer struct {
	hub     *Hub
	regions []string
	asked   time.Time // when the regions were
	after   map[queue.Lane]string
	told    time.Time
}

// tail runs the tailer for as long as somebody wants ticks.
func (h *Hub) tail(ctx context.Context) error {
	if h.cfg.Regions == nil {
		return nil
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.wake:
		}
		t := &tailer{hub: h, after: map[queue.Lane]string{}}
		for shards := h.watchedShards(); len(shards) > 0; shards = h.watchedShards() {
			if err := t.look(ctx, shards); err != nil && ctx.Err() == nil && time.Since(t.told) > readQuiet {
				t.told = time.Now()
				h.cfg.Log.WarnContext(ctx, "cannot look at results, streams get no ticks", "err", err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(h.cfg.TailEvery):
			}
		}
	}
}

// watchedShards returns the shards that hold watched monitors.
func (h *Hub) watchedShards() map[int]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	shards := map[int]bool{}
	for id := range h.watched {
		shards[id.Shard(h.cfg.Shards)] = true
	}
	return shards
}

// look hands on what has been written since it looked last.
func (t *tailer) look(ctx context.Context, shards map[int]bool) error {
	if err := t.choose(ctx, shards); err != nil {
		return err
	}
	found, err := t.hub.cfg.Queue.PeekResults(ctx, t.after, tailMost)
	if err != nil {
		return err
	}
	for lane, batches := range found {
		t.after[lane] = batches[len(batches)-1].ID
		if len(batches) == tailMost {
			t.hub.metrics.skipped.Inc()
			delete(t.after, lane) // begin anew at the end
		}
		for i := range batches {
			// What cannot be decoded the aggregator says.
			_ = wire.DecodeResultsOf(batches[i].Payload, lane.Region, t.hub.wanted, t.hub.tick)
		}
	}
	return nil
}

// choose begins with new lanes at their ends, and leaves those that nobody watches.
func (t *tailer) choose(ctx context.Context, shards map[int]bool) error {
	if t.asked.IsZero() || time.Since(t.asked) > lanesEvery {
		regions, err := t.hub.cfg.Regions(ctx)
		if err != nil {
			return err
		}
		t.regions, t.asked = slices.Concat(regions, []string{uptime.RegionHeartbeat}), time.Now()
	}
	keep := make(map[queue.Lane]string, len(t.after))
	for shard := range shards {
		for _, region := range t.regions {
			lane := queue.Lane{Region: region, Shard: shard}
			if at, ok := t.after[lane]; ok {
				keep[lane] = at
				continue
			}
			end, err := t.hub.cfg.Queue.ResultsEnd(ctx, lane)
			if err != nil {
				return err
			}
			keep[lane] = end
		}
	}
	t.after = keep
	return nil
}

func (h *Hub) wanted(id uptime.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.watched[id]) > 0
}

// tick hands a result to who wants its monitor's, unless it is none that is stored.
func (h *Hub) tick(r *uptime.Result) {
	if !r.Outcome.Vote() || r.Begins {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.watched[r.Monitor] {
		data, err := json.Marshal(tickOf(r, s.wish.Ticks[r.Monitor]))
		if err == nil { // It is of numbers and short texts.
			h.push(s, Event{Type: string(live.TypeTick), Data: data, Org: s.wish.Org, Website: s.wish.Ticks[r.Monitor]})
		}
	}
}

// Tick is a result as a client is told of it: what GET …/ticks will show, and whose.
type Tick struct {
	MonitorID  uptime.ID      `json:"monitor_id"`
	WebsiteID  uptime.ID      `json:"website_id"`
	Time       time.Time      `json:"time"`
	Region     string         `json:"region"`
	OK         bool           `json:"ok"`
	Outcome    uptime.Outcome `json:"outcome"`
	Reason     uptime.Reason  `json:"reason"`
	StatusCode *int           `json:"status_code"`
	LatencyMS  float64        `json:"latency_ms"`
	DNSMS      float64        `json:"dns_ms"`
	ConnectMS  float64        `json:"connect_ms"`
	TLSMS      float64        `json:"tls_ms"`
	TTFBMS     float64        `json:"ttfb_ms"`
	TransferMS float64        `json:"transfer_ms"`
	LateMS     float64        `json:"late_ms"`
	Urgent     bool           `json:"urgent"`
}

func tickOf(r *uptime.Result, website uptime.ID) Tick {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	t := Tick{
		MonitorID: r.Monitor, WebsiteID: website, Time: r.Due.Time(), Region: r.Region, OK: r.Outcome != uptime.OutcomeFail,
		Outcome: r.Outcome, Reason: r.Reason, LatencyMS: ms(r.Phases.Total), DNSMS: ms(r.Phases.DNS),
		ConnectMS: ms(r.Phases.Connect), TLSMS: ms(r.Phases.TLS), TTFBMS: ms(r.Phases.TTFB),
		TransferMS: ms(r.Phases.Transfer), LateMS: ms(r.Late), Urgent: !r.Request.IsZero(),
	}
	if code := r.Code; code != 0 {
		t.StatusCode = &code
	}
	return t
}
