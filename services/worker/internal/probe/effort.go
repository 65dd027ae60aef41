package probe

import (
	"context"
	"runtime"

	"golang.org/x/sync/semaphore"
)

// light is how many bytes of what a target said may be looked at without asking: in a
// thousandth of a second the slowest expression is through with them.
const light = 1 << 10

// processors are those that look at what targets said. Expressions and paths are bounded,
// to half a second or so at worst; if all checks of a worker did that side by side each would
// take minutes, as would every other check. So few do at once, the others wait, and half of
// the processors are left to the network.
var processors = semaphore.NewWeighted(int64(max(1, runtime.GOMAXPROCS(0)/2)))

// Effort does what takes a processor, such as looking for an expression in so many bytes
// of what a target said, when it is its turn; false if ctx ended before. Half a dozen
// bytes take no turn.
func Effort(ctx context.Context, bytes int, do func()) bool {
	if bytes <= light {
		do()
		return true
	}
	if !processors.TryAcquire(1) && processors.Acquire(ctx, 1) != nil {
		return false
	}
	defer processors.Release(1)
	do()
	return true
}
