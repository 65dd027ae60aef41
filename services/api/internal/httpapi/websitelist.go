package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// websiteList is what the lists of websites have in common in their parameters.
type websiteList struct {
	Q      *api.Search
	Tag    *api.TagFilter
	Kind   *api.KindFilter
	Status *api.StatusFilter
	Sort   *string
	Limit  *api.Limit
}

// websiteFilter returns the filter that parameters ask for, without a cursor; it asks for
// one website more than a page has, which tells of a next page.
func (l websiteList) websiteFilter() postgres.WebsiteFilter {
	f := postgres.WebsiteFilter{
		Query: deref(l.Q), Tags: listed(strings.ToLower(deref(l.Tag))), Kind: deref(l.Kind), Limit: limitOf(l.Limit) + 1,
		Sort: postgres.WebsiteSort(deref(l.Sort)),
	}
	for _, status := range listed(deref(l.Status)) {
		f.Statuses = append(f.Statuses, postgres.Status(status))
	}
	return f
}

// listed splits a list with commas; nil if there is nothing in it.
func listed(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// websiteCursor is where a page of websites has ended. The key of the order goes along,
// so that the next page begins there even if the website is gone or was renamed; what
// the page was filtered by does, too, as a place in one list is none in another.
type websiteCursor struct {
	Of   []byte    `json:"f"`
	ID   uptime.ID `json:"i"`
	Name string    `json:"n,omitempty"`
	Rank int       `json:"r,omitempty"`
}

// fingerprint tells lists apart: of what kind, with which filter, in which order.
func fingerprint(kind byte, f postgres.WebsiteFilter) []byte {
	f.After, f.Limit = postgres.WebsitePlace{}, 0
	if f.Sort == "" {
		f.Sort = postgres.SortCreated
	}
	text, _ := json.Marshal(f) // Of texts and numbers only.
	sum := sha256.Sum256(append(text, kind))
	return sum[:8]
}

// websiteCursorOf returns the cursor behind the last website of a page.
func websiteCursorOf(kind byte, f postgres.WebsiteFilter, last *postgres.Website) nullable.Nullable[string] {
	place := last.Place()
	c := websiteCursor{Of: fingerprint(kind, f), ID: place.ID}
	switch {
	case strings.HasSuffix(string(f.Sort), string(postgres.SortName)):
		c.Name = place.Name
	case strings.HasSuffix(string(f.Sort), string(postgres.SortStatus)):
		c.Rank = place.Rank
	}
	text, _ := json.Marshal(c) // Of texts and numbers only.
	return value(base64.RawURLEncoding.EncodeToString(text))
}

// websiteAfter returns the place that a cursor of the same list points to, the zero place
// if there is no cursor.
func websiteAfter(kind byte, f postgres.WebsiteFilter, cursor *string) (postgres.WebsitePlace, error) {
	if cursor == nil || *cursor == "" {
		return postgres.WebsitePlace{}, nil
	}
	var c websiteCursor
	text, err := base64.RawURLEncoding.DecodeString(*cursor)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil || c.ID.IsZero() || strings.ContainsRune(c.Name, 0) || c.Rank < 0 || c.Rank > 9 {
		return postgres.WebsitePlace{}, invalidParam("cursor", "is not the next_cursor of a page of this list")
	}
	if string(c.Of) != string(fingerprint(kind, f)) {
		return postgres.WebsitePlace{}, invalidParam("cursor", "is of a page with another filter or order: begin anew without it")
	}
	return postgres.WebsitePlace{ID: c.ID, Name: c.Name, Rank: c.Rank}, nil
}

// websitePage returns a page of websites and the cursor behind it.
func (s *Server) websitePage(ctx context.Context, kind byte, f postgres.WebsiteFilter, cursor *string) ([]postgres.Website, nullable.Nullable[string], error) {
	var err error
	if f.After, err = websiteAfter(kind, f, cursor); err != nil {
		return nil, nil, err
	}
	websites, err := s.Store.Websites(ctx, callerOf(ctx).Org, f)
	if err != nil {
		return nil, nil, err
	}
	websites, more := page(websites, f.Limit-1)
	if !more {
		return websites, null[string](), nil
	}
	return websites, websiteCursorOf(kind, f, &websites[len(websites)-1]), nil
}

// ListWebsites implements [api.StrictServerInterface].
func (s *Server) ListWebsites(ctx context.Context, r api.ListWebsitesRequestObject) (api.ListWebsitesResponseObject, error) {
	p := r.Params
	f := websiteList{Q: p.Q, Tag: p.Tag, Kind: p.Kind, Status: p.Status, Sort: (*string)(p.Sort), Limit: p.Limit}.websiteFilter()
	f.ManagedBy, f.ExternalID = deref(p.ManagedBy), deref(p.ExternalID)
	websites, next, err := s.websitePage(ctx, cursorWebsite, f, p.Cursor)
	if err != nil {
		return nil, err
	}
	out := api.WebsitePage{Items: make([]api.Website, len(websites)), NextCursor: next}
	for i := range websites {
		out.Items[i] = s.websiteView(ctx, &websites[i])
	}
	return api.ListWebsites200JSONResponse(out), nil
}

// ListTags implements [api.StrictServerInterface].
func (s *Server) ListTags(ctx context.Context, _ api.ListTagsRequestObject) (api.ListTagsResponseObject, error) {
	tags, err := s.Store.Tags(ctx, callerOf(ctx).Org)
	if err != nil {
		return nil, err
	}
	out := api.ListTags200JSONResponse{Items: make([]api.TagCount, len(tags))}
	for i, t := range tags {
		n := t.Statuses
		out.Items[i] = api.TagCount{Tag: t.Tag, Websites: t.Websites, Counts: api.StatusCounts{
			Pending: n[postgres.StatusPending], Paused: n[postgres.StatusPaused], Unknown: n["unknown"], Up: n["up"],
			Degraded: n["degraded"], Down: n["down"],
		}}
	}
	return out, nil
}
