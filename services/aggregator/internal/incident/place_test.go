package incident

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

func TestPlacesOfWhatFails(t *testing.T) {
	t.Parallel()
	const seen = `{"certificate":{"subject":"CN=shop.test","fingerprint":"ab12"}}`
	votes := []postgres.Vote{{Outcome: uptime.OutcomeDegraded, IP: "203.0.113.7"}, {Outcome: uptime.OutcomePass, IP: "203.0.113.8"}}
	evidence := &consensus.Evidence{Votes: []consensus.VoteRecord{
		{Vote: uptime.OutcomeFail, ResolvedIP: "203.0.113.9"}, {Vote: uptime.OutcomePass, ResolvedIP: "203.0.113.8"},
	}}
	failure := func(reason uptime.Reason, evidence string) []postgres.Failure {
		return []postgres.Failure{{Reason: reason, Evidence: []byte(evidence)}}
	}
	for _, tt := range []struct {
		name     string
		unit     unit.Unit
		evidence *consensus.Evidence
		want     []alert.Place
	}{
		{"nothing is known", unit.Unit{}, nil, []alert.Place{"host shop.test"}},
		{"the votes that fail", unit.Unit{Votes: votes}, nil, []alert.Place{"address 203.0.113.7", "host shop.test"}},
		{"an incident's own", unit.Unit{Votes: votes}, evidence, []alert.Place{"address 203.0.113.9", "host shop.test"}},
		{"a certificate that is refused", unit.Unit{Failures: failure(uptime.ReasonCertExpired, seen)}, nil, []alert.Place{"certificate ab12", "host shop.test"}},
		{"one that is not", unit.Unit{Failures: failure(uptime.ReasonStatus, seen)}, nil, []alert.Place{"host shop.test"}},
		{"none was seen", unit.Unit{Failures: failure(uptime.ReasonTLS, `[]`)}, nil, []alert.Place{"host shop.test"}},
	} {
		got := placesOf(&tt.unit, &postgres.Subject{Target: "https://shop.test/"}, tt.evidence)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
