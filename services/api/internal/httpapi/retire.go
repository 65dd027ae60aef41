package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"
)

// retirement is the end of an operation, as the document announces it: x-deprecated-at is
// the day since when there is something better, x-sunset the day on which it may be gone.
type retirement struct {
	deprecated time.Time // zero: it is not
	sunset     time.Time // zero: not decided
}

// retirementOf reads what the document says of an operation.
func retirementOf(op *openapi3.Operation) (retirement, error) {
	var r retirement
	for name, to := range map[string]*time.Time{"x-deprecated-at": &r.deprecated, "x-sunset": &r.sunset} {
		text, ok := op.Extensions[name].(string)
		if !ok {
			continue
		}
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return r, fmt.Errorf("operation %s: %s: %w", op.OperationID, name, err)
		}
		*to = day
	}
	if op.Deprecated != !r.deprecated.IsZero() || !r.sunset.IsZero() && r.sunset.Before(r.deprecated) {
		return r, fmt.Errorf("operation %s: deprecated, x-deprecated-at and x-sunset contradict each other", op.OperationID)
	}
	return r, nil
}

// announce tells of the end in the headers of RFC 9745 and RFC 8594.
func (r retirement) announce(c *gin.Context, id string) {
	if r.deprecated.IsZero() {
		return
	}
	c.Header("Deprecation", fmt.Sprintf("@%d", r.deprecated.Unix()))
	c.Writer.Header().Add("Link", fmt.Sprintf(`</docs#%s>; rel="deprecation"; type="text/html"`, id))
	if !r.sunset.IsZero() {
		c.Header("Sunset", r.sunset.UTC().Format(http.TimeFormat))
	}
}
