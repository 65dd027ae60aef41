package judge

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestTimersFireInOrderAndNotBeforeTheirTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var q timers
		var want []uptime.Instant
		now := uptime.Instant(0)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "push") {
				at := now + uptime.Instant(rapid.IntRange(1, 50).Draw(t, "in"))
				q.push(at, int32(len(want)))
				want = append(want, at)
				slices.Sort(want)
				continue
			}
			now += uptime.Instant(rapid.IntRange(0, 30).Draw(t, "pass"))
			for {
				fired, ok := q.pop(now)
				if !ok {
					break
				}
				if len(want) == 0 || fired.at != want[0] || fired.at > now {
					t.Fatalf("at %d fired %d, waiting were %v", now, fired.at, want)
				}
				want = want[1:]
			}
			if len(want) > 0 && (want[0] <= now || q.next() != want[0]) {
				t.Fatalf("at %d next is %d, waiting are %v", now, q.next(), want)
			}
		}
	})
}
