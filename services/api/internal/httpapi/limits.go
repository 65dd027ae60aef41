package httpapi

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// The headers of draft-ietf-httpapi-ratelimit-headers.
const (
	headerLimit  = "RateLimit"
	headerPolicy = "RateLimit-Policy"
)

// maxLimited bounds the callers, and the addresses, that are counted, at some 200 bytes each. Who has
// not called for longest is forgotten, and begins anew.
const maxLimited = 20_000

// limits is how often one may call: so many times at once, and as many again within each
// minute. Each process counts for itself, so that calls need no other engine to be
// counted, and go on without it: n replicas let through n times as many.
type limits struct {
	perMinute int // 0: as often as one likes
	buckets   *lru.Cache[string, *rate.Limiter]
}

func newLimits(perMinute int) (*limits, error) {
	buckets, err := lru.New[string, *rate.Limiter](maxLimited)
	if err != nil {
		return nil, fmt.Errorf("memory of limits: %w", err)
	}
	return &limits{perMinute: perMinute, buckets: buckets}, nil
}

// allowance is what is left to a caller.
type allowance struct {
	left  int
	reset time.Duration // until all of it is there again
	wait  time.Duration // until the next call; 0: this one is let through
}

// take counts a call.
func (l *limits) take(who string, now time.Time) allowance {
	perSecond := float64(l.perMinute) / time.Minute.Seconds()
	fresh := rate.NewLimiter(rate.Limit(perSecond), l.perMinute)
	bucket, known, _ := l.buckets.PeekOrAdd(who, fresh)
	if known {
		l.buckets.Get(who) // it has called last
	} else {
		bucket = fresh
	}
	allowed := bucket.AllowN(now, 1)
	left := max(0, bucket.TokensAt(now))
	a := allowance{left: int(left), reset: seconds64((float64(l.perMinute) - left) / perSecond)}
	if !allowed {
		a.left, a.wait = 0, seconds64((1-left)/perSecond)
	}
	return a
}

func seconds64(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// whole rounds up to seconds.
func whole(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// unlimited names the operations that anybody may call as often as it takes: jobs behind
// one address must not silence each other. Each heartbeat has a limit of its own.
var unlimited = map[string]bool{"pingByGet": true, "pingByHead": true, "pingByPost": true}

// metered counts a call for its caller, or for its address if nobody is known to call,
// and says what is left.
func (s *Server) metered(c *gin.Context, op *operation, caller *Caller) error {
	l, policy := s.perAddress, "address"
	var who string
	switch {
	case unlimited[op.id]:
		return nil
	case caller == nil:
		who = addressOf(c.ClientIP())
	case caller.Session.IsZero():
		l, policy, who = s.perCaller, "key", caller.Prefix
	default:
		l, policy, who = s.perCaller, "session", caller.Session.String()
	}
	if l.perMinute == 0 {
		return nil
	}
	a := l.take(policy+" "+who, s.Now())
	c.Header(headerPolicy, fmt.Sprintf(`%q;q=%d;w=60`, policy, l.perMinute))
	c.Header(headerLimit, fmt.Sprintf(`%q;r=%d;t=%d`, policy, a.left, whole(a.reset)))
	if a.wait == 0 {
		return nil
	}
	return &problem{
		status: http.StatusTooManyRequests, kind: "rate-limited", title: "Too many requests", retryAfter: max(1, whole(a.wait)),
		detail: fmt.Sprintf("One %s may call %d times a minute; see the headers %s and Retry-After.", policy, l.perMinute, headerLimit),
	}
}

// addressOf is what an address counts as: of IPv6 the network, of which one host has all.
func addressOf(text string) string {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return ""
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	const network = 64 // bits, of one subscriber
	prefix, err := ip.WithZone("").Prefix(network)
	if err != nil {
		return ""
	}
	return prefix.String()
}
