package consensus

import "math"

// The rule by which a region is sick.
const (
	// SickSamples is the fewest samples that a window is judged by.
	SickSamples = 200
	// SickBreadth is the fewest monitors that must fail at once: a region is sick by
	// failing many unrelated targets, not by one that is really down from there.
	SickBreadth = 5
	// CleanWindows is how many good windows running give the vote back.
	CleanWindows = 3

	sickFactor  = 2.0  // against the region's own normal share …
	sickMargin  = 0.10 // … and this much above it
	sickCeiling = 0.5  // a region that fails half of all is sick whatever its normal
	learnWeight = 0.1  // of one window in the normal
	learnFirst  = 10   // windows before the normal means something
	wilsonZ     = 1.96 // 95 %
)

// Window is what one region saw over a stretch of time (a minute, say), one sample
// per monitor: those whose other regions mostly pass, and how many of them this
// region fails. [State.Dissent] gives the samples.
type Window struct {
	Samples, Failed int
}

// SickDetector judges one region by its windows. The zero value knows nothing yet
// and believes the region healthy; it is JSON for checkpoints.
type SickDetector struct {
	Sick    bool    `json:"sick"`
	Clean   int     `json:"clean"`  // good windows running while sick
	Normal  float64 `json:"normal"` // the share that it fails on good days
	Learned int     `json:"learned"`
	Share   float64 `json:"share"` // of the last judged window
	Samples int     `json:"samples"`
	Failed  int     `json:"failed"` // of the window that is still too small to judge
	Broad   bool    `json:"broad"`
}

// Observe takes a closed window; windows below [SickSamples] are added up until
// there are enough. It tells whether the region has just become sick or well.
func (d *SickDetector) Observe(w Window) (changed bool) {
	if w.Samples <= 0 || w.Failed < 0 || w.Failed > w.Samples {
		return false
	}
	d.Samples += w.Samples
	d.Failed += w.Failed
	d.Broad = d.Broad || w.Failed >= SickBreadth
	if d.Samples < SickSamples {
		return false
	}
	n, failed, broad := d.Samples, d.Failed, d.Broad
	d.Samples, d.Failed, d.Broad = 0, 0, false
	d.Share = float64(failed) / float64(n)
	bad := broad && WilsonLower(failed, n) > d.bar()
	if bad {
		d.Clean = 0
		changed = !d.Sick
		d.Sick = true
		return changed
	}
	if d.Sick {
		d.Clean++
		if d.Clean < CleanWindows {
			return false
		}
		d.Sick, d.Clean = false, 0
		return true
	}
	d.learn()
	return false
}

// bar is the share above which the region is sick. Before the normal is learned only
// the ceiling speaks.
func (d *SickDetector) bar() float64 {
	if d.Learned < learnFirst {
		return sickCeiling
	}
	return min(sickCeiling, sickFactor*d.Normal+sickMargin)
}

// learn takes the window into the normal: the mean of the first ones, then a slow
// moving average. Sick windows never get here, so a long illness is not the normal.
func (d *SickDetector) learn() {
	if d.Learned < learnFirst {
		d.Learned++
		d.Normal += (d.Share - d.Normal) / float64(d.Learned)
		return
	}
	d.Normal += learnWeight * (d.Share - d.Normal)
}

// WilsonLower returns the lower end of the 95 % score interval of failed/n
// (E. B. Wilson, "Probable inference, the law of succession, and statistical
// inference", 1927): unlike the plain share it does not cry on few samples.
func WilsonLower(failed, n int) float64 {
	if n <= 0 {
		return 0
	}
	p, m := float64(failed)/float64(n), float64(n)
	z2 := wilsonZ * wilsonZ
	centre := p + z2/(2*m)
	spread := wilsonZ * math.Sqrt((p*(1-p)+z2/(4*m))/m)
	return max(0, (centre-spread)/(1+z2/m))
}
