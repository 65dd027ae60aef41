package wire

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// batchResults is the number of the only field of message ResultBatch.
const batchResults = 1

// The numbers of message Result in proto/fleet/v1/result.proto.
const (
	resultMonitor      = 1
	resultRevision     = 2
	resultDue          = 3
	resultStarted      = 4
	resultRequest      = 5
	resultOutcome      = 6
	resultReason       = 7
	resultDetail       = 8
	resultCode         = 9
	resultDNS          = 10
	resultConnect      = 11
	resultTLS          = 12
	resultTTFB         = 13
	resultTransfer     = 14
	resultTotal        = 15
	resultIP           = 16
	resultSite         = 17
	resultWorker       = 18
	resultCanary       = 19
	resultExempt       = 20
	resultAttempts     = 21
	resultEvidence     = 22
	resultCertificate  = 23
	resultRegistration = 24
	resultBegins       = 25
)

// maxTotal is the longest duration that is read, in µs: what a time.Duration holds.
const maxTotal = math.MaxInt64 / uint64(time.Microsecond)

// sizeGuess is the room that is left for the length of a result: one byte holds
// lengths up to 127, which most results have.
const sizeGuess = 1

// EncodeResult appends a batch of one result to dst; batches concatenate. Durations
// are cut to microseconds, the detail to [MaxDetail] bytes; Region and Late are not
// part of the message (the stream names the region, Late is Started − Due). Evidence of
// more than [MaxEvidence] bytes is left out.
func EncodeResult(dst []byte, r *uptime.Result) []byte {
	dst = protowire.AppendTag(dst, batchResults, protowire.BytesType)
	at := len(dst)
	dst = append(dst, make([]byte, sizeGuess)...)
	dst = appendResult(dst, r)
	n := len(dst) - at - sizeGuess
	if size := protowire.SizeVarint(uint64(n)); size != sizeGuess {
		// Move the body to where its length leaves it.
		dst = append(dst, make([]byte, max(size-sizeGuess, 0))...)
		copy(dst[at+size:], dst[at+sizeGuess:at+sizeGuess+n])
		dst = dst[:at+size+n]
	}
	protowire.AppendVarint(dst[:at], uint64(n))
	return dst
}

func appendResult(dst []byte, r *uptime.Result) []byte {
	dst = protowire.AppendBytes(protowire.AppendTag(dst, resultMonitor, protowire.BytesType), r.Monitor[:])
	dst = appendVarint(dst, resultRevision, uint64(r.Revision))
	dst = appendFixed(dst, resultDue, r.Due)
	dst = appendFixed(dst, resultStarted, r.Started)
	dst = appendID(dst, resultRequest, r.Request)
	dst = appendVarint(dst, resultOutcome, uint64(r.Outcome))
	dst = appendVarint(dst, resultReason, uint64(r.Reason))
	dst = appendText(dst, resultDetail, clip(r.Detail, MaxDetail))
	dst = appendVarint(dst, resultCode, uint64(int64(int32(r.Code))))
	dst = appendMicros(dst, resultDNS, r.Phases.DNS)
	dst = appendMicros(dst, resultConnect, r.Phases.Connect)
	dst = appendMicros(dst, resultTLS, r.Phases.TLS)
	dst = appendMicros(dst, resultTTFB, r.Phases.TTFB)
	dst = appendMicros(dst, resultTransfer, r.Phases.Transfer)
	dst = appendVarint(dst, resultTotal, uint64(max(r.Phases.Total/time.Microsecond, 0)))
	dst = appendIP(dst, r.IP)
	dst = appendText(dst, resultSite, r.Site)
	dst = appendText(dst, resultWorker, r.Worker)
	dst = appendVarint(dst, resultCanary, uint64(r.Canary))
	dst = appendBool(dst, resultExempt, r.Exempt)
	dst = appendVarint(dst, resultAttempts, uint64(min(max(r.Attempts, 0), 1<<20)))
	if n := len(r.Evidence); n > 0 && n <= MaxEvidence {
		dst = appendBytes(dst, resultEvidence, r.Evidence)
	}
	dst = appendFixed(dst, resultCertificate, r.CertificateEnds)
	dst = appendFixed(dst, resultRegistration, r.RegistrationEnds)
	return appendBool(dst, resultBegins, r.Begins)
}

func appendIP(dst []byte, ip string) []byte {
	if ip == "" {
		return dst
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return dst
	}
	if addr.Is4() {
		b := addr.As4()
		return appendBytes(dst, resultIP, b[:])
	}
	b := addr.As16()
	return appendBytes(dst, resultIP, b[:])
}

// DecodeResults calls each for every result of a batch that came from a stream of
// region. The Result is reused from call to call: copy what is to be kept (its
// strings and evidence may be). At the first malformed result it stops with [ErrMalformed];
// results before it have been told.
func DecodeResults(b []byte, region string, each func(*uptime.Result)) error {
	return DecodeResultsOf(b, region, nil, each)
}

// DecodeResultsOf is [DecodeResults] for the results of the monitors that are wanted, a
// nil wanted being for all. Of the others no more is read than whose they are.
func DecodeResultsOf(b []byte, region string, wanted func(uptime.ID) bool, each func(*uptime.Result)) error {
	var r, prev uptime.Result
	return eachField(b, func(f field) error {
		if f.num != batchResults || !f.want(protowire.BytesType) {
			return nil
		}
		if wanted != nil {
			if id, err := monitorOf(f.bytes); err != nil || !wanted(id) {
				return err
			}
		}
		r = uptime.Result{Region: region}
		err := eachField(f.bytes, func(f field) error { return decodeResultField(&r, &prev, f) })
		if err == nil && (r.Monitor.IsZero() || r.Due == 0) {
			err = fmt.Errorf("%w: result without monitor or due instant", ErrMalformed)
		}
		if err != nil {
			return err
		}
		if r.Started != 0 {
			r.Late = r.Started.Sub(r.Due)
		}
		prev = r
		each(&r)
		return nil
	})
}

// monitorOf reads whose a result is: the first field, as [EncodeResult] writes it.
func monitorOf(b []byte) (uptime.ID, error) {
	var id uptime.ID
	err := eachField(b, func(f field) (err error) {
		if f.num != resultMonitor || !f.want(protowire.BytesType) {
			return nil
		}
		if id, err = f.id("monitor id"); err != nil {
			return err
		}
		return errFound
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	return id, err
}

// errFound ends a search early.
var errFound = errors.New("found")

// Count returns how many results a batch holds without decoding them.
func Count(b []byte) (int, error) {
	n := 0
	err := eachField(b, func(f field) error {
		if f.num == batchResults && f.want(protowire.BytesType) {
			n++
		}
		return nil
	})
	return n, err
}

func decodeResultField(r, prev *uptime.Result, f field) error {
	switch f.kind {
	case protowire.VarintType:
		decodeResultNumber(r, f)
	case protowire.Fixed64Type:
		switch f.num {
		case resultDue:
			r.Due = uptime.Instant(f.number)
		case resultStarted:
			r.Started = uptime.Instant(f.number)
		case resultCertificate:
			r.CertificateEnds = uptime.Instant(f.number)
		case resultRegistration:
			r.RegistrationEnds = uptime.Instant(f.number)
		}
	case protowire.BytesType:
		return decodeResultBytes(r, prev, f)
	}
	return nil
}

func decodeResultNumber(r *uptime.Result, f field) {
	switch f.num {
	case resultRevision:
		r.Revision = int64(f.number)
	case resultOutcome:
		r.Outcome = uptime.Outcome(min(f.number, 255))
	case resultReason:
		r.Reason = uptime.Reason(min(f.number, 255))
	case resultCode:
		r.Code = int(int32(f.number))
	case resultDNS:
		r.Phases.DNS = f.micros()
	case resultConnect:
		r.Phases.Connect = f.micros()
	case resultTLS:
		r.Phases.TLS = f.micros()
	case resultTTFB:
		r.Phases.TTFB = f.micros()
	case resultTransfer:
		r.Phases.Transfer = f.micros()
	case resultTotal:
		r.Phases.Total = time.Duration(min(f.number, maxTotal)) * time.Microsecond
	case resultCanary:
		r.Canary = uptime.CanaryState(min(f.number, 255))
	case resultExempt:
		r.Exempt = protowire.DecodeBool(f.number)
	case resultAttempts:
		r.Attempts = int(uint32(f.number))
	case resultBegins:
		r.Begins = protowire.DecodeBool(f.number)
	}
}

func decodeResultBytes(r, prev *uptime.Result, f field) (err error) {
	switch f.num {
	case resultMonitor:
		r.Monitor, err = f.id("monitor id")
	case resultRequest:
		r.Request, err = f.id("request id")
	case resultDetail:
		r.Detail, err = f.text("detail", prev.Detail)
	case resultSite:
		r.Site, err = f.text("site", prev.Site)
	case resultWorker:
		r.Worker, err = f.text("worker", prev.Worker)
	case resultEvidence:
		if len(f.bytes) > MaxEvidence {
			return fmt.Errorf("%w: evidence of %d bytes", ErrMalformed, len(f.bytes))
		}
		r.Evidence = slices.Clone(f.bytes)
	case resultIP:
		addr, ok := netip.AddrFromSlice(f.bytes)
		if !ok {
			return fmt.Errorf("%w: address of %d bytes", ErrMalformed, len(f.bytes))
		}
		r.IP = addr.String()
	}
	return err
}
