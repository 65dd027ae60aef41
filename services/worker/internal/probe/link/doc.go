// Package link opens the connections of probes: through the guard, within the deadline
// of their check, with the time of every phase taken and every failure named. Kinds of
// checks that speak their own protocol stand on it; what they do with a connection is
// theirs.
//
// A probe begins a [Trace], opens a connection by [Dial] (and [Secure] for TLS), tells the
// trace when the first byte of an answer came, and ends it. Whatever went wrong on the
// way, [Trace.Fail] turns into a reason, by the error's type and by how far the probe got.
package link
