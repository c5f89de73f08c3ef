package postgres

import (
	"slices"
	"sync"

	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// What a memory holds at most: about 40 MB, where every table is full of bets.
const (
	maxGames   = 4096
	maxWallets = 16384
	maxBets    = 1 << 17
)

// memory is what this replica knows of games and wallets from when it wrote them last. It may be out of date, as other replicas write
// too; so PostgreSQL checks, as it writes, that each row still has the version that it was left at (docs/adr/0032). To lose it costs a
// round trip and no more.
type memory struct {
	mu      sync.Mutex
	games   *simplelru.LRU[uuid.UUID, *game]
	wallets *simplelru.LRU[ledger.Account, wallet]
	bets    int // Of all games.
	// times is how often all was forgotten: what a transaction saw before that is not kept behind it.
	times int
	// shared are the balances of what all tables share, as they may be. They are never relied on.
	shared map[ledger.Account]int64
	doubt  doubt
}

// game is a game as it was left. What it points to is never changed.
type game struct {
	version         uint32
	state           *play.Game
	bets            []*play.Bet // All that are live.
	escrow, reserve money
}

// money is an account of a table, which may have no row yet.
type money struct {
	balance int64
	open    bool
}

// wallet is a wallet as it was left.
type wallet struct {
	version    uint32
	balance    int64
	protection string
}

func newMemory() *memory {
	m := &memory{}
	m.clear()
	return m
}

func (m *memory) clear() {
	m.games, _ = simplelru.NewLRU(maxGames, func(_ uuid.UUID, g *game) { m.bets -= len(g.bets) }) // Fails for no size.
	m.wallets, _ = simplelru.NewLRU[ledger.Account, wallet](maxWallets, nil)
	m.bets, m.shared = 0, make(map[ledger.Account]int64)
	m.times++
}

// forget drops everything. A server that was restored, or has taken over, may give out the versions of transactions again that it lost.
func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
}

// begin has a transaction work from memory, and learn, where either is worth its while.
func (m *memory) begin(t *transaction) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t.recalls, t.learns, t.times = m.doubt.passes(), !m.doubt.deep(), m.times
}

// learn keeps what a transaction left, once it is durable.
func (m *memory) learn(t *transaction) {
	left := make([]*game, len(t.saved))
	for i, turn := range t.saved {
		left[i] = t.left(turn)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if t.times != m.times {
		return
	}
	if t.recalled {
		m.doubt.confirm()
	}
	for i, turn := range t.saved {
		m.keep(turn.Game.ID, left[i])
	}
	for m.bets > maxBets {
		m.games.RemoveOldest()
	}
	for name, a := range t.accounts {
		switch {
		case name.Shared() && a.open:
			m.shared[name] = a.balance
		case a.written && (t.version == 0 || !a.known):
			m.wallets.Remove(name)
		case a.written && name.Kind == ledger.KindPlayer:
			m.wallets.Add(name, wallet{t.version, a.balance, t.protections.Text(name.Owner)})
		}
	}
}

func (m *memory) keep(id uuid.UUID, left *game) {
	if left == nil {
		m.games.Remove(id)
		return
	}
	if before, ok := m.games.Peek(id); ok {
		m.bets -= len(before.bets)
	}
	m.games.Add(id, left)
	m.bets += len(left.bets)
}

// drop forgets a game that is otherwise than it was remembered.
func (m *memory) drop(id uuid.UUID, wrong *game) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.games.Peek(id); ok && known == wrong {
		m.games.Remove(id)
	}
}

// wrong drops the wallets that a transaction recalled in vain. Its games are compared when it runs again.
func (m *memory) wrong(t *transaction) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.doubt.refute(); m.doubt.deep() {
		m.clear()
		return
	}
	for name := range t.accounts {
		m.wallets.Remove(name)
	}
}

func (a accounts) money(name ledger.Account) money {
	if known := a[name]; known != nil {
		return money{known.balance, known.open}
	}
	return money{} // A new table's, that nothing has moved.
}

// left is a game behind a transaction that saved it, nil where it is over, or where not all bets on it are known.
func (t *transaction) left(turn *play.Turn) *game {
	id := turn.Game.ID
	before := t.games[id]
	if t.version == 0 || turn.Game.Status != play.Open || before == nil && !turn.New {
		return nil
	}
	left := &game{version: t.version, state: new(*turn.Game)}
	left.state.Seats = slices.Clone(left.state.Seats)
	left.escrow, left.reserve = t.accounts.money(ledger.Escrow(id)), t.accounts.money(ledger.Reserve(id))
	placed, changed := turn.BetChanges()
	if before != nil {
		stale := make(map[uuid.UUID]bool, len(changed))
		for _, bet := range changed {
			stale[bet.ID] = true
		}
		left.bets = make([]*play.Bet, 0, len(before.bets)+len(placed))
		for _, bet := range before.bets {
			if !stale[bet.ID] {
				left.bets = append(left.bets, bet)
			}
		}
	}
	for _, bet := range slices.Concat(changed, placed) {
		if bet.Status == play.Live {
			left.bets = append(left.bets, new(*bet))
		}
	}
	return left
}
