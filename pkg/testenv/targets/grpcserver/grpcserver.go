// Package grpcserver provides a gRPC server with the health service on loopback for
// tests.
package grpcserver

import (
	"context"
	"crypto/tls"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// Health answers for a service, "" being the whole server.
type Health func(ctx context.Context, service string) (healthpb.HealthCheckResponse_ServingStatus, error)

// New starts a server for as long as a test runs, with TLS if cfg is not nil; a nil
// health leaves the service out. It returns host:port.
func New(t testing.TB, cfg *tls.Config, health Health) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("grpcserver: %v", err)
	}
	var options []grpc.ServerOption
	if cfg != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(cfg)))
	}
	s := grpc.NewServer(options...)
	if health != nil {
		healthpb.RegisterHealthServer(s, &service{health: health})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		s.Stop()
		<-done
	})
	return l.Addr().String()
}

// Serving answers with one status for every service.
func Serving(status healthpb.HealthCheckResponse_ServingStatus) Health {
	return func(context.Context, string) (healthpb.HealthCheckResponse_ServingStatus, error) { return status, nil }
}

type service struct {
	healthpb.UnimplementedHealthServer
	health Health
}

// Check implements the health service.
func (s *service) Check(ctx context.Context, r *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	status, err := s.health(ctx, r.GetService())
	if err != nil {
		return nil, err
	}
	return &healthpb.HealthCheckResponse{Status: status}, nil
}
