package events

// Resubscribe begins to watch again what a subscription that was cut off watched.
func Resubscribe[T any](s *Subscription[T]) *Subscription[T] { return s.hub.Subscribe(s.topic) }
