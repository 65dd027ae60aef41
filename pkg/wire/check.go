package wire

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// The numbers of message Check in proto/fleet/v1/check.proto.
const (
	checkMonitor  = 1
	checkRevision = 2
	checkDue      = 3
	checkNotAfter = 4
	checkKind     = 5
	checkTarget   = 6
	checkSettings = 7
	checkTimeout  = 8
	checkInterval = 9
	checkRequest  = 10
	checkReplyTo  = 11
	checkCanary   = 12
	checkTest     = 13
)

// EncodeCheck appends the message of a check to dst. The region is not part of it:
// the stream's key names it.
func EncodeCheck(dst []byte, c *uptime.Check) []byte {
	dst = AppendTemplate(dst, c)
	dst = AppendSlot(dst, c.Due, c.NotAfter)
	dst = appendID(dst, checkRequest, c.Request)
	dst = appendText(dst, checkReplyTo, c.ReplyTo)
	dst = appendBool(dst, checkCanary, c.Canary)
	return appendBool(dst, checkTest, c.Test)
}

// AppendTemplate appends all of a check that is the same in every slot and region of
// a monitor. The template and what [AppendSlot] writes, concatenated, are the message
// of a scheduled check: the pusher encodes each monitor once.
func AppendTemplate(dst []byte, c *uptime.Check) []byte {
	dst = protowire.AppendBytes(protowire.AppendTag(dst, checkMonitor, protowire.BytesType), c.Monitor[:])
	dst = appendVarint(dst, checkRevision, uint64(c.Revision))
	dst = appendText(dst, checkKind, string(c.Kind))
	dst = appendText(dst, checkTarget, c.Target)
	dst = appendBytes(dst, checkSettings, c.Settings)
	dst = appendMillis(dst, checkTimeout, c.Timeout)
	return appendMillis(dst, checkInterval, c.Interval)
}

// AppendSlot appends what differs from slot to slot.
func AppendSlot(dst []byte, due, notAfter uptime.Instant) []byte {
	dst = appendFixed(dst, checkDue, due)
	return appendFixed(dst, checkNotAfter, notAfter)
}

// MonitorOf returns the monitor's id of an encoded check without decoding the rest;
// it reports false for bytes that do not begin as [EncodeCheck] writes them.
func MonitorOf(b []byte) (id uptime.ID, ok bool) {
	if len(b) < 18 || b[0] != checkMonitor<<3|byte(protowire.BytesType) || b[1] != 16 {
		return id, false
	}
	copy(id[:], b[2:18])
	return id, true
}

// DecodeCheck reads the message of a check on a stream of region. Unknown fields are
// skipped; a message without a monitor, a kind or a due instant is [ErrMalformed].
func DecodeCheck(b []byte, region string) (uptime.Check, error) {
	c := uptime.Check{Region: region}
	err := eachField(b, func(f field) error { return decodeCheckField(&c, f) })
	if err == nil && (c.Monitor.IsZero() || c.Kind == "" || c.Due == 0) {
		err = fmt.Errorf("%w: check without monitor, kind or due instant", ErrMalformed)
	}
	if err != nil {
		return uptime.Check{}, err
	}
	return c, nil
}

func decodeCheckField(c *uptime.Check, f field) (err error) {
	var s string
	switch {
	case f.num == checkMonitor && f.want(protowire.BytesType):
		c.Monitor, err = f.id("monitor id")
	case f.num == checkRevision && f.want(protowire.VarintType):
		c.Revision = int64(f.number)
	case f.num == checkDue && f.want(protowire.Fixed64Type):
		c.Due = uptime.Instant(f.number)
	case f.num == checkNotAfter && f.want(protowire.Fixed64Type):
		c.NotAfter = uptime.Instant(f.number)
	case f.num == checkKind && f.want(protowire.BytesType):
		s, err = f.text("kind", string(uptime.KindHTTP))
		c.Kind = uptime.Kind(s)
	case f.num == checkTarget && f.want(protowire.BytesType):
		c.Target, err = f.text("target", "")
	case f.num == checkSettings && f.want(protowire.BytesType):
		c.Settings = append([]byte(nil), f.bytes...)
	case f.num == checkTimeout && f.want(protowire.VarintType):
		c.Timeout = f.millis()
	case f.num == checkInterval && f.want(protowire.VarintType):
		c.Interval = f.millis()
	case f.num == checkRequest && f.want(protowire.BytesType):
		c.Request, err = f.id("request id")
	case f.num == checkReplyTo && f.want(protowire.BytesType):
		c.ReplyTo, err = f.text("reply key", "")
	case f.num == checkCanary && f.want(protowire.VarintType):
		c.Canary = protowire.DecodeBool(f.number)
	case f.num == checkTest && f.want(protowire.VarintType):
		c.Test = protowire.DecodeBool(f.number)
	}
	return err
}
