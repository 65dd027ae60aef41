package httpapi

import (
	"bytes"
	"net/http"

	"github.com/gin-gonic/gin"
)

// heldWriter keeps an answer back until it is released, so that what depends on all of it
// can be decided first. Only answers that are made in memory anyway are held.
type heldWriter struct {
	gin.ResponseWriter
	body bytes.Buffer
	done bool // a status or a body was written
}

// held runs what follows and returns its answer. After a panic nothing is left of it.
func held(c *gin.Context) *heldWriter {
	w := &heldWriter{ResponseWriter: c.Writer}
	c.Writer = w
	defer func() { c.Writer = w.ResponseWriter }()
	c.Next()
	return w
}

// release sends what was held.
func (w *heldWriter) release() {
	if w.done {
		w.ResponseWriter.WriteHeaderNow()
		_, _ = w.ResponseWriter.Write(w.body.Bytes()) // An error means that the client is gone.
	}
}

// Write implements [http.ResponseWriter].
func (w *heldWriter) Write(p []byte) (int, error) {
	w.done = true
	return w.body.Write(p)
}

// WriteString implements [gin.ResponseWriter].
func (w *heldWriter) WriteString(text string) (int, error) {
	w.done = true
	return w.body.WriteString(text)
}

// WriteHeaderNow implements [gin.ResponseWriter].
func (w *heldWriter) WriteHeaderNow() { w.done = true }

// Written implements [gin.ResponseWriter].
func (w *heldWriter) Written() bool { return w.done }

// Size implements [gin.ResponseWriter].
func (w *heldWriter) Size() int { return w.body.Len() }

// Flush implements [http.Flusher].
func (w *heldWriter) Flush() {}

var _ http.Flusher = (*heldWriter)(nil)
