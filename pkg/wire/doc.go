// Package wire translates between the domain's values and the protobuf messages that
// travel on the streams (proto/fleet/v1). It writes and reads the bytes itself: a
// fleet moves thousands of messages a second, and the generated types, against which
// the tests compare, cost several times as much in memory.
//
// Two properties of the bytes are relied upon elsewhere. A check begins with its
// monitor's id (see [MonitorOf]), by which queue entries of one monitor are found
// without decoding. And encoded result batches concatenate: the bytes of two are
// the bytes of a batch of both.
package wire
