package incident

import (
	"encoding/json"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// placesOf returns where others may have the cause of a monitor's trouble in common: its
// host, the addresses that failing checks dialled, and the certificate that was refused.
// What led to an incident knows best; without one it is the votes as they stand.
func placesOf(u *unit.Unit, s *postgres.Subject, evidence *consensus.Evidence) []alert.Place {
	var addresses []string
	certificate := ""
	if evidence != nil {
		for i := range evidence.Votes {
			if v := &evidence.Votes[i]; failing(v.Vote) {
				addresses = append(addresses, v.ResolvedIP)
			}
		}
	}
	for i := range u.Votes {
		if v := &u.Votes[i]; evidence == nil && failing(v.Outcome) {
			addresses = append(addresses, v.IP)
		}
	}
	for i := range u.Failures {
		// Many websites may share a certificate that nothing is wrong with.
		if f := &u.Failures[i]; ofCertificate(f.Reason) {
			certificate = fingerprintOf(f.Evidence)
		}
	}
	return alert.Places(s.Target, addresses, certificate)
}

func failing(o uptime.Outcome) bool {
	return o == uptime.OutcomeFail || o == uptime.OutcomeDegraded
}

// ofCertificate tells whether a reason speaks of the certificate that was shown.
func ofCertificate(r uptime.Reason) bool {
	switch r {
	case uptime.ReasonTLS, uptime.ReasonCertExpired, uptime.ReasonCertNotYetValid, uptime.ReasonCertName,
		uptime.ReasonCertUntrusted, uptime.ReasonCertPin:
		return true
	default:
		return false
	}
}

// maxFingerprint bounds what a region may say: SHA-256 in hex is 64 bytes.
const maxFingerprint = 100

// fingerprintOf reads the certificate's fingerprint from what a failed check saw.
func fingerprintOf(evidence []byte) string {
	var e struct {
		Certificate struct {
			Fingerprint string `json:"fingerprint"`
		} `json:"certificate"`
	}
	if json.Unmarshal(evidence, &e) != nil || len(e.Certificate.Fingerprint) > maxFingerprint {
		return "" // no certificate was seen
	}
	return e.Certificate.Fingerprint
}
