package consensus

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// checkpointVersion grows when an older release could not read a checkpoint rightly.
const checkpointVersion = 1

// ErrCheckpoint is returned for a checkpoint that cannot be restored.
var ErrCheckpoint = errors.New("damaged checkpoint")

// checkpoint is the State as JSON. Names are short: there is one per monitor.
type checkpoint struct {
	Version  int              `json:"v"`
	Revision int64            `json:"rev"`
	Target   uint64           `json:"target,omitempty"`
	Verdict  uptime.Verdict   `json:"verdict"`
	Since    uptime.Instant   `json:"since,omitempty"`
	Floor    uptime.Instant   `json:"floor,omitempty"`
	Opened   uptime.Instant   `json:"opened,omitempty"`
	Next     uptime.Instant   `json:"next,omitempty"`
	Paused   bool             `json:"paused,omitempty"`
	Flaps    *flapsCheckpoint `json:"flaps,omitempty"`
	Regions  []string         `json:"regions,omitempty"`
	Votes    []voteCheckpoint `json:"votes,omitempty"`
	Trouble  *troubleSaved    `json:"trouble,omitempty"`
	Beat     *beat            `json:"beat,omitempty"`
}

// voteCheckpoint is [due, since, latency µs, code, reason, flags].
type voteCheckpoint [6]int64

type flapsCheckpoint struct {
	At      uptime.Instant `json:"at,omitempty"`
	History uint32         `json:"history,omitempty"`
	Down    bool           `json:"down,omitempty"`
	On      bool           `json:"on,omitempty"`
}

type troubleSaved struct {
	Notes    []note         `json:"notes"`
	Phase    phase          `json:"phase,omitempty"`
	Start    uptime.Instant `json:"start,omitempty"`
	Deadline uptime.Instant `json:"deadline,omitempty"`
	Certain  uptime.Instant `json:"certain,omitempty"`
	Sent     set            `json:"sent,omitzero"`
	Came     set            `json:"came,omitzero"`
	Replied  set            `json:"replied,omitzero"`
	Spoken   set            `json:"spoken,omitzero"`
	Advised  set            `json:"advised,omitzero"`
	Deferred set            `json:"deferred,omitzero"`
	Retry    uptime.Instant `json:"retry,omitempty"`
	Asked    uptime.Instant `json:"asked,omitempty"`
	Suspect  uptime.Instant `json:"suspect,omitempty"`
	First    uptime.Instant `json:"first,omitempty"`
	Agreed   int            `json:"agreed,omitempty"`
	Clean    int            `json:"clean,omitempty"`
	Number   int            `json:"number,omitempty"`
	Baffled  bool           `json:"baffled,omitempty"`
	Rounds   []RoundRecord  `json:"rounds,omitempty"`
	Advisory set            `json:"advisory,omitzero"`
	Partly   uptime.Instant `json:"partly,omitempty"`
	Blind    set            `json:"blind,omitzero"`
}

// MarshalJSON writes the checkpoint.
func (s *State) MarshalJSON() ([]byte, error) {
	c := checkpoint{
		Version: checkpointVersion, Revision: s.revision, Target: s.target, Verdict: s.verdict, Since: s.since,
		Floor: s.floor, Opened: s.opened, Next: s.next, Paused: s.paused, Regions: s.regions,
		Votes: make([]voteCheckpoint, len(s.votes)), Beat: s.beat,
	}
	for i, v := range s.votes {
		c.Votes[i] = voteCheckpoint{
			int64(v.due), int64(v.since), int64(v.latency), int64(v.code), int64(v.reason), int64(v.flags),
		}
	}
	if s.flaps.known {
		c.Flaps = &flapsCheckpoint{At: s.flaps.at, History: s.flaps.history, Down: s.flaps.down, On: s.flaps.on}
	}
	if t := s.tr; t != nil {
		c.Trouble = &troubleSaved{
			Notes: t.notes, Phase: t.round.phase, Start: t.round.start, Deadline: t.round.deadline,
			Certain: t.round.certain, Sent: t.round.sent, Came: t.round.came, Replied: t.round.replied, Spoken: t.round.spoken, Advised: t.advised, Deferred: t.deferred,
			Retry: t.retry, Asked: t.asked, Suspect: t.suspect, First: t.first, Agreed: t.agreed, Clean: t.clean,
			Number: t.number, Baffled: t.baffled, Rounds: t.rounds, Advisory: t.advisory, Partly: t.partly,
			Blind: t.blind,
		}
	}
	return json.Marshal(&c)
}

// UnmarshalJSON restores a checkpoint; one that is damaged is an error that wraps
// [ErrCheckpoint] and leaves the state as it was.
func (s *State) UnmarshalJSON(b []byte) error {
	var c checkpoint
	if err := json.Unmarshal(b, &c); err != nil {
		return fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	if c.Version == 0 && len(c.Regions) == 0 && c.Revision == 0 {
		*s = State{} // the empty object: nothing was saved yet
		return nil
	}
	if err := c.check(); err != nil {
		return fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	*s = c.state()
	return nil
}

func (c *checkpoint) state() State {
	s := State{
		revision: c.Revision, target: c.Target, verdict: c.Verdict, since: c.Since, floor: c.Floor,
		opened: c.Opened, next: c.Next, paused: c.Paused, regions: c.Regions,
		votes: make([]vote, len(c.Votes)), beat: c.Beat,
	}
	for i, v := range c.Votes {
		s.votes[i] = vote{
			due: uptime.Instant(v[0]), since: uptime.Instant(v[1]), latency: uint32(v[2]), code: uint16(v[3]),
			reason: uptime.Reason(v[4]), flags: flags(v[5]),
		}
	}
	if f := c.Flaps; f != nil {
		s.flaps = flaps{at: f.At, history: f.History, known: true, down: f.Down, on: f.On}
	}
	if t := c.Trouble; t != nil {
		s.tr = &trouble{
			notes:   t.Notes,
			round:   round{phase: t.Phase, start: t.Start, deadline: t.Deadline, certain: t.Certain, sent: t.Sent, came: t.Came, replied: t.Replied, spoken: t.Spoken},
			advised: t.Advised, deferred: t.Deferred, retry: t.Retry, asked: t.Asked, suspect: t.Suspect, first: t.First,
			agreed: t.Agreed, clean: t.Clean, number: t.Number, baffled: t.Baffled, rounds: t.Rounds,
			advisory: t.Advisory, partly: t.Partly, blind: t.Blind,
		}
	}
	return s
}

// check finds what would make a restored state reckon wrongly or panic.
func (c *checkpoint) check() error {
	if c.Version != checkpointVersion {
		return fmt.Errorf("version %d, this release reads %d", c.Version, checkpointVersion)
	}
	if n := len(c.Regions); n > MaxRegions || n != len(c.Votes) {
		return fmt.Errorf("%d regions with %d votes", n, len(c.Votes))
	}
	if !slices.IsSorted(c.Regions) || len(slices.Compact(slices.Clone(c.Regions))) != len(c.Regions) {
		return errors.New("regions not in order")
	}
	if err := instants(c.Since, c.Floor, c.Opened, c.Next); err != nil {
		return err
	}
	if err := c.Beat.check(); err != nil {
		return err
	}
	if f := c.Flaps; f != nil && (instants(f.At) != nil || f.History >= 1<<flapChanges) {
		return errors.New("flapping history")
	}
	for i, v := range c.Votes {
		if err := v.check(); err != nil {
			return fmt.Errorf("vote %d: %w", i, err)
		}
	}
	if c.Trouble != nil {
		return c.Trouble.check(len(c.Regions))
	}
	return nil
}

func (v voteCheckpoint) check() error {
	if err := instants(uptime.Instant(v[0]), uptime.Instant(v[1])); err != nil {
		return err
	}
	if uint64(v[2]) > 1<<32-1 || uint64(v[3]) > 1<<16-1 || uint64(v[4]) > 1<<8-1 || uint64(v[5]) > 1<<8-1 {
		return errors.New("out of range")
	}
	o := uptime.Outcome(flags(v[5]) & flagOutcome)
	if o > uptime.OutcomeFail || o == uptime.OutcomeNone != (v[0] == 0) {
		return fmt.Errorf("outcome %d due %d", o, v[0])
	}
	return nil
}

func (t *troubleSaved) check(n int) error {
	switch {
	case len(t.Notes) != n:
		return fmt.Errorf("%d notes for %d regions", len(t.Notes), n)
	case t.Phase > running:
		return fmt.Errorf("phase %d", t.Phase)
	case len(t.Rounds) > roundsKept:
		return fmt.Errorf("%d rounds", len(t.Rounds))
	case t.Agreed < 0 || t.Clean < 0 || t.Number < 0 || max(t.Agreed, t.Clean, t.Number) > 1<<40:
		return errors.New("counts out of range")
	}
	for _, r := range t.Rounds {
		if y := r.At.UTC().Year(); y < 1 || y > 9998 || r.Ended.UTC().Year() > 9998 {
			return errors.New("round out of time")
		}
	}
	for _, s := range [...]set{t.Sent, t.Came, t.Replied, t.Spoken, t.Advised, t.Deferred, t.Advisory, t.Blind} {
		for i := n; i < MaxRegions; i++ {
			if s.has(i) {
				return fmt.Errorf("region %d of %d", i, n)
			}
		}
	}
	return instants(t.Start, t.Deadline, t.Certain, t.Retry, t.Asked, t.Suspect, t.First, t.Partly)
}

// instants tells whether all lie between never and far.
func instants(all ...uptime.Instant) error {
	for _, t := range all {
		if t < 0 || t >= far {
			return fmt.Errorf("instant %d out of range", int64(t))
		}
	}
	return nil
}

// MarshalJSON writes the members' numbers.
func (s set) MarshalJSON() ([]byte, error) {
	list := s.list()
	if list == nil {
		list = []int{}
	}
	return json.Marshal(list)
}

// UnmarshalJSON reads members' numbers.
func (s *set) UnmarshalJSON(b []byte) error {
	var list []int
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*s = set{}
	for _, i := range list {
		if i < 0 || i >= MaxRegions {
			return fmt.Errorf("region %d", i)
		}
		s.add(i)
	}
	return nil
}
