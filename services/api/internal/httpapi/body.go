package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/shape"
)

const (
	// maxBody bounds a request's body in bytes unless the document says otherwise with
	// x-max-bytes; the largest sensible one, a channel with a long template, has a tenth of it.
	maxBody = 1 << 20
	// maxBulky is how many requests that may have more are worked on at once: read, one takes
	// up to ten times its length in memory.
	maxBulky = 4
)

// The types of bodies.
const (
	typeJSON = "application/json"
	typeCSV  = "text/csv"
)

// admitQuery holds the query to the document.
func admitQuery(c *gin.Context, op *operation) error {
	query, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil && !op.open {
		return malformed("The query cannot be read.")
	}
	errs := shape.Query(op.params, query)
	if !op.open {
		errs = append(errs, shape.Unknown(op.params, query)...)
	}
	if len(errs) > 0 {
		return invalid(api.FieldErrorInQuery, errs...)
	}
	return nil
}

// admitBody reads the body, checks it, and leaves it to be decoded.
func (s *Server) admitBody(c *gin.Context, op *operation) error {
	isCSV, err := typed(c, op)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, op.most))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &problem{
			status: http.StatusRequestEntityTooLarge, kind: "too-large", title: "Body too large",
			detail: fmt.Sprintf("A body may have at most %d MiB.", op.most>>20),
		}
	case err != nil:
		return malformed("The body could not be read to its end.")
	}
	if len(bytes.TrimSpace(text)) == 0 {
		if op.needed {
			return malformed("A JSON body is needed.")
		}
		c.Request.Body = io.NopCloser(bytes.NewReader(nil))
		return nil
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(text))
	if isCSV {
		return nil // who reads it says by line what is wrong
	}
	return shaped(text, op)
}

// typed finds out whether a body is CSV. All other types are taken for JSON, whatever a
// client says, unless there is a choice.
func typed(c *gin.Context, op *operation) (isCSV bool, err error) {
	said := c.GetHeader("Content-Type")
	kind, _, parsed := mime.ParseMediaType(said)
	if parsed != nil {
		kind = said
	}
	wrong := &problem{
		status: http.StatusUnsupportedMediaType, kind: "unsupported-type", title: "Unsupported type of body",
		detail: "Send JSON with Content-Type: application/json.",
	}
	switch {
	case kind == typeCSV && op.csv:
		c.Request.Header.Set("Content-Type", typeCSV)
		return true, nil
	case kind == typeCSV:
		return false, wrong
	case op.csv && kind != "" && kind != typeJSON:
		wrong.detail = "Say what the body is: Content-Type: application/json or text/csv."
		return false, wrong
	case op.csv:
		c.Request.Header.Set("Content-Type", typeJSON)
	}
	return false, nil
}

// shaped holds a JSON body to its schema.
func shaped(text []byte, op *operation) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return malformed("The body is not valid JSON: " + err.Error() + ".")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return malformed("The body is more than one JSON value.")
	}
	if errs := shape.Body(op.body, value); len(errs) > 0 {
		return invalid(api.FieldErrorInBody, errs...)
	}
	return nil
}
