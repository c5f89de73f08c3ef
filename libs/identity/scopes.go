package identity

import (
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// KeyPrefix is the prefix of every API key. It distinguishes keys from tokens, and lets scanners find keys published by mistake.
const KeyPrefix = "bck_"

// Scopes is the set of scopes of an API key: the bit of each scope's number.
type Scopes uint32

// ScopesOf returns the set of the scopes.
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
