package chain

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/bitcraps/bitcraps/libs/protocol"
)

// ListSnapshots implements abci.Application.
func (a *app) ListSnapshots(context.Context, *abci.RequestListSnapshots) (*abci.ResponseListSnapshots, error) {
	all, err := a.snapshots.list()
	return &abci.ResponseListSnapshots{Snapshots: all}, err
}

// LoadSnapshotChunk implements abci.Application.
func (a *app) LoadSnapshotChunk(_ context.Context, req *abci.RequestLoadSnapshotChunk) (*abci.ResponseLoadSnapshotChunk, error) {
	if req.Format != snapshotFormat || req.Chunk > maxChunks || req.Height > 1<<62 {
		return &abci.ResponseLoadSnapshotChunk{}, nil
	}
	chunk, err := a.snapshots.chunk(int64(req.Height), int(req.Chunk))
	return &abci.ResponseLoadSnapshotChunk{Chunk: chunk}, err
}

// OfferSnapshot implements abci.Application. CometBFT takes the application hash from the verified blocks of the state provider.
func (a *app) OfferSnapshot(_ context.Context, req *abci.RequestOfferSnapshot) (*abci.ResponseOfferSnapshot, error) {
	if req.Snapshot == nil || req.Snapshot.Format != snapshotFormat {
		return &abci.ResponseOfferSnapshot{Result: abci.ResponseOfferSnapshot_REJECT_FORMAT}, nil
	}
	m, err := parseManifest(req.Snapshot.Metadata)
	if err != nil || uint64(m.Height) != req.Snapshot.Height || len(m.Chunks) != int(req.Snapshot.Chunks) ||
		string(m.hash()) != string(req.Snapshot.Hash) || len(req.AppHash) != sha256.Size {
		return &abci.ResponseOfferSnapshot{Result: abci.ResponseOfferSnapshot_REJECT}, nil
	}
	if err := a.endRestore(); err != nil {
		return nil, err
	}
	if a.restore, err = newRestore(a.home, a.snapshots.path(m.Height)+draftSuffix, m, protocol.Hash(req.AppHash)); err != nil {
		return nil, err
	}
	a.logger.Info("restoring the state from a snapshot", "height", m.Height, "chunks", len(m.Chunks))
	return &abci.ResponseOfferSnapshot{Result: abci.ResponseOfferSnapshot_ACCEPT}, nil
}

// endRestore ends the restoration and removes its staging store.
func (a *app) endRestore() error {
	if a.restore == nil {
		return nil
	}
	err := a.restore.close()
	a.restore = nil
	return err
}

// ApplySnapshotChunk implements abci.Application.
func (a *app) ApplySnapshotChunk(_ context.Context, req *abci.RequestApplySnapshotChunk) (*abci.ResponseApplySnapshotChunk, error) {
	// The sender is rejected with the snapshot. Otherwise it could offer another one, and another, before those of others are tried.
	reject := &abci.ResponseApplySnapshotChunk{Result: abci.ResponseApplySnapshotChunk_REJECT_SNAPSHOT, RejectSenders: []string{req.Sender}}
	if a.restore == nil {
		return &abci.ResponseApplySnapshotChunk{Result: abci.ResponseApplySnapshotChunk_REJECT_SNAPSHOT}, nil
	}
	err := a.restore.add(int(req.Index), req.Chunk)
	switch {
	case errors.Is(err, errChunkHash):
		return &abci.ResponseApplySnapshotChunk{Result: abci.ResponseApplySnapshotChunk_RETRY,
			RefetchChunks: []uint32{req.Index}, RejectSenders: []string{req.Sender}}, nil
	case err == nil && !a.restore.done():
		return &abci.ResponseApplySnapshotChunk{Result: abci.ResponseApplySnapshotChunk_ACCEPT}, nil
	case err == nil:
		err = a.adoptRestored()
	}
	if err != nil {
		a.logger.Warn("a snapshot was rejected", "height", a.restore.manifest.Height, "error", err)
		return reject, a.endRestore()
	}
	return &abci.ResponseApplySnapshotChunk{Result: abci.ResponseApplySnapshotChunk_ACCEPT}, nil
}

// adoptRestored verifies the staged state and makes it the application's.
func (a *app) adoptRestored() error {
	check := stateCheck{store: a.restore.staged, height: a.restore.manifest.Height, origin: a.origin}
	hash, err := check.run()
	if err != nil {
		return err
	}
	if hash != a.restore.appHash {
		return fmt.Errorf("snapshot: its content has the application hash %x, and the chain has %x", hash, a.restore.appHash)
	}
	if err := a.checkVersion(check.group.Version); err != nil {
		return err
	}
	if err := a.restore.install(a.store, check.group); err != nil {
		return err
	}
	if err := a.load(); err != nil {
		return err
	}
	// This validator does not have the blocks to make this snapshot, and the next joining validator may find no other one.
	if err := a.snapshots.publish(a.restore.manifest); err != nil {
		return err
	}
	notify(a.changed)
	a.logger.Info("the state was restored", "height", check.height, "rounds", check.rounds)
	return a.endRestore()
}
