package httpprobe

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

const (
	// maxTokens bounds the cache.
	maxTokens = 4096
	// refusalLife is how long a refusal of the issuer holds. It is less than what lies
	// between two rounds of confirmation, which are to see for themselves.
	refusalLife = time.Second
)

// tokens keeps access tokens until shortly before they expire. Two monitors share one
// only if they have all credentials in common. Of checks that want the same one at the
// same time, one asks the issuer and the others wait for what it is told.
type tokens struct {
	flights singleflight.Group
	now     func() time.Time

	mu    sync.Mutex
	byKey map[tokenKey]token
}

// tokenKey is a digest, so that no credentials lie about in it.
type tokenKey [sha256.Size]byte

// token is what an issuer said: a token, or no.
type token struct {
	text    string
	refusal *link.Failure
	expires time.Time
}

// grant asks an issuer. Its failures are final where the issuer said no.
type grant func(ctx context.Context) (text string, life time.Duration, failed *link.Failure)

func newTokens() *tokens { return &tokens{byKey: map[tokenKey]token{}, now: time.Now} }

// get returns a token from the cache or from the issuer, and whether it was there already.
func (t *tokens) get(ctx context.Context, key tokenKey, ask grant) (text string, cached bool, err error) {
	for {
		if found, ok := t.find(key); ok {
			return said(found, true)
		}
		asked := t.flights.DoChan(string(key[:]), func() (any, error) { return t.fly(ctx, key, ask), nil })
		landed, ok := await(ctx, asked)
		switch {
		case !ok:
			return "", false, context.DeadlineExceeded
		case landed.panicked != "":
			panic(landed.panicked) // for the runner to report
		case landed.cut && ctx.Err() == nil:
			continue // the check that asked had less time than this one
		}
		return said(landed.token, landed.found)
	}
}

// said returns a token, or the refusal as an error, which nil must not become.
func said(t token, cached bool) (string, bool, error) {
	if t.refusal != nil {
		return "", cached, t.refusal
	}
	return t.text, cached, nil
}

// landing is how asking an issuer ended.
type landing struct {
	token
	found    bool   // it was in the cache by then
	cut      bool   // the check that asked was over before the issuer had answered
	panicked string // with the stack
}

// fly asks the issuer, within the time of the check that came first.
func (t *tokens) fly(ctx context.Context, key tokenKey, ask grant) (l landing) {
	defer func() {
		if v := recover(); v != nil { // beyond here it would end the worker
			l = landing{panicked: fmt.Sprintf("%v\n%s", v, debug.Stack())}
		}
	}()
	if found, ok := t.find(key); ok { // kept between the look and the take-off
		return landing{token: found, found: true}
	}
	text, life, failed := ask(ctx)
	switch {
	case failed == nil:
		t.keep(key, token{text: text}, life)
	case failed.Final:
		t.keep(key, token{refusal: failed}, refusalLife)
	}
	return landing{token: token{text: text, refusal: failed}, cut: failed != nil && ctx.Err() != nil}
}

// await takes what a flight brought, also when it lands just after the end of ctx: who
// asked is to hear how far that got.
func await(ctx context.Context, asked <-chan singleflight.Result) (landing, bool) {
	var r singleflight.Result
	select {
	case r = <-asked:
	case <-ctx.Done():
		grace := time.NewTimer(deadlineGrace)
		defer grace.Stop()
		select {
		case r = <-asked:
		case <-grace.C:
			return landing{}, false
		}
	}
	l, ok := r.Val.(landing)
	return l, ok
}

func (t *tokens) find(key tokenKey) (token, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found, ok := t.byKey[key]
	if !ok || !t.now().Before(found.expires) {
		delete(t.byKey, key)
		return token{}, false
	}
	return found, true
}

// keep stores what an issuer said for its life; where there is no room those that have
// expired go, and if there are none, any.
func (t *tokens) keep(key tokenKey, said token, life time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if len(t.byKey) >= maxTokens {
		for k, old := range t.byKey {
			if !now.Before(old.expires) {
				delete(t.byKey, k)
			}
		}
	}
	for k := range t.byKey {
		if len(t.byKey) < maxTokens {
			break
		}
		delete(t.byKey, k)
	}
	said.expires = now.Add(life)
	t.byKey[key] = said
}

// forget drops a token that a target has refused, unless there is another one by now.
func (t *tokens) forget(key tokenKey, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byKey[key].text == text {
		delete(t.byKey, key)
	}
}

// keyOf tells tokens apart: by all that is sent for one, and by whom we trust to be the
// issuer.
func keyOf(auth *monitorspec.Auth, tls *monitorspec.ClientTLS) tokenKey {
	b, err := json.Marshal([]any{auth, tls.SkipVerify, tls.CA, tls.MinVersion})
	if err != nil {
		panic(err) // texts only
	}
	return sha256.Sum256(b)
}

// usedToken is the token of a visit.
type usedToken struct {
	key     tokenKey
	text    string
	cached  bool // it was there already
	refused bool // one before it was refused
}

// accessToken returns a token of the client credentials grant (RFC 6749, section 4.4),
// from the cache or from the issuer. From then on it is a secret of the visit.
func (v *visit) accessToken(ctx context.Context, auth *monitorspec.Auth) (string, error) {
	v.token.key = keyOf(auth, &v.settings.TLS)
	text, cached, err := v.tokens.get(ctx, v.token.key, func(ctx context.Context) (string, time.Duration, *link.Failure) {
		trace := link.Begin()
		text, life, err := v.askForToken(trace.Context(ctx), auth)
		if err == nil {
			return text, life, nil
		}
		failed := link.Classify(ctx, explain(ctx, err), trace.Stage())
		return "", 0, &failed
	})
	if err != nil {
		failed := (*link.Failure)(nil)
		if !errors.As(err, &failed) {
			failed = new(link.Classify(ctx, err, stageSent))
		}
		told := *failed // it is others' as well
		told.Detail = "token URL: " + told.Detail
		return "", &told
	}
	v.token.text, v.token.cached = text, cached
	v.secrets = append(v.secrets, text)
	return text, nil
}
