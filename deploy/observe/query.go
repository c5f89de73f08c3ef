package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
)

// queryValue returns the value of a query with exactly one sample.
func (s *stack) queryValue(ctx context.Context, query string) (float64, error) {
	var answer struct {
		Data struct {
			Result []struct {
				Value [2]any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := get(ctx, "http://"+s.prometheus+"/api/v1/query?query="+url.QueryEscape(query), &answer); err != nil {
		return 0, err
	}
	if n := len(answer.Data.Result); n != 1 {
		return 0, fmt.Errorf("%s has %d samples; want one", query, n)
	}
	text, _ := answer.Data.Result[0].Value[1].(string)
	return strconv.ParseFloat(text, 64)
}
