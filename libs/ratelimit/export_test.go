package ratelimit

// len is how many keys are remembered.
func (m *Memory) len() (n int) {
	for i := range m.shards {
		m.shards[i].mu.Lock()
		n += len(m.shards[i].full)
		m.shards[i].mu.Unlock()
	}
	return n
}
