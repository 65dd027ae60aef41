package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/stream"
)

const (
	// defaultBeat is well below the time after which proxies close what is silent.
	defaultBeat = 15 * time.Second
	// streamWrite is how long one write may take: a client that takes nothing for so
	// long is gone, and the end of the process need not wait for more.
	streamWrite = 5 * time.Second
	// streamTogether bounds how many events go out in one write.
	streamTogether = 64
)

// eventStream is an answer that goes on until the client, its key or the process ends.
type eventStream struct {
	s    *Server
	c    *gin.Context
	sub  *stream.Subscription
	wish stream.Wish
	// Who looks on. A confined one is told of the websites that it sees when it is told.
	caller Caller
	sight  map[uptime.ID]seen

	w   http.ResponseWriter
	rc  *http.ResponseController
	buf bytes.Buffer
}

// VisitStreamEventsResponse implements [api.StreamEventsResponseObject].
func (e *eventStream) VisitStreamEventsResponse(w http.ResponseWriter) error {
	defer e.sub.Close()
	e.w, e.rc = w, http.NewResponseController(w)
	// The request is read. What is left of the time for it would end the stream.
	_ = e.rc.SetReadDeadline(time.Time{})
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close") // the deadlines are this answer's
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if err := e.run(e.c.Request.Context()); err != nil {
		// The head is out: all that can be told is that the stream ends.
		e.s.log.DebugContext(e.c.Request.Context(), "a stream ended", "err", err, "request_id", requestID(e.c))
	}
	return nil
}

func (e *eventStream) run(ctx context.Context) error {
	if err := e.begin(ctx); err != nil {
		return err
	}
	beat := time.NewTicker(e.s.BeatEvery)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.sub.Done():
			return e.end()
		case event := <-e.sub.Events():
			err := e.tell(ctx, event)
			for n := 1; n < streamTogether && len(e.sub.Events()) > 0 && err == nil; n++ {
				err = e.tell(ctx, <-e.sub.Events())
			}
			if err != nil {
				return err
			}
		case <-beat.C:
			if !e.stillAdmitted() {
				return ErrDenied
			}
			e.buf.WriteString(": beat\n")
			if at, all := e.sub.Position(); all {
				fmt.Fprintf(&e.buf, "id: %s\n", at)
			}
			e.buf.WriteByte('\n')
		}
		if err := e.flush(); err != nil {
			return err
		}
	}
}

// begin tells what the client has missed, and where it is.
func (e *eventStream) begin(ctx context.Context) error {
	e.retry()
	if e.wish.After == "" {
		fmt.Fprintf(&e.buf, "id: %s\n\n", e.sub.From())
		return e.flush()
	}
	if err := e.flush(); err != nil {
		return err
	}
	n := 0
	err := e.sub.Resume(ctx, func(event stream.Event) error {
		if err := e.tell(ctx, event); err != nil {
			return err
		}
		if n++; n%streamTogether != 0 {
			return nil
		}
		return e.flush()
	})
	if errors.Is(err, stream.ErrLost) {
		e.put(stream.Reset("expired", e.sub.From()))
		err = nil
	}
	return errors.Join(err, e.flush())
}

// end says goodbye to a client that is let go.
func (e *eventStream) end() error {
	if errors.Is(e.sub.Err(), stream.ErrSlow) {
		at, _ := e.sub.Position()
		e.put(stream.Reset("slow", at))
	}
	e.retry()
	return e.flush()
}

// retry says when to come back: not all at once.
func (e *eventStream) retry() {
	fmt.Fprintf(&e.buf, "retry: %d\n\n", 1000+rand.IntN(3000))
}

func (e *eventStream) put(event stream.Event) {
	if event.ID != "" {
		fmt.Fprintf(&e.buf, "id: %s\n", event.ID)
	}
	fmt.Fprintf(&e.buf, "event: %s\ndata: ", event.Type)
	for _, c := range event.Data { // JSON in which a break of a line is but white space
		if c == '\n' || c == '\r' {
			c = ' '
		}
		e.buf.WriteByte(c)
	}
	e.buf.WriteString("\n\n")
}

// flush sends what is written.
func (e *eventStream) flush() error {
	_ = e.rc.SetWriteDeadline(time.Now().Add(streamWrite))
	_, err := e.w.Write(e.buf.Bytes())
	e.buf.Reset()
	if err != nil {
		return err
	}
	return e.rc.Flush()
}

// stillAdmitted tells whether the key or the session is still good for the stream. What cannot be found
// out now is asked again at the next heartbeat.
func (e *eventStream) stillAdmitted() bool {
	caller, err := e.s.authenticate(e.c, visitOf(e.c.Request.Context()))
	var p *problem
	if errors.As(err, &p) && p.status == http.StatusUnauthorized {
		return false
	}
	return err != nil || caller.Org == e.wish.Org && suffices(caller.Scopes, scopeRead) && sameConfines(&caller, &e.caller)
}
