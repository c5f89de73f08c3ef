package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"
)

// alert is one of a notification, as Alertmanager posts it.
type alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func (a alert) name() string { return a.Labels["alertname"] }

// webhook is where Alertmanager tells people of alerts.
type webhook struct {
	url    string
	server *http.Server
	said   map[string]string // The last status of each alert.
	alerts chan alert
	say    reporter
}

// maxNotification bounds what is read of one.
const maxNotification = 1 << 20

// listen serves a webhook, whose path is the receiver's name.
func listen(say reporter) (*webhook, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &webhook{url: "http://" + listener.Addr().String(), alerts: make(chan alert), say: say, said: map[string]string{}}
	w.server = &http.Server{Handler: http.HandlerFunc(w.receive), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = w.server.Serve(listener) }() // It ends with close.
	return w, nil
}

func (w *webhook) receive(_ http.ResponseWriter, r *http.Request) {
	var notification struct {
		Receiver string  `json:"receiver"`
		Alerts   []alert `json:"alerts"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxNotification)).Decode(&notification); err != nil {
		w.say.event("webhook", "it got what is no notification: "+err.Error(), nil)
		return
	}
	for _, a := range notification.Alerts {
		a.Labels["receiver"] = notification.Receiver
		select {
		case w.alerts <- a:
		case <-r.Context().Done(): // Nobody waits any more.
			return
		}
	}
}

// await shows what arrives until an alert has a status.
func (w *webhook) await(ctx context.Context, name, status string) (alert, error) {
	for {
		select {
		case a := <-w.alerts:
			key := a.name() + a.Labels["receiver"] + a.Labels["window"]
			if w.said[key] != a.Status {
				w.say.event("alert", fmt.Sprintf("%s: %s is %s: %s", a.Labels["receiver"], a.name(), a.Status, a.Annotations["summary"]), a)
				w.said[key] = a.Status
			}
			if a.name() == name && a.Status == status {
				return a, nil
			}
		case <-ctx.Done():
			return alert{}, fmt.Errorf("nobody was told that %s is %s: %w", name, status, ctx.Err())
		}
	}
}

func (w *webhook) close() error { return w.server.Close() }
