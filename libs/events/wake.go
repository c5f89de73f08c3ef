package events

import "time"

const (
	// wakeTick is how often some watchers are sent to the store.
	wakeTick = 50 * time.Millisecond
	// wakeBatch is how many topics that is at one tick, so that the store bears it however many there are.
	wakeBatch = 100
	// wakeWithout is how often a topic's watchers look into the store while the server is away.
	wakeWithout = 500 * time.Millisecond
	// wakeAnyway is how often they do while it answers. It covers what no number shows: another replica that died between
	// the store and the stream, or that the server is away for alone.
	wakeAnyway = 10 * time.Second
)

// wake sends watchers to the store where the stream may not have told them everything, until the bus is closed.
func (b *Redis[T]) wake() {
	tick := b.clock.NewTicker(wakeTick)
	defer tick.Stop()
	var round []string // Topics that this round has still to wake.
	began := b.clock.Now()
	for {
		select {
		case <-tick.Chan():
		case <-b.reading.Done():
			return
		}
		interval := wakeAnyway
		if !b.client.Up() {
			interval = wakeWithout
		}
		if len(round) == 0 && (b.clock.Since(began) >= interval || b.gap.Load()) {
			b.gap.Store(false) // Before topics are listed: what is missed from here on needs another round.
			round, began = b.hub.watchedTopics(), b.clock.Now()
		}
		now := round[:min(wakeBatch, len(round))]
		for _, topic := range now {
			b.hub.Publish(topic, Notice[T]{})
		}
		round = round[len(now):]
	}
}
