// Package fleetv1 holds the messages on the streams as protobuf's compiler makes them
// from proto/fleet/v1. Only package wire uses it: everywhere else a check and a result
// are the values of package uptime.
package fleetv1
