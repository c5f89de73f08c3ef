package remedy

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

const (
	// maxBody is how much of a notification is read; a hundred alerts of ours have 100 KB.
	maxBody = 1 << 20
	// maxAlerts is how many a notification may have. Alertmanager is told the same by max_alerts.
	maxAlerts = 100
	// maxText is how long what is remembered and logged of an alert may be.
	maxText = 128
	// nameLabel is the label that an alert's name is in.
	nameLabel = "alertname"
	// firing is the status of an alert that is not over.
	firing = "firing"
)

// Alert is one of a notification, as Alertmanager posts it.
type Alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	StartsAt    time.Time         `json:"startsAt"`
	Fingerprint string            `json:"fingerprint"`
}

// notification is version 4 of Alertmanager's webhook. Fields that are not here are left alone: releases add some, and an alert
// that is refused mends nothing.
type notification struct {
	Version string  `json:"version"`
	Alerts  []Alert `json:"alerts"`
}

// decode reads a notification and refuses what is none.
func decode(r io.Reader) ([]Alert, error) {
	var n notification
	if err := json.NewDecoder(r).Decode(&n); err != nil {
		return nil, fmt.Errorf("this is no JSON as Alertmanager posts it to a webhook: %w", err)
	}
	if n.Version != "4" {
		return nil, fmt.Errorf("version %.20q: want \"4\", which is what Alertmanager posts to the receivers in webhook_configs", n.Version)
	}
	if len(n.Alerts) > maxAlerts {
		return nil, fmt.Errorf("%d alerts: want at most %d; set max_alerts: %d in the receiver's webhook_configs", len(n.Alerts), maxAlerts, maxAlerts)
	}
	for i, a := range n.Alerts {
		name := a.Labels[nameLabel]
		if name == "" || a.Fingerprint == "" || a.StartsAt.IsZero() || a.Status == "" {
			return nil, fmt.Errorf("alerts[%d]: want status, labels.alertname, startsAt and fingerprint", i)
		}
		if len(name) > maxText || len(a.Fingerprint) > maxText {
			return nil, fmt.Errorf("alerts[%d]: want labels.alertname and fingerprint of at most %d bytes", i, maxText)
		}
	}
	return n.Alerts, nil
}

// key is the same as long as an alert fires.
func (a Alert) key() string { return a.Fingerprint + " " + a.StartsAt.UTC().Format(time.RFC3339Nano) }
