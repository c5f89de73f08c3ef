package events

import "time"

const (
	// wakeTick is how often a batch of topics is woken.
	wakeTick = 50 * time.Millisecond
	// wakeBatch is how many topics are woken at one tick, which bounds the load on the store however many topics there are.
	wakeBatch = 100
	// wakeIntervalDown is how often a topic's watchers read the store while the server is down.
	wakeIntervalDown = 500 * time.Millisecond
	// wakeIntervalUp is how often they read it while the server is up. It covers losses that no number shows: another replica crashed
	// between its commit and the stream, or can't reach the server while this one can.
	wakeIntervalUp = 10 * time.Second
)

// wake makes watchers read the store when the stream may have lost events, until the bus is closed. It wakes the topics in rounds.
func (b *Redis[T]) wake() {
	tick := b.clock.NewTicker(wakeTick)
	defer tick.Stop()
	var round []string // The topics that remain to be woken in this round.
	began := b.clock.Now()
	for {
		select {
		case <-tick.Chan():
		case <-b.reading.Done():
			return
		}
		interval := wakeIntervalUp
		if !b.client.Up() {
			interval = wakeIntervalDown
		}
		if len(round) == 0 && (b.clock.Since(began) >= interval || b.gap.Load()) {
			b.gap.Store(false) // Before the topics are listed: events missed from here on need another round.
			round, began = b.hub.watchedTopics(), b.clock.Now()
		}
		now := round[:min(wakeBatch, len(round))]
		for _, topic := range now {
			b.hub.Publish(topic, Notice[T]{})
		}
		round = round[len(now):]
	}
}
