package queue

import (
	"context"
	"embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/*.lua
var luaFiles embed.FS

// The scripts; each file says what its KEYS and ARGV are and what it returns.
var (
	scriptPush     = mustScript("push")
	scriptReset    = mustScript("reset")
	scriptUrgent   = mustScript("urgent")
	scriptCommit   = mustScript("commit")
	scriptBeat     = mustScript("beat")
	scriptLeave    = mustScript("leave")
	scriptRescue   = mustScript("rescue")
	scriptDrop     = mustScript("drop")
	scriptExpire   = mustScript("expire")
	scriptTrim     = mustScript("trim")
	scriptUndirty  = mustScript("undirty")
	scriptStats    = mustScript("stats")
	scriptAnnounce = mustScript("announce")
)

func mustScript(name string) *redis.Script {
	b, err := luaFiles.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(err) // The file is part of the program.
	}
	return redis.NewScript(stripComments(string(b)))
}

// stripComments keeps what EVAL sends after a restart of Redis short.
func stripComments(src string) string {
	var out strings.Builder
	for line := range strings.Lines(src) {
		if t := strings.TrimSpace(line); t != "" && !strings.HasPrefix(t, "--") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// run calls a script by its hash and, when Redis does not know it yet, by its text.
// All scripts return arrays.
func (c *Client) run(ctx context.Context, s *redis.Script, keys []string, args ...any) ([]any, error) {
	return s.Run(ctx, c.cmd, keys, args...).Slice()
}

// reply reads a script's answer piece by piece; the first thing that is not as
// expected becomes its error.
type reply struct {
	rest []any
	err  error
}

func (r *reply) next() any {
	if len(r.rest) == 0 {
		r.fail("short answer")
		return nil
	}
	v := r.rest[0]
	r.rest = r.rest[1:]
	return v
}

func (r *reply) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("script: %s", what)
	}
}

// int reads an integer, or a string that holds one.
func (r *reply) int() int64 {
	switch v := r.next().(type) {
	case int64:
		return v
	case string:
		return parseInt(v)
	}
	r.fail("not a number")
	return 0
}

func (r *reply) text() string {
	switch v := r.next().(type) {
	case string:
		return v
	case nil:
		return ""
	}
	r.fail("not a string")
	return ""
}

func (r *reply) list() *reply {
	v, ok := r.next().([]any)
	if !ok {
		r.fail("not a list")
	}
	return &reply{rest: v}
}

// parseInt reads what Redis wrote; text that is no number counts as 0, which is also
// what a missing field counts as.
func parseInt(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// isNoGroup tells whether Redis lost a group or its stream, as after a flush.
func isNoGroup(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "NOGROUP") }

func isNoPermission(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "NOPERM") }
