package wire_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	fleetv1 "github.com/probefleet/probefleet/pkg/fleetpb/fleet/v1"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

func genID(t *rapid.T, label string) uptime.ID {
	id := uptime.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, label))
	id[0] |= 1
	return id
}

func genMillis(t *rapid.T, label string) time.Duration {
	return time.Duration(rapid.Uint32().Draw(t, label)) * time.Millisecond
}

func genMicros(t *rapid.T, label string) time.Duration {
	return time.Duration(rapid.Uint32().Draw(t, label)) * time.Microsecond
}

func genCheck(t *rapid.T) uptime.Check {
	c := uptime.Check{
		Monitor: genID(t, "monitor"), Revision: rapid.Int64().Draw(t, "revision"), Region: "eu",
		Due:      uptime.Instant(rapid.Int64Range(1, 1<<62).Draw(t, "due")),
		NotAfter: uptime.Instant(rapid.Int64().Draw(t, "not after")),
		Kind:     uptime.Kind(rapid.StringN(1, 20, 80).Draw(t, "kind")), Target: rapid.String().Draw(t, "target"),
		Timeout: genMillis(t, "timeout"), Interval: genMillis(t, "interval"),
		ReplyTo: rapid.String().Draw(t, "reply"), Canary: rapid.Bool().Draw(t, "canary"),
		Test: rapid.Bool().Draw(t, "test"),
	}
	if b := rapid.SliceOf(rapid.Byte()).Draw(t, "settings"); len(b) > 0 {
		c.Settings = b
	}
	if rapid.Bool().Draw(t, "urgent") {
		c.Request = genID(t, "request")
	}
	return c
}

func genResult(t *rapid.T) uptime.Result {
	r := uptime.Result{
		Monitor: genID(t, "monitor"), Revision: rapid.Int64().Draw(t, "revision"), Region: "eu",
		Due:     uptime.Instant(rapid.Int64Range(1, 1<<60).Draw(t, "due")),
		Outcome: uptime.Outcome(rapid.IntRange(0, 5).Draw(t, "outcome")),
		Reason:  uptime.Reason(rapid.IntRange(0, 60).Draw(t, "reason")),
		Detail:  rapid.StringN(0, 50, 200).Draw(t, "detail"), Code: int(rapid.Int32().Draw(t, "code")),
		Phases: uptime.Phases{
			DNS: genMicros(t, "dns"), Connect: genMicros(t, "connect"), TLS: genMicros(t, "tls"),
			TTFB: genMicros(t, "ttfb"), Transfer: genMicros(t, "transfer"),
			Total: time.Duration(rapid.Int64Range(0, int64(1000*24*time.Hour/time.Microsecond)).Draw(t, "total")) * time.Microsecond,
		},
		Site: rapid.String().Draw(t, "site"), Worker: rapid.String().Draw(t, "worker"),
		Canary: uptime.CanaryState(rapid.IntRange(0, 3).Draw(t, "canary")), Exempt: rapid.Bool().Draw(t, "exempt"),
		Attempts:        rapid.IntRange(0, 2).Draw(t, "attempts"),
		Begins:          rapid.Bool().Draw(t, "begins"),
		Evidence:        rapid.SampledFrom([][]byte{nil, []byte(`{"excerpt":"sorry"}`)}).Draw(t, "evidence"),
		CertificateEnds: uptime.Instant(rapid.Int64().Draw(t, "certificate")), RegistrationEnds: uptime.Instant(rapid.Int64().Draw(t, "registration")),
	}
	if rapid.Bool().Draw(t, "started") {
		r.Late = genMicros(t, "late")
		r.Started = r.Due.Add(r.Late)
	}
	if rapid.Bool().Draw(t, "urgent") {
		r.Request = genID(t, "request")
	}
	switch rapid.IntRange(0, 2).Draw(t, "family") {
	case 1:
		r.IP = netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "v4"))).String()
	case 2:
		r.IP = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "v6"))).String()
	}
	return r
}

func TestCheckSurvivesTheWire(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := genCheck(t)
		b := wire.EncodeCheck([]byte("before"), &want)[len("before"):]
		got, err := wire.DecodeCheck(b, "eu")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("check (-want +got):\n%s", diff)
		}
		if id, ok := wire.MonitorOf(b); !ok || id != want.Monitor {
			t.Fatalf("MonitorOf says %v, %v", id, ok)
		}
	})
}

// The generated types are the contract: they read the same from our bytes.
func TestCheckIsTheMessageOfTheSchema(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := genCheck(t)
		var m fleetv1.Check
		if err := proto.Unmarshal(wire.EncodeCheck(nil, &c), &m); err != nil {
			t.Fatal(err)
		}
		want := &fleetv1.Check{
			MonitorId: c.Monitor[:], Revision: c.Revision, DueUs: int64(c.Due), NotAfterUs: int64(c.NotAfter), Kind: string(c.Kind),
			Target: c.Target, Settings: c.Settings, TimeoutMs: uint32(c.Timeout.Milliseconds()),
			IntervalMs: uint32(c.Interval.Milliseconds()), ReplyTo: c.ReplyTo, Canary: c.Canary, Test: c.Test,
		}
		if !c.Request.IsZero() {
			want.RequestId = c.Request[:]
		}
		if !proto.Equal(want, &m) {
			t.Fatalf("the schema reads %v, want %v", &m, want)
		}
		b, err := proto.Marshal(&m)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := wire.DecodeCheck(b, "eu"); err != nil || !cmp.Equal(c, got) {
			t.Fatalf("from the schema's bytes %v: %s", err, cmp.Diff(c, got))
		}
	})
}

func TestTemplateAndSlotAreAScheduledCheck(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := genCheck(t)
		c.Request, c.ReplyTo, c.Canary, c.Test = uptime.ID{}, "", false, false
		template := wire.AppendTemplate(nil, &c)
		got, err := wire.DecodeCheck(wire.AppendSlot(template, c.Due, c.NotAfter), "eu")
		if err != nil || !cmp.Equal(c, got) {
			t.Fatalf("%v: %s", err, cmp.Diff(c, got))
		}
	})
}

func TestResultsSurviveTheWireAndConcatenate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(genResult), 0, 5).Draw(t, "results")
		var b []byte
		for i := range want {
			b = wire.EncodeResult(b, &want[i])
		}
		var got []uptime.Result
		if err := wire.DecodeResults(b, "eu", func(r *uptime.Result) { got = append(got, *r) }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.Transformer("nil", func(s []uptime.Result) int { return len(s) })); diff != "" {
			t.Fatalf("number of results: %s", diff)
		}
		for i := range got {
			if diff := cmp.Diff(want[i], got[i]); diff != "" {
				t.Fatalf("result %d (-want +got):\n%s", i, diff)
			}
		}
		if n, err := wire.Count(b); err != nil || n != len(want) {
			t.Fatalf("Count says %d, %v, want %d", n, err, len(want))
		}
	})
}

func TestResultIsTheMessageOfTheSchema(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := genResult(t)
		var batch fleetv1.ResultBatch
		if err := proto.Unmarshal(wire.EncodeResult(nil, &r), &batch); err != nil {
			t.Fatal(err)
		}
		us := func(d time.Duration) uint32 { return uint32(d.Microseconds()) }
		want := &fleetv1.Result{
			MonitorId: r.Monitor[:], Revision: r.Revision, DueUs: int64(r.Due), StartedUs: int64(r.Started),
			Outcome: fleetv1.Outcome(r.Outcome), Reason: uint32(r.Reason), Detail: r.Detail, Code: int32(r.Code),
			DnsUs: us(r.Phases.DNS), ConnectUs: us(r.Phases.Connect), TlsUs: us(r.Phases.TLS), TtfbUs: us(r.Phases.TTFB),
			TransferUs: us(r.Phases.Transfer), TotalUs: uint64(r.Phases.Total.Microseconds()), Site: r.Site, Worker: r.Worker,
			Canary: fleetv1.CanaryState(r.Canary), Exempt: r.Exempt, Attempts: uint32(r.Attempts),
			Evidence: r.Evidence, CertificateEndsUs: int64(r.CertificateEnds), RegistrationEndsUs: int64(r.RegistrationEnds),
			Begins: r.Begins,
		}
		if !r.Request.IsZero() {
			want.RequestId = r.Request[:]
		}
		if r.IP != "" {
			want.Ip = netip.MustParseAddr(r.IP).AsSlice()
		}
		if len(batch.Results) != 1 || !proto.Equal(want, batch.Results[0]) {
			t.Fatalf("the schema reads %v, want %v", &batch, want)
		}
		b, err := proto.Marshal(&batch)
		if err != nil {
			t.Fatal(err)
		}
		err = wire.DecodeResults(b, "eu", func(got *uptime.Result) {
			if diff := cmp.Diff(r, *got); diff != "" {
				t.Fatalf("from the schema's bytes (-want +got):\n%s", diff)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhatDoesNotFitIsCutNotWrapped(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 200)
	r := uptime.Result{
		Monitor: uptime.ID{1}, Due: 5_000_000, Started: 4_000_000, Detail: long, Site: "bad\xffutf8", IP: "not an address",
		Phases: uptime.Phases{DNS: -time.Second, TTFB: 100 * 24 * time.Hour, Total: 100 * 24 * time.Hour}, Attempts: -3,
	}
	err := wire.DecodeResults(wire.EncodeResult(nil, &r), "eu", func(got *uptime.Result) {
		if got.Detail != long[:wire.MaxDetail] {
			t.Errorf("detail has %d bytes, want %d", len(got.Detail), wire.MaxDetail)
		}
		if p := got.Phases; p.DNS != 0 || p.TTFB != (1<<32-1)*time.Microsecond || p.Total != 100*24*time.Hour {
			t.Errorf("phases %+v", got.Phases)
		}
		if got.Site != "bad\uFFFDutf8" || got.IP != "" || got.Attempts != 0 {
			t.Errorf("site %q, address %q, attempts %d", got.Site, got.IP, got.Attempts)
		}
		if got.Late != -time.Second {
			t.Errorf("late %v, want a second early", got.Late)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Detail = "x" + long // an odd number of bytes before the cut
	err = wire.DecodeResults(wire.EncodeResult(nil, &r), "eu", func(got *uptime.Result) {
		if len(got.Detail) != wire.MaxDetail-1 {
			t.Errorf("detail has %d bytes, want the last character left out whole", len(got.Detail))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMalformedMessagesAreRefused(t *testing.T) {
	t.Parallel()
	c := uptime.Check{Monitor: uptime.ID{1}, Due: 1, Kind: uptime.KindHTTP}
	good := wire.EncodeCheck(nil, &c)
	if _, err := wire.DecodeCheck(good, "eu"); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"empty": nil, "cut": good[:len(good)-1], "short id": {0x0a, 2, 1, 1}, "no monitor": good[18:],
		"text that is not UTF-8": append(append([]byte{}, good...), 0x32, 1, 0xff),
	} {
		if got, err := wire.DecodeCheck(b, "eu"); !errors.Is(err, wire.ErrMalformed) || got.Region != "" {
			t.Errorf("%s: %+v, %v, want ErrMalformed", name, got, err)
		}
	}
	r := uptime.Result{Monitor: uptime.ID{1}, Due: 1}
	one := wire.EncodeResult(nil, &r)
	for name, b := range map[string][]byte{
		"cut": one[:len(one)-1], "no monitor": {0x0a, 0}, "address of 3 bytes": {0x0a, 6, 0x82, 1, 3, 1, 2, 3},
	} {
		if err := wire.DecodeResults(b, "eu", func(*uptime.Result) {}); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
	if _, ok := wire.MonitorOf([]byte{0x0a, 16, 1}); ok {
		t.Error("MonitorOf reads beyond the end")
	}
}

// Messages outlive an upgrade: fields of a later version are skipped.
func TestUnknownFieldsAreSkipped(t *testing.T) {
	t.Parallel()
	c := uptime.Check{Monitor: uptime.ID{1}, Due: 1, Kind: uptime.KindHTTP, Region: "eu"}
	b := append(wire.EncodeCheck(nil, &c), 0xf8, 0x06, 0x01, 0xfa, 0x06, 0x02, 'h', 'i', 0xfd, 0x06, 1, 2, 3, 4)
	got, err := wire.DecodeCheck(b, "eu")
	if err != nil || !cmp.Equal(c, got) {
		t.Errorf("%v: %s", err, cmp.Diff(c, got))
	}
}

func FuzzDecodeCheck(f *testing.F) {
	c := uptime.Check{Monitor: uptime.ID{1}, Due: 1, NotAfter: 2, Kind: uptime.KindHTTP, Target: "http://x/", Request: uptime.ID{2}}
	f.Add(wire.EncodeCheck(nil, &c))
	f.Add([]byte{0x0a, 16})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := wire.DecodeCheck(b, "eu")
		if err != nil {
			return
		}
		if err := proto.Unmarshal(b, &fleetv1.Check{}); err != nil {
			t.Fatalf("we read what protobuf refuses: %v", err)
		}
		again, err := wire.DecodeCheck(wire.EncodeCheck(nil, &got), "eu")
		if err != nil || !cmp.Equal(got, again, cmp.Transformer("len", func(b []byte) string { return string(b) })) {
			t.Fatalf("not the same again: %v\n%+v\n%+v", err, got, again)
		}
	})
}

func FuzzDecodeResults(f *testing.F) {
	r := uptime.Result{Monitor: uptime.ID{1}, Due: 1, Detail: "x", IP: "10.0.0.1", Outcome: uptime.OutcomeFail}
	f.Add(wire.EncodeResult(wire.EncodeResult(nil, &r), &r))
	f.Add([]byte{0x0a, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var got []uptime.Result
		if err := wire.DecodeResults(b, "eu", func(r *uptime.Result) { got = append(got, *r) }); err != nil {
			return
		}
		if err := proto.Unmarshal(b, &fleetv1.ResultBatch{}); err != nil {
			t.Fatalf("we read what protobuf refuses: %v", err)
		}
		var again []byte
		for i := range got {
			again = wire.EncodeResult(again, &got[i])
		}
		i := 0
		err := wire.DecodeResults(again, "eu", func(r *uptime.Result) {
			want := got[i]
			if len(want.Detail) > wire.MaxDetail {
				want.Detail = r.Detail
			}
			if want.Attempts > 1<<20 {
				want.Attempts = r.Attempts
			}
			if !cmp.Equal(want, *r) {
				t.Fatalf("not the same again: %s", cmp.Diff(want, *r))
			}
			i++
		})
		if err != nil || i != len(got) {
			t.Fatalf("%d results again, %v, want %d", i, err, len(got))
		}
	})
}

func BenchmarkEncodeResult(b *testing.B) {
	r := uptime.Result{
		Monitor: uptime.ID{1}, Revision: 3, Due: 1_800_000_000_000_000, Started: 1_800_000_000_004_000, Outcome: uptime.OutcomePass,
		Code: 200, Phases: uptime.Phases{DNS: 1e6, Connect: 2e6, TLS: 9e6, TTFB: 3e7, Transfer: 1e6, Total: 4e7},
		IP: "192.0.2.7", Site: "box", Worker: "worker-1", Attempts: 1,
	}
	buf := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		buf = wire.EncodeResult(buf[:0], &r)
	}
}

func BenchmarkDecodeResults(b *testing.B) {
	r := uptime.Result{
		Monitor: uptime.ID{1}, Revision: 3, Due: 1_800_000_000_000_000, Started: 1_800_000_000_004_000, Outcome: uptime.OutcomePass,
		Code: 200, Phases: uptime.Phases{DNS: 1e6, Connect: 2e6, TLS: 9e6, TTFB: 3e7, Transfer: 1e6, Total: 4e7},
		IP: "192.0.2.7", Site: "box", Worker: "worker-1", Attempts: 1,
	}
	var batch []byte
	for range 128 {
		batch = wire.EncodeResult(batch, &r)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := wire.DecodeResults(batch, "eu", func(*uptime.Result) { n++ }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/result")
}

func TestResultsOfSomeMonitorsAreThoseThatAllHold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var batch []byte
		var all []uptime.Result
		for range rapid.IntRange(0, 8).Draw(t, "results") {
			r := genResult(t)
			r.Monitor[0] = byte(rapid.IntRange(1, 3).Draw(t, "whose"))
			batch = wire.EncodeResult(batch, &r)
		}
		if err := wire.DecodeResults(batch, "eu", func(r *uptime.Result) { all = append(all, *r) }); err != nil {
			t.Fatal(err)
		}
		wanted := func(id uptime.ID) bool { return id[0] == 2 }
		var want, got []uptime.Result
		for _, r := range all {
			if wanted(r.Monitor) {
				want = append(want, r)
			}
		}
		if err := wire.DecodeResultsOf(batch, "eu", wanted, func(r *uptime.Result) { got = append(got, *r) }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("of some (-want +got):\n%s", diff)
		}
	})
}
