package httpprobe

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// explain gives an error of the visit a reason, where it takes more than its type.
func (v *visit) explain(ctx context.Context, err error) error {
	if v.settings.HTTPVersion == "3" {
		if known := explain3(ctx, err, v.tracer.stage()); known != nil {
			return known
		}
	}
	if v.settings.HTTPVersion == "2" && ctx.Err() == nil && v.tracer.stage() == stageSent && v.target.Scheme == "http" && brokeOff(err) {
		// Without TLS nobody has asked whether it does. One of HTTP/1.1 closes at our first
		// words, often before its answer is read.
		return &link.Failure{Reason: uptime.ReasonProtocol, Detail: "the server breaks off where HTTP/2 begins, and seems not to speak it"}
	}
	return explain(ctx, v.hands.Explain(err))
}

func brokeOff(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		strings.Contains(err.Error(), "client conn could not be established") || strings.Contains(err.Error(), "client connection lost")
}

// explain gives a reason to errors of net/http that have no type to know them by; the
// others are left to [link.Classify].
func explain(ctx context.Context, err error) error {
	known := (*link.Failure)(nil)
	if ctx.Err() != nil || errors.As(err, &known) || errors.Is(err, syscall.ECONNRESET) {
		return err // it has a type, or how the connection was found to be at its end does not matter
	}
	text := err.Error()
	says := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(text, part) {
				return true
			}
		}
		return false
	}
	switch {
	case says("response headers exceeded", "header list larger", "HEADERS frame too large", "http3: headers too large"):
		return link.Failf(uptime.ReasonHeaderTooLarge, "more than %d KiB of headers", MaxHeaderBytes>>10)
	case says("net/http: invalid "):
		return link.Failf(uptime.ReasonInvalid, "request: %s", text)
	case says("no application protocol"):
		return link.Failf(uptime.ReasonProtocol, "the server does not speak the wanted version of HTTP: %s", text)
	case says("frame header looked like an HTTP/1.1 header"):
		return link.Failf(uptime.ReasonProtocol, "the server does not speak HTTP/2")
	case says("sent GOAWAY", "received from peer") && says("NO_ERROR", "INTERNAL_ERROR", "REFUSED_STREAM", "CANCEL", "ENHANCE_YOUR_CALM"):
		return &link.Failure{Reason: uptime.ReasonReset, Detail: text}
	case says("sent GOAWAY", "received from peer"):
		return link.Failf(uptime.ReasonProtocol, "%s", text)
	case says("server closed idle connection", "client connection lost", "connection reset", "client conn could not be established"):
		return &link.Failure{Reason: uptime.ReasonReset, Detail: text}
	}
	return err
}

// statusText names a status for people.
func statusText(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}
