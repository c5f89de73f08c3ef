package identity

import (
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// KeyPrefix begins every API key, so that it is told from a token, and found where somebody published it by mistake.
const KeyPrefix = "bck_"

// Scopes are a set of what an API key may do: the bit of each scope's number.
type Scopes uint32

// ScopesOf makes a set.
func ScopesOf(scopes ...optionsv1.Scope) (set Scopes) {
	for _, scope := range scopes {
		set |= 1 << scope
	}
	return set
}

// Has reports whether a scope is in the set.
func (s Scopes) Has(scope optionsv1.Scope) bool { return s&ScopesOf(scope) != 0 }

// List returns the scopes of the set.
func (s Scopes) List() (all []optionsv1.Scope) {
	for scope := optionsv1.Scope(0); s>>scope > 0; scope++ {
		if s.Has(scope) {
			all = append(all, scope)
		}
	}
	return all
}
