package remediation

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

const (
	// maxBody is the largest notification; a hundred of our alerts take 100 KB.
	maxBody = 1 << 20
	// maxAlerts is how many alerts a notification may have. Alertmanager's max_alerts is configured to the same.
	maxAlerts = 100
	// maxText is the longest text of an alert that is remembered and logged.
	maxText = 128
	// nameLabel is the label with an alert's name.
	nameLabel = "alertname"
	// firing is the status of an alert that is not resolved.
	firing = "firing"
)

// Alert is an alert of a notification, as Alertmanager posts it.
type Alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	StartsAt    time.Time         `json:"startsAt"`
	Fingerprint string            `json:"fingerprint"`
}

// notification is version 4 of Alertmanager's webhook message. Unknown fields are ignored: new releases add some, and refusing an alert
// because of them would not help.
type notification struct {
	Version string  `json:"version"`
	Alerts  []Alert `json:"alerts"`
}

// decode reads and validates a notification.
func decode(r io.Reader) ([]Alert, error) {
	var n notification
	if err := json.NewDecoder(r).Decode(&n); err != nil {
		return nil, fmt.Errorf("not JSON as Alertmanager posts it to a webhook: %w", err)
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

// key identifies one firing of an alert.
func (a Alert) key() string { return a.Fingerprint + " " + a.StartsAt.UTC().Format(time.RFC3339Nano) }
