package watchdog

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Asked every 5 s, it is time for a ping every minute, and 10 s after one that failed.
func TestWhenToPing(t *testing.T) {
	t.Parallel()
	begun := time.Unix(0, 0)
	b := beats{every: PingEvery, again: pingAgain, slack: LookEvery / 2}
	failing := map[int]bool{120: true, 130: true}
	var at []int
	for s := 0; s <= 260; s += 5 {
		// A look is never quite on time.
		now := begun.Add(time.Duration(s)*time.Second + time.Duration(s%7)*time.Millisecond)
		if !b.due(now) {
			continue
		}
		at = append(at, s)
		var err error
		if failing[s] {
			err = errors.New("no network")
		}
		b.pinged(now, err)
	}
	if diff := cmp.Diff([]int{0, 60, 120, 130, 140, 200, 260}, at); diff != "" {
		t.Errorf("pings at (-want +got):\n%s", diff)
	}
}
