package remedy

// Latest are the last decisions.
func (r *Remedy) Latest() []Decision { return r.record.latest() }
