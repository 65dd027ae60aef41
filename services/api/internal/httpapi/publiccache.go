package httpapi

import (
	"context"
	"errors"
	"regexp"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

const (
	// publicFor is for how long a public page is not read anew, however many look at it.
	publicFor = 5 * time.Second
	// publicTime bounds one reading.
	publicTime = 5 * time.Second
	// publicKept is of how many pages the last good reading is kept.
	publicKept = 1000
)

var isSlug = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// publicCache keeps the last good reading of public pages. Those who come while one is
// being read anew get what there is; if it cannot be read they get it, too, and are told.
type publicCache struct {
	read func(ctx context.Context, slug string) (*api.PublicStatus, error)
	now  func() time.Time

	mu    sync.Mutex
	pages *lru.Cache[string, *publicPage]
}

type publicPage struct {
	turn chan struct{} // held by whoever reads it

	mu     sync.Mutex
	status *api.PublicStatus // nil: never read
	tried  time.Time
	failed bool // the last time

	forms map[string]publicForm // by what kind of text it is
}

// publicForm is a page as it was written last, for as long as nothing of it has changed:
// its age is told in seconds.
type publicForm struct {
	of     *api.PublicStatus
	failed bool
	at     time.Time // to the second
	body   []byte
}

// written returns a page in one of its forms, which is written at most once a second.
func (c *publicCache) written(slug, kind string, of *api.PublicStatus, failed bool, write func(time.Time) ([]byte, error)) ([]byte, error) {
	p, at := c.page(slug), c.now().Truncate(time.Second)
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.forms[kind]; f.of == of && f.failed == failed && f.at.Equal(at) {
		return f.body, nil
	}
	body, err := write(at)
	if err != nil {
		return nil, err
	}
	if p.forms == nil {
		p.forms = map[string]publicForm{}
	}
	p.forms[kind] = publicForm{of: of, failed: failed, at: at, body: body}
	return body, nil
}

func newPublicCache(now func() time.Time, read func(context.Context, string) (*api.PublicStatus, error)) *publicCache {
	pages, err := lru.New[string, *publicPage](publicKept)
	if err != nil {
		panic(err) // Only of a size below 1.
	}
	return &publicCache{read: read, now: now, pages: pages}
}

// get returns a page, and whether it could not be read just now. The error for one that
// is not there, or not published, is postgres.ErrNotFound.
func (c *publicCache) get(ctx context.Context, slug string) (*api.PublicStatus, bool, error) {
	if !isSlug.MatchString(slug) {
		return nil, false, postgres.ErrNotFound
	}
	p := c.page(slug)
	status, failed, due := p.look(c.now())
	if !due {
		return status, failed, nil
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	default:
		if status != nil {
			return status, failed, nil
		}
		select {
		case p.turn <- struct{}{}:
			defer func() { <-p.turn }()
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
	if status, failed, due = p.look(c.now()); !due {
		return status, failed, nil
	}
	// Whoever waits for it shall not lose it because this caller has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publicTime)
	defer cancel()
	fresh, err := c.read(ctx, slug)
	if errors.Is(err, postgres.ErrNotFound) {
		c.forget(slug)
		return nil, false, err
	}
	status, failed = p.take(fresh, err != nil, c.now())
	if status == nil {
		c.forget(slug)
		return nil, false, err
	}
	return status, failed, nil
}

// look returns what is known, and whether it is due to be read.
func (p *publicPage) look(now time.Time) (status *api.PublicStatus, failed, due bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	since := now.Sub(p.tried)
	return p.status, p.failed, p.status == nil || since >= publicFor || since < 0
}

func (p *publicPage) take(fresh *api.PublicStatus, failed bool, now time.Time) (*api.PublicStatus, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !failed {
		p.status = fresh
	}
	p.failed, p.tried = failed, now
	return p.status, p.failed
}

func (c *publicCache) page(slug string) *publicPage {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.pages.Get(slug)
	if !ok {
		p = &publicPage{turn: make(chan struct{}, 1)}
		c.pages.Add(slug, p)
	}
	return p
}

// forget drops what is kept of a page: it has changed.
func (c *publicCache) forget(slug string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pages.Remove(slug)
}
