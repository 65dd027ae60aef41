package httpapi

import (
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// quotaExceeded tells what an organisation may have and what it has.
func quotaExceeded(e *postgres.QuotaExceeded) *problem {
	what := map[string]string{"checks_per_minute": "checks per minute"}[e.What]
	if what == "" {
		what = e.What
	}
	return &problem{
		status: http.StatusForbidden, kind: "quota", title: "Quota exceeded", cause: e,
		detail: fmt.Sprintf("The organisation may have %d %s and has %s; with this it would have %s.", e.Limit, what, amount(e.Used), amount(e.Asked)),
	}
}

// amount writes a number with at most two digits behind the point.
func amount(n float64) string { return strconv.FormatFloat(math.Round(n*100)/100, 'f', -1, 64) }

// quotaView shows how much there is of something and how much there may be; 0: no limit.
func quotaView(used float64, limit int) api.Quota {
	out := api.Quota{Used: math.Round(used*100) / 100, Limit: nullable.NewNullNullable[int]()}
	if limit > 0 {
		out.Limit = value(limit)
	}
	return out
}
