package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// firing is the status of an unresolved alert.
const firing = "firing"

// alert is an alert of a notification from Alertmanager.
type alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func (a alert) name() string { return a.Labels["alertname"] }

// webhook receives Alertmanager's notifications in place of people.
type webhook struct {
	url    string
	server *http.Server
	report *reporter

	mu     sync.Mutex
	latest map[string]alert // The latest notification of each alert, by its labels.
}

// maxNotification is the maximum size of a notification.
const maxNotification = 1 << 20

// listen starts a webhook.
func listen(report *reporter) (*webhook, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &webhook{url: "http://" + listener.Addr().String(), report: report, latest: map[string]alert{}}
	w.server = &http.Server{Handler: http.HandlerFunc(w.receive), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = w.server.Serve(listener) }() // Ends with close.
	return w, nil
}

// receive reports the changes in a notification.
func (w *webhook) receive(_ http.ResponseWriter, r *http.Request) {
	var notification struct {
		Receiver string  `json:"receiver"`
		Alerts   []alert `json:"alerts"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxNotification)).Decode(&notification); err != nil {
		w.report.event("webhook", "received an invalid notification: "+err.Error(), nil)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range notification.Alerts {
		key := fmt.Sprint(a.Labels)
		if w.latest[key].Status != a.Status {
			w.report.event("alert", fmt.Sprintf("%s is notified that %s is %s: %s", notification.Receiver, a.name(), a.Status, a.Annotations["summary"]), a)
		}
		w.latest[key] = a
	}
}

// fires reports whether an alert fires according to its latest notification.
func (w *webhook) fires(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.latest {
		if a.name() == name && a.Status == firing {
			return true
		}
	}
	return false
}

// await waits until people have been notified that an alert fires, or that it does not.
func (w *webhook) await(ctx context.Context, name string, fires bool) error {
	return poll(ctx, func() error {
		if w.fires(name) == fires {
			return nil
		}
		return fmt.Errorf("no notification in time that %s %s", name, map[bool]string{true: "fires", false: "is resolved"}[fires])
	})
}

func (w *webhook) close() error { return w.server.Close() }
