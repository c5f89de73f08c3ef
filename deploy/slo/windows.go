package slo

import (
	"cmp"
	"slices"
)

// windows returns the windows of the objective and of its burn rates, shortest first.
func (o Objective) windows() []string {
	windows := []string{o.Window}
	for _, burn := range o.BurnRates {
		windows = append(windows, burn.Long, burn.Short)
	}
	slices.SortFunc(windows, func(a, b string) int { return cmp.Compare(length(a), length(b)) })
	return slices.Compact(windows)
}
