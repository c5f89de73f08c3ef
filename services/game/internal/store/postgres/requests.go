package postgres

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/libs/postgres"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres/db"
)

// Requests implements play.Tx. A transaction that works from the cache assumes that all of them are new: a request that is stored already
// can't be saved again, and recheckRequests looks up those that are not saved.
func (t *transaction) Requests(ctx context.Context, keys ...play.RequestKey) (map[play.RequestKey]play.Request, error) {
	if !t.cached {
		return t.requests(ctx, keys)
	}
	for _, key := range keys {
		t.assumedNew[key] = true
	}
	return make(map[play.RequestKey]play.Request), nil
}

func (t *transaction) requests(ctx context.Context, keys []play.RequestKey) (map[play.RequestKey]play.Request, error) {
	known := make(map[play.RequestKey]play.Request)
	if len(keys) == 0 {
		return known, nil
	}
	var rows []db.Request
	await(t, &rows, func(q *db.Queries) ([]db.Request, error) {
		return q.Requests(ctx, column(keys, requestPlayer), column(keys, requestID))
	})
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	for _, row := range rows {
		known[play.RequestKey{Player: row.PlayerID, ID: row.ID}] = play.Request{Fingerprint: row.Fingerprint, Response: row.Response, At: micros.Time(row.CreatedAt)}
	}
	return known, nil
}

// SaveRequests implements play.Tx. Where a key is stored already, another transaction was first with the same request; this
// one runs again, and then finds it.
func (t *transaction) SaveRequests(ctx context.Context, requests map[play.RequestKey]play.Request) error {
	if len(requests) == 0 {
		return nil
	}
	keys := sortedKeys(maps.Keys(requests)) // Sorted, so that two transactions can't deadlock.
	for _, key := range keys {
		delete(t.assumedNew, key)
	}
	return t.later.InsertRequests(ctx, db.InsertRequestsParams{
		Players: column(keys, requestPlayer), Ids: column(keys, requestID),
		Fingerprints: column(keys, func(k play.RequestKey) []byte { return requests[k].Fingerprint }),
		Responses:    column(keys, func(k play.RequestKey) []byte { return requests[k].Response }),
		CreatedAt:    column(keys, func(k play.RequestKey) int64 { return micros.Of(requests[k].At) }),
	})
}

// recheckRequests looks up requests that were assumed to be new and were not saved, because their commands were refused: maybe because of
// what the same request did before. Then the transaction runs again, and they get the first response. Otherwise it returns result.
func (t *transaction) recheckRequests(ctx context.Context, result error) error {
	if len(t.assumedNew) == 0 {
		return result
	}
	known, err := t.requests(ctx, sortedKeys(maps.Keys(t.assumedNew)))
	if err == nil && len(known) > 0 {
		err = fmt.Errorf("%w: with the same request", postgres.ErrConflict)
	}
	return cmp.Or(err, result)
}

func sortedKeys(keys func(func(play.RequestKey) bool)) []play.RequestKey {
	return slices.SortedFunc(keys, func(a, b play.RequestKey) int {
		return cmp.Or(bytes.Compare(a.Player[:], b.Player[:]), cmp.Compare(a.ID, b.ID))
	})
}

func requestPlayer(key play.RequestKey) uuid.UUID { return key.Player }

func requestID(key play.RequestKey) string { return key.ID }
