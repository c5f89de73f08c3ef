package postgres

import (
	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// needs is what a group of keys loads, without duplicates.
type needs struct {
	games   []uuid.UUID
	all     []uuid.UUID // Games of which all live bets are needed.
	players []play.Key  // Players of whom all live bets at a game are needed.
	wagers  []play.Key  // Players of whom the live bets on the key's Wager are needed.
	wallets []ledger.Account
}

func keyGame(key play.Key) uuid.UUID { return key.Game }

func keyPlayer(key play.Key) uuid.UUID { return key.Player }

func needsOf(keys []play.Key) needs {
	var n needs
	all, seen := make(map[uuid.UUID]bool), make(map[play.Key]bool, 2*len(keys))
	for _, key := range keys {
		if key.All && !all[key.Game] {
			all[key.Game] = true
			n.all = append(n.all, key.Game)
		}
	}
	once := func(key play.Key) bool {
		known := seen[key]
		seen[key] = true
		return !known
	}
	for _, key := range keys {
		if key.Game != uuid.Nil && once(play.Key{Game: key.Game}) {
			n.games = append(n.games, key.Game)
		}
		if key.Player == uuid.Nil {
			continue
		}
		if once(play.Key{Player: key.Player}) {
			n.wallets = append(n.wallets, ledger.Wallet(key.Player))
		}
		if key.Game == uuid.Nil || all[key.Game] {
			continue
		}
		if key.Wager == nil && once(play.Key{Game: key.Game, Player: key.Player}) {
			n.players = append(n.players, key)
		}
		for wager := key.Wager; wager != nil; wager = wager.Behind {
			if on := (play.Key{Game: key.Game, Player: key.Player, Wager: wager}); once(on) {
				n.wagers = append(n.wagers, on)
			}
		}
	}
	return n
}

// accounts returns the accounts of the tables, which the games' locks guard, and the shared accounts, which are read without a lock: they
// are locked only when they are written.
func (n needs) accounts() []string {
	names := []string{ledger.House.String(), ledger.Issuance.String()}
	for _, game := range n.games {
		names = append(names, ledger.Escrow(game).String(), ledger.Reserve(game).String())
	}
	return names
}
