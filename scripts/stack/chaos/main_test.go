package main

import (
	"io"
	"slices"
	"testing"

	"github.com/probefleet/probefleet/scripts/stack/internal/chaos"
)

func TestNamesTellFaultsApart(t *testing.T) {
	t.Parallel()
	var names []string
	for _, s := range chaos.All() {
		if slices.Contains(names, s.Name) || s.Name == chaos.MailAway {
			t.Errorf("%q names two faults", s.Name)
		}
		names = append(names, s.Name)
		if s.Promise == "" || s.Fault == "" || s.Inject == nil || s.Long == 0 || s.Short > s.Long {
			t.Errorf("%s is not complete", s.Name)
		}
	}
}

func TestOnlyWhatWasAskedForIsPlayed(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-only", "Redis frozen,mail"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if got := chosen(o); len(got) != 1 || got[0].Name != "Redis frozen" || !o.named(chaos.MailAway) {
		t.Errorf("chosen %d, mail %v", len(got), o.named(chaos.MailAway))
	}
	if got := chosen(options{short: true}); len(got) < 5 || len(got) == len(chosen(options{})) {
		t.Errorf("the short form has %d faults", len(got))
	}
}

func TestThePageShowsTheLongForm(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-doc", "x", "-short"}, {"-nonsense"}, {"argument"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}
