package bench

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// families are the metrics of a service at one moment.
type families map[string]*dto.MetricFamily

func scrape(ctx context.Context, url string) (families, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	return all, nil
}

// sum adds up a counter's children, those with a label's value only if it is named.
func (f families) sum(name, label, value string) (sum float64) {
	for _, m := range f[name].GetMetric() {
		if label == "" || slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetName() == label && l.GetValue() == value }) {
			sum += m.GetCounter().GetValue()
		}
	}
	return sum
}

// quantile returns that of what a histogram, all children together, took since
// before, interpolated within its bucket; infinite if it lies above the last bound.
func (f families) quantile(before families, name string, q float64) float64 {
	counts := map[float64]float64{}
	for sign, all := range map[float64]families{1: f, -1: before} {
		for _, m := range all[name].GetMetric() {
			for _, b := range m.GetHistogram().GetBucket() {
				counts[b.GetUpperBound()] += sign * float64(b.GetCumulativeCount())
			}
			counts[math.Inf(1)] += 0 // there may be no such bucket in the text
		}
	}
	bounds := make([]float64, 0, len(counts))
	for bound := range counts {
		bounds = append(bounds, bound)
	}
	slices.Sort(bounds)
	total := 0.0
	for _, n := range counts {
		total = max(total, n)
	}
	lower, below := 0.0, 0.0
	for _, bound := range bounds {
		if n := counts[bound]; total > 0 && n >= q*total {
			if math.IsInf(bound, 1) {
				return bound
			}
			return lower + (bound-lower)*(q*total-below)/(n-below)
		}
		lower, below = bound, counts[bound]
	}
	return 0
}
