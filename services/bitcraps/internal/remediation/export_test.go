package remediation

// Latest returns the latest decisions.
func (r *Remediator) Latest() []Decision { return r.log.latest() }
