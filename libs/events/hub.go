// Package events notifies watchers of events, within one process or across all replicas of a service. It stores nothing: a watcher
// first reads past events from the store, and one that falls behind is disconnected and resumes from there.
package events

import (
	"maps"
	"slices"
	"sync"
)

// Hub fans out values to the subscriptions of a topic. Its zero value is not usable; see NewHub.
type Hub[T any] struct {
	buffer int
	mu     sync.RWMutex
	topics map[string]map[*Subscription[T]]struct{}
}

// NewHub returns a Hub whose subscriptions each hold up to buffer values.
func NewHub[T any](buffer int) *Hub[T] {
	return &Hub[T]{buffer: buffer, topics: make(map[string]map[*Subscription[T]]struct{})}
}

// Subscription is one watcher's view of a topic.
type Subscription[T any] struct {
	// C delivers the values in the order in which they were published. It is closed when the watcher is too slow.
	C <-chan T

	hub   *Hub[T]
	topic string
	c     chan T
}

// Subscribe starts watching a topic. The caller must Close the subscription.
func (h *Hub[T]) Subscribe(topic string) *Subscription[T] {
	c := make(chan T, h.buffer)
	sub := &Subscription[T]{C: c, hub: h, topic: topic, c: c}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.topics[topic] == nil {
		h.topics[topic] = make(map[*Subscription[T]]struct{})
	}
	h.topics[topic][sub] = struct{}{}
	return sub
}

// Publish sends a value to every watcher of the topic. It never blocks: a watcher whose buffer is full is disconnected.
func (h *Hub[T]) Publish(topic string, value T) {
	var slow []*Subscription[T]
	h.mu.RLock()
	for sub := range h.topics[topic] {
		select {
		case sub.c <- value:
		default:
			slow = append(slow, sub)
		}
	}
	h.mu.RUnlock()
	for _, sub := range slow {
		sub.remove(true)
	}
}

// watchedTopics returns the topics that have watchers.
func (h *Hub[T]) watchedTopics() []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Collect(maps.Keys(h.topics))
}

// watches reports whether the topic has watchers.
func (h *Hub[T]) watches(topic string) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.topics[topic]) > 0
}

// idle reports whether no topic has watchers.
func (h *Hub[T]) idle() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.topics) == 0
}

// Close ends the subscription. It may be called more than once.
func (s *Subscription[T]) Close() { s.remove(false) }

func (s *Subscription[T]) remove(slow bool) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	watchers := s.hub.topics[s.topic]
	if _, ok := watchers[s]; !ok {
		return
	}
	delete(watchers, s)
	if len(watchers) == 0 {
		delete(s.hub.topics, s.topic)
	}
	if slow {
		close(s.c)
	}
}
