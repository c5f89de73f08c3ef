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

// firing is the status of an alert that is not over.
const firing = "firing"

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
	say    reporter

	mu   sync.Mutex
	last map[string]alert // What was said last of each alert, by its labels.
}

// maxNotification bounds what is read of one.
const maxNotification = 1 << 20

// listen serves a webhook.
func listen(say reporter) (*webhook, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &webhook{url: "http://" + listener.Addr().String(), say: say, last: map[string]alert{}}
	w.server = &http.Server{Handler: http.HandlerFunc(w.receive), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = w.server.Serve(listener) }() // It ends with close.
	return w, nil
}

// receive shows what is new in a notification.
func (w *webhook) receive(_ http.ResponseWriter, r *http.Request) {
	var notification struct {
		Receiver string  `json:"receiver"`
		Alerts   []alert `json:"alerts"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxNotification)).Decode(&notification); err != nil {
		w.say.event("webhook", "it got what is no notification: "+err.Error(), nil)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range notification.Alerts {
		key := fmt.Sprint(a.Labels)
		if w.last[key].Status != a.Status {
			w.say.event("alert", fmt.Sprintf("%s is told that %s is %s: %s", notification.Receiver, a.name(), a.Status, a.Annotations["summary"]), a)
		}
		w.last[key] = a
	}
}

// fires reports whether the last that was said of an alert is that it fires.
func (w *webhook) fires(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.last {
		if a.name() == name && a.Status == firing {
			return true
		}
	}
	return false
}

// await waits until people know that an alert fires, or that it does not.
func (w *webhook) await(ctx context.Context, name string, fires bool) error {
	return poll(ctx, func() error {
		if w.fires(name) == fires {
			return nil
		}
		return fmt.Errorf("nobody was told in time that %s %s", name, map[bool]string{true: "fires", false: "is over"}[fires])
	})
}

func (w *webhook) close() error { return w.server.Close() }
