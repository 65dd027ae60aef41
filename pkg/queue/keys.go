package queue

import (
	"strconv"
	"strings"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Every name that the fleet uses in Redis is made in this file, except the fields of
// the ledger, which ledger.go owns. The part in braces is the hash tag: keys of a
// lane share a slot of Redis Cluster.
const (
	keyPrefix  = "pf:"
	keyRegions = keyPrefix + "regions" // set: regions that announced themselves
	// keyLive is the stream of what has just happened, for whoever looks on. No lane has
	// this hash tag, since a lane's has a point, and no region's user reaches it.
	keyLive = keyPrefix + "{live}:events"

	fieldBody  = "m" // of a checks or urgent entry: the message
	fieldBatch = "r" // of a results entry: a batch
	fieldCount = "n" // of a results entry: how many results the batch holds
	fieldHeard = "h" // of a results entry of the heartbeats, in place of a batch: when the api was able to take calls

	fieldOrg     = "o" // of a live entry: whose it is, absent for everybody's
	fieldType    = "t" // of a live entry: what kind of event
	fieldWebsite = "w" // of a live entry: what it is about, absent if about none
	fieldData    = "d" // of a live entry: the event as JSON
)

// Group is a consumer group's name.
type Group string

// The groups: one on checks and urgent, two on results.
const (
	GroupWorkers    Group = "workers"
	GroupAggregator Group = "aggregator"
	GroupTicks      Group = "ticks"
)

// Lane is one region's share of one shard.
type Lane struct {
	Region string
	Shard  int
}

// String returns the lane as its keys name it.
func (l Lane) String() string { return l.Region + "." + strconv.Itoa(l.Shard) }

func (l Lane) key(part string) string { return keyPrefix + "{" + l.String() + "}:" + part }

func (l Lane) checks() string  { return l.key("checks") }  // stream: scheduled checks
func (l Lane) urgent() string  { return l.key("urgent") }  // stream: checks out of turn
func (l Lane) results() string { return l.key("results") } // stream: what one commit finished
func (l Lane) cursor() string  { return l.key("cursor") }  // hash: epoch, slot
func (l Lane) ledger() string  { return l.key("ledger") }  // hash: see ledger.go
func (l Lane) dlq() string     { return l.key("dlq") }     // stream: what could not be used, and why
func (l Lane) dirty() string   { return l.key("dirty") }   // sorted set: windows to roll up again
func (l Lane) alive() string   { return l.key("alive") }   // sorted set: consumer → ms of its last beat
func (l Lane) workers() string { return l.key("workers") } // hash: worker → WorkerInfo as JSON

// ReplyKey names the list on which the result of an urgent check is told to whoever
// waits for it; put it into the check's ReplyTo.
func ReplyKey(l Lane, request uptime.ID) string { return l.key("reply:" + request.String()) }

// ownsReply tells whether a reply key belongs to the lane: a message must not make a
// worker write elsewhere.
func (l Lane) ownsReply(key string) bool { return strings.HasPrefix(key, l.key("reply:")) }

// stream returns the stream of an entry.
func (l Lane) stream(urgent bool) string {
	if urgent {
		return l.urgent()
	}
	return l.checks()
}

// beatName is the member of a consumer in the alive set: workers by their own name,
// readers of results with their group before it.
func beatName(g Group, consumer string) string {
	if g == GroupWorkers {
		return consumer
	}
	return string(g) + "/" + consumer
}

// ACLRules returns the rules of the Redis user under which one region's workers run:
// they confine it to that region's keys and to the commands that a worker uses.
// The password is not among them.
func ACLRules(region string) []string {
	return append([]string{"reset", "on", "~" + keyPrefix + "{" + region + ".*}:*", "-@all"}, workerCommands...)
}

var workerCommands = []string{
	"+hello", "+auth", "+ping", "+select", "+client|setname", "+time",
	"+eval", "+evalsha", "+script|load",
	"+xadd", "+xack", "+xdel", "+xlen", "+xrange", "+xreadgroup", "+xpending", "+xclaim",
	"+xgroup|create", "+xgroup|delconsumer", "+xinfo|consumers", "+xinfo|groups",
	"+hset", "+hdel", "+hincrby", "+hmget", "+hgetall", "+zadd", "+zscore", "+zrem", "+zcard", "+zrangebyscore",
	"+lpush", "+pexpire", "+sadd", "+sismember", "+scard",
}
