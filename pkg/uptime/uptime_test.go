package uptime_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestIDsSortByTimeAndRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0, 1<<47).Draw(t, "ms")
		a, b := uptime.NewID(time.UnixMilli(ms)), uptime.NewID(time.UnixMilli(ms+1))
		if bytes.Compare(a[:], b[:]) >= 0 {
			t.Fatalf("%s, a millisecond earlier, does not sort before %s", a, b)
		}
		if v := a.String()[14]; v != '7' {
			t.Fatalf("version %q, want 7", v)
		}
		back, err := uptime.ParseID(a.String())
		if err != nil || back != a {
			t.Fatalf("ParseID(%s) = %s, %v", a, back, err)
		}
	})
}

func TestParseIDRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "x", "0190f5fe7b3c7000800000000000000g", "0190f5fe-7b3c-7000-8000-00000000000g", "0190f5fe-7b3c-7000-80000-0000000000", "{0190f5fe-7b3c-7000-8000-000000000000}"} {
		if id, err := uptime.ParseID(s); !errors.Is(err, uptime.ErrID) || !id.IsZero() {
			t.Errorf("ParseID(%q) = %v, %v; want the zero id and ErrID", s, id, err)
		}
	}
}

func TestIDScan(t *testing.T) {
	t.Parallel()
	want := uptime.NewID(time.Unix(1_700_000_000, 0))
	for _, src := range []any{want.String(), []byte(want.String()), want[:], [16]byte(want)} {
		var got uptime.ID
		if err := got.Scan(src); err != nil || got != want {
			t.Errorf("Scan(%T) = %v, %v", src, got, err)
		}
	}
	got := want
	if err := got.Scan(nil); err != nil || !got.IsZero() {
		t.Errorf("Scan(nil) = %v, %v; want the zero id", got, err)
	}
	if err := got.Scan(7); err == nil {
		t.Error("Scan(7) succeeded")
	}
	if v, err := (uptime.ID{}).Value(); v != nil || err != nil {
		t.Errorf("Value of the zero id = %v, %v; want NULL", v, err)
	}
}

// The hash decides shard and phase of every monitor for ever.
func TestHashNeverChanges(t *testing.T) {
	t.Parallel()
	id, err := uptime.ParseID("0190f5fe-7b3c-7000-8000-000000000001")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := id.Hash(), uint64(18269805506994633736); got != want {
		t.Errorf("Hash() = %d, want %d", got, want)
	}
}

func TestShardsAreEven(t *testing.T) {
	t.Parallel()
	const shards, ids = 8, 80_000
	var count [shards]int
	for i := range ids {
		id := uptime.NewID(time.UnixMilli(int64(i)))
		count[id.Shard(shards)]++
	}
	for s, n := range count {
		if n < ids/shards*9/10 || n > ids/shards*11/10 {
			t.Errorf("shard %d has %d of %d ids", s, n, ids)
		}
	}
}

func TestUrgentChecksStayOffTheGrid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := uptime.Instant(rapid.Int64Range(1, 1<<52).Draw(t, "now"))
		due := uptime.UrgentDue(now, uptime.NewID(time.Unix(0, 0)))
		if !due.IsUrgent() {
			t.Fatalf("%d lies on the grid of the slots", due)
		}
		if d := due.Sub(now); d <= -time.Millisecond || d >= time.Millisecond {
			t.Fatalf("due is %v away from now", d)
		}
	})
}

func TestInstantRoundTrip(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 123456000, time.UTC)
	if got := uptime.InstantOf(at).Time(); !got.Equal(at) {
		t.Errorf("got %v, want %v", got, at)
	}
	if uptime.InstantOf(time.Time{}) != 0 || !uptime.Instant(0).Time().IsZero() {
		t.Error("the zero time and the zero instant are not each other")
	}
}

func TestNamesRoundTrip(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for r := uptime.ReasonNone; ; r++ {
		back, err := uptime.ParseReason(r.String())
		if err != nil {
			break // past the last one
		}
		if back != r || seen[r.String()] {
			t.Errorf("reason %d is named %q, as reason %d is", r, r, back)
		}
		seen[r.String()] = true
		if r != uptime.ReasonNone && r.Phrase() == "" {
			t.Errorf("reason %s has no phrase", r)
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d reasons have names", len(seen))
	}
	for v := uptime.VerdictUnknown; v <= uptime.VerdictDown; v++ {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back uptime.Verdict
		if err := json.Unmarshal(b, &back); err != nil || back != v {
			t.Errorf("%s became %s (%v)", v, back, err)
		}
	}
	var v uptime.Verdict
	if err := json.Unmarshal([]byte(`"fine"`), &v); err == nil {
		t.Error("an unknown verdict was read")
	}
}

func TestWorst(t *testing.T) {
	t.Parallel()
	const un, up, de, do = uptime.VerdictUnknown, uptime.VerdictUp, uptime.VerdictDegraded, uptime.VerdictDown
	for _, tc := range []struct {
		in   []uptime.Verdict
		want uptime.Verdict
	}{
		{nil, un},
		{[]uptime.Verdict{up}, up},
		{[]uptime.Verdict{up, un}, un},
		{[]uptime.Verdict{un, de}, de},
		{[]uptime.Verdict{up, do, de, un}, do},
	} {
		if got := uptime.Worst(tc.in...); got != tc.want {
			t.Errorf("Worst(%v) = %s, want %s", tc.in, got, tc.want)
		}
	}
}

func TestAssignedRegions(t *testing.T) {
	t.Parallel()
	regions := []uptime.Region{{Name: "us", Enabled: true}, {Name: "eu", Enabled: true}, {Name: "new"}, {Name: "lan", Enabled: true, Private: true}}
	for _, tc := range []struct {
		name  string
		named []string
		want  []string
	}{
		{"every enabled one", nil, []string{"eu", "us"}},
		{"a chosen one", []string{"us"}, []string{"us"}},
		{"a pending one has no say", []string{"new", "eu"}, []string{"eu"}},
		{"a deleted one", []string{"gone"}, []string{}},
		{"a private one", []string{"lan", "us"}, []string{"lan", "us"}},
	} {
		m := uptime.Monitor{Regions: tc.named}
		if diff := cmp.Diff(tc.want, m.Assigned(regions)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestQuorumValidate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		q  uptime.Quorum
		n  int
		ok bool
	}{
		{uptime.Quorum{Mode: uptime.QuorumMajority}, 3, true},
		{uptime.Quorum{Mode: uptime.QuorumAny, Count: 1}, 3, false},
		{uptime.Quorum{Mode: uptime.QuorumCount, Count: 3}, 3, true},
		{uptime.Quorum{Mode: uptime.QuorumCount, Count: 4}, 3, false},
		{uptime.Quorum{Mode: uptime.QuorumCount}, 3, false},
		{uptime.Quorum{Mode: "most"}, 3, false},
	} {
		if err := tc.q.Validate(tc.n); (err == nil) != tc.ok {
			t.Errorf("%+v over %d regions: %v", tc.q, tc.n, err)
		}
	}
}

func TestNotAfter(t *testing.T) {
	t.Parallel()
	due := uptime.InstantOf(time.Unix(1000, 0))
	if got := uptime.NotAfter(due, 10*time.Second).Sub(due); got != 10*time.Second {
		t.Errorf("a check every 10 s may be %v late, want its interval", got)
	}
	if got := uptime.NotAfter(due, time.Hour).Sub(due); got != time.Minute {
		t.Errorf("a check every hour may be %v late, want a minute", got)
	}
}
