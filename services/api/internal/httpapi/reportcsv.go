package httpapi

import (
	"strconv"
	"strings"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/csvtext"
)

// reportCSV writes a page of a report. The last one ends with the total, so that pages
// laid one after the other have it once.
func reportCSV(r *api.Report) []byte {
	rows := [][]string{reportHead}
	for i := range r.Items {
		rows = append(rows, reportCells(&r.Items[i], r.Items[i].Name))
	}
	if r.NextCursor.IsNull() {
		rows = append(rows, reportCells(&r.Total, "TOTAL"))
	}
	return csvtext.Table(rows)
}

func reportCells(row *api.ReportRow, name string) []string {
	id := ""
	if v := optional[uptime.ID](row.WebsiteID); v != nil {
		id = v.String()
	}
	return []string{
		id, csvtext.Guard(name), csvtext.Guard(strings.Join(row.Tags, " ")), cellOf(row.UptimePercent), numberCell(row.CoveragePercent),
		numberCell(row.DownSeconds), strconv.Itoa(row.Incidents), cellOf(row.MttrSeconds), cellOf(row.LongestOutageSeconds),
		cellOf(row.P50Ms), cellOf(row.P95Ms), cellOf(row.P99Ms), cellOf(row.TargetPercent), cellOf(row.BudgetSeconds),
		cellOf(row.BudgetLeftSeconds),
	}
}

func numberCell(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
