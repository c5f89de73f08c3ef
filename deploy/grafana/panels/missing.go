package panels

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Missing runs every query at a Prometheus, given by its URL such as http://127.0.0.1:9090, and returns those without data. It skips
// queries whose metrics are not exported yet.
func Missing(ctx context.Context, prometheus string) (missing []Expr, err error) {
	for _, expr := range All() {
		if expr.Empty {
			continue
		}
		n, err := series(ctx, prometheus, expr.Query)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", expr.Dashboard, expr.Panel, err)
		}
		if n == 0 {
			missing = append(missing, expr)
		}
	}
	return missing, nil
}

// series counts the series that a query returns now. NaN does not count as data, since it results from a division by zero.
func series(ctx context.Context, prometheus, query string) (n int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, prometheus+"/api/v1/query?query="+url.QueryEscape(query), nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Error string `json:"error"`
		Data  struct {
			Result []struct {
				Value [2]any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return 0, fmt.Errorf("%s: %w", resp.Status, err)
	}
	if answer.Error != "" {
		return 0, fmt.Errorf("%s: %s", query, answer.Error)
	}
	for _, sample := range answer.Data.Result {
		if sample.Value[1] != "NaN" {
			n++
		}
	}
	return n, nil
}
