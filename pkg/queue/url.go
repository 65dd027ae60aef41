package queue

import (
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/config"
)

// errURL does not quote the URL: it may hold a password.
var errURL = errors.New("redis URL cannot be read: want redis[s]://[user:password@]host:port[,host:port…][/database]")

// parseURL reads what go-redis reads and, beyond it, several hosts and cluster=true.
func parseURL(raw string) (*redis.UniversalOptions, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || scheme != "redis" && scheme != "rediss" && scheme != "unix" {
		return nil, errors.New("redis URL must begin with redis://, rediss:// or unix://")
	}
	rest, cluster := cutCluster(rest)
	hosts, others := rest, ""
	if scheme != "unix" {
		hosts, others = cutHosts(rest)
	}
	one, err := redis.ParseURL(scheme + "://" + hosts)
	if err != nil {
		return nil, errURL
	}
	opt := &redis.UniversalOptions{
		Addrs: []string{one.Addr}, DB: one.DB, Username: one.Username, Password: one.Password,
		TLSConfig: one.TLSConfig, PoolSize: one.PoolSize, DialTimeout: one.DialTimeout,
		ReadTimeout: one.ReadTimeout, WriteTimeout: one.WriteTimeout, IsClusterMode: cluster,
	}
	for host := range strings.SplitSeq(others, ",") {
		if host == "" {
			continue
		}
		opt.Addrs = append(opt.Addrs, host)
		if opt.TLSConfig != nil {
			opt.TLSConfig.ServerName = "" // each node by its own name
		}
	}
	if (cluster || len(opt.Addrs) > 1) && opt.DB != 0 {
		return nil, errors.New("redis URL names a database, but Redis Cluster has only one")
	}
	return opt, nil
}

// cutCluster takes the parameter that go-redis does not know out of a URL.
func cutCluster(rest string) (string, bool) {
	rest, params, _ := strings.Cut(rest, "?")
	cluster := false
	var kept []string
	for p := range strings.SplitSeq(params, "&") {
		if p == "cluster=true" {
			cluster = true
		} else if p != "" {
			kept = append(kept, p)
		}
	}
	if len(kept) > 0 {
		rest += "?" + strings.Join(kept, "&")
	}
	return rest, cluster
}

// cutHosts leaves the first of several hosts in place and returns the others.
func cutHosts(rest string) (first, others string) {
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	login, hosts := "", authority
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		login, hosts = authority[:at+1], authority[at+1:]
	}
	host, others, _ := strings.Cut(hosts, ",")
	return login + host + tail, others
}

// trust adds a certificate authority, in one of the forms of [config.Roots].
func trust(opt *redis.UniversalOptions, ca string) error {
	if opt.TLSConfig == nil {
		return nil
	}
	roots, err := config.Roots(ca)
	if err != nil {
		return fmt.Errorf("redis certificate authority %w", err)
	}
	opt.TLSConfig.RootCAs = roots
	return nil
}
