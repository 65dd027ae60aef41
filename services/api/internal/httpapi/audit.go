package httpapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"mime"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// ListAudit implements [api.StrictServerInterface].
func (s *Server) ListAudit(ctx context.Context, r api.ListAuditRequestObject) (api.ListAuditResponseObject, error) {
	p := r.Params
	before, err := fromAuditCursor(p.Cursor)
	if err != nil {
		return nil, err
	}
	if p.From != nil && p.To != nil && !p.From.Before(*p.To) {
		return nil, invalidParam("from", "must be before to")
	}
	limit := limitOf(p.Limit)
	changes, err := s.Store.Audits(ctx, callerOf(ctx).Org, postgres.AuditFilter{
		Actor: deref(p.ActorID), ObjectKind: string(deref(p.ObjectKind)), ObjectID: deref(p.ObjectID),
		From: deref(p.From), To: deref(p.To), Before: before, Limit: limit + 1,
	})
	if err != nil {
		return nil, err
	}
	changes, more := page(changes, limit)
	next, header := null[string](), api.ListAudit200ResponseHeaders{}
	if more {
		cursor := auditCursor(changes[limit-1].ID)
		next, header.XNextCursor = value(cursor), &cursor
	}
	if wantsCSV(ctx, p.Format) {
		text, err := auditCSV(changes)
		return api.ListAudit200TextCsvResponse{Body: bytes.NewReader(text), Headers: header, ContentLength: int64(len(text))}, err
	}
	out := api.AuditPage{Items: make([]api.AuditEntry, len(changes)), NextCursor: next}
	for i := range changes {
		out.Items[i] = auditView(&changes[i])
	}
	return api.ListAudit200JSONResponse{Body: out, Headers: header}, nil
}

func auditView(a *postgres.Audit) api.AuditEntry {
	out := api.AuditEntry{
		ID: a.ID, At: a.At.UTC(), Address: a.Actor.Address, RequestID: a.Actor.Request, Operation: a.Actor.Operation,
		Action: api.AuditEntryAction(a.Action), ObjectKind: api.AuditKind(a.ObjectKind), ObjectID: a.ObjectID,
		Before: nullJSON(a.Before), After: nullJSON(a.After),
	}
	out.Actor.Kind, out.Actor.ID, out.Actor.Name = api.AuditEntryActorKind(a.Actor.Kind), unlessZero(a.Actor.ID), a.Actor.Name
	return out
}

func nullJSON(text json.RawMessage) nullable.Nullable[json.RawMessage] {
	if text == nil {
		return null[json.RawMessage]()
	}
	return value(text)
}

// wantsCSV tells whether a caller asks for a table: by parameter, or else by naming
// nothing but text/csv as what it accepts first.
func wantsCSV(ctx context.Context, format *api.ListAuditParamsFormat) bool {
	if format != nil {
		return *format == api.ListAuditParamsFormatCsv
	}
	c, ok := ctx.(*gin.Context)
	if !ok {
		return false
	}
	first, _, _ := strings.Cut(c.GetHeader("Accept"), ",")
	kind, _, err := mime.ParseMediaType(first)
	return err == nil && kind == "text/csv"
}

var auditColumns = []string{
	"id", "at", "actor_kind", "actor_id", "actor_name", "address", "request_id", "operation", "action", "object_kind", "object_id",
	"before", "after",
}

func auditCSV(changes []postgres.Audit) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.Write(auditColumns); err != nil {
		return nil, err
	}
	for i := range changes {
		a := &changes[i]
		actor := ""
		if !a.Actor.ID.IsZero() {
			actor = a.Actor.ID.String()
		}
		row := []string{
			strconv.FormatInt(a.ID, 10), a.At.UTC().Format(time.RFC3339Nano), a.Actor.Kind, actor, a.Actor.Name, a.Actor.Address,
			a.Actor.Request, a.Actor.Operation, a.Action, a.ObjectKind, a.ObjectID, string(a.Before), string(a.After),
		}
		for j := range row {
			row[j] = cell(row[j])
		}
		if err := w.Write(row); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

// cell keeps a spreadsheet from taking text for a formula: what could begin one gets an
// apostrophe before it (OWASP, CSV Injection).
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(text)[0]) {
		return "'" + text
	}
	return text
}

func auditCursor(id int64) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64([]byte{cursorAudit}, uint64(id)))
}

// fromAuditCursor returns the id in a cursor, 0 if there is none.
func fromAuditCursor(cursor *string) (int64, error) {
	if deref(cursor) == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(*cursor)
	if err != nil || len(b) != 9 || b[0] != cursorAudit || int64(binary.BigEndian.Uint64(b[1:])) <= 0 {
		return 0, invalidParam("cursor", "is not the next_cursor of a page of this list")
	}
	return int64(binary.BigEndian.Uint64(b[1:])), nil
}
