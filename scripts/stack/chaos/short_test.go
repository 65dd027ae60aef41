//go:build e2e

package main

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/sandbox"
)

// The short form runs in a network of its own, which the whole test process enters.
func TestMain(m *testing.M) {
	if err := sandbox.Enter(context.Background(), sandbox.Config{Tell: tell}); err != nil {
		tell("chaos: %v", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func tell(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func TestPromisesAreKeptInTheShortForm(t *testing.T) {
	const atMost = 8 * time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), atMost)
	defer cancel()
	o := options{short: true, websites: 30}
	rows, err := play(ctx, o, chosen(o), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		for _, broken := range rows[i].Broken() {
			t.Errorf("%s: %s", rows[i].Name, broken)
		}
	}
}
