package region

import (
	"strings"

	"github.com/probefleet/probefleet/pkg/queue"
)

// ExampleFile is where Example is kept for those who run a Redis of their own.
const ExampleFile = "deploy/redis/users.acl"

// Example returns the users of Redis as an ACL file has them: the core, and a region's
// workers elsewhere by the queue's rules.
func Example() string {
	rules := queue.ACLRules("eu-west")[1:] // "reset" is for a user that is there
	return `# Users of Redis as the core and one region elsewhere have them. No comments in the real
# file, which aclfile names; the passwords as SHA-256 in hexadecimal.
user default on #SHA256-OF-ITS-PASSWORD ~* &* +@all
user region-eu-west ` + rules[0] + " #SHA256-OF-ITS-PASSWORD " + strings.Join(rules[1:], " ") + "\n"
}
