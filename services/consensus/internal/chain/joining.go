package chain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	cmtstate "github.com/cometbft/cometbft/proto/tendermint/state"
	ssproto "github.com/cometbft/cometbft/proto/tendermint/statesync"
	"github.com/cometbft/cometbft/state"
	"github.com/cometbft/cometbft/types"
	"github.com/cometbft/cometbft/version"
)

// joining gives CometBFT what it must know of the blocks around a snapshot. CometBFT would ask light-client servers, which
// validators here are not; but who offers a snapshot sends these blocks with it, and they prove themselves.
type joining struct {
	logger  *slog.Logger
	genesis *types.GenesisDoc

	mu     sync.Mutex
	blocks map[int64][]*types.LightBlock // The three of a snapshot, by its height.
}

func newJoining(logger *slog.Logger, genesis *types.GenesisDoc) *joining {
	return &joining{logger: logger, genesis: genesis, blocks: make(map[int64][]*types.LightBlock)}
}

// maxOffers bounds the snapshots that are remembered.
const maxOffers = 64

// learn checks the blocks of a snapshot that a peer offers.
func (j *joining) learn(offer *ssproto.SnapshotsResponse) {
	m, err := parseManifest(offer.Metadata)
	if err == nil && (uint64(m.Height) != offer.Height || string(m.hash()) != string(offer.Hash)) {
		err = errors.New("manifest: of another snapshot")
	}
	var blocks []*types.LightBlock
	if err == nil {
		blocks, err = m.lightBlocks(j.genesis)
	}
	if err != nil {
		j.logger.Warn("a peer offers a snapshot that proves nothing", "height", offer.Height, "error", err)
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.blocks[m.Height] = blocks
	if len(j.blocks) > maxOffers { // The oldest is the first that its peers forget.
		delete(j.blocks, slices.Min(slices.Collect(maps.Keys(j.blocks))))
	}
}

// best is the height of the latest snapshot that a peer proved; 0 where none did.
func (j *joining) best() (height int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for proven := range j.blocks {
		height = max(height, proven)
	}
	return height
}

// three are the blocks of a snapshot: its own and the two behind it.
func (j *joining) three(height uint64) ([]*types.LightBlock, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if blocks, ok := j.blocks[int64(height)]; ok {
		return blocks, nil
	}
	return nil, fmt.Errorf("no peer proved the blocks of the snapshot at height %d", height)
}

// AppHash implements statesync.StateProvider.
func (j *joining) AppHash(_ context.Context, height uint64) ([]byte, error) {
	blocks, err := j.three(height)
	if err != nil {
		return nil, err
	}
	return blocks[1].AppHash, nil
}

// Commit implements statesync.StateProvider.
func (j *joining) Commit(_ context.Context, height uint64) (*types.Commit, error) {
	blocks, err := j.three(height)
	if err != nil {
		return nil, err
	}
	return blocks[0].Commit, nil
}

// State implements statesync.StateProvider. The consensus parameters are those of genesis: nothing
// changes them but the version.
func (j *joining) State(_ context.Context, height uint64) (state.State, error) {
	blocks, err := j.three(height)
	if err != nil {
		return state.State{}, err
	}
	last, current, next := blocks[0], blocks[1], blocks[2]
	params := *j.genesis.ConsensusParams
	params.Version.App = current.Version.App
	if string(params.Hash()) != string(current.ConsensusHash) {
		return state.State{}, errors.New("the chain's consensus parameters are not those of genesis")
	}
	return state.State{
		ChainID: j.genesis.ChainID, InitialHeight: j.genesis.InitialHeight,
		Version:         cmtstate.Version{Consensus: current.Version, Software: version.TMCoreSemVer},
		LastBlockHeight: last.Height, LastBlockTime: last.Time, LastBlockID: last.Commit.BlockID,
		AppHash: current.AppHash, LastResultsHash: current.LastResultsHash,
		LastValidators: last.ValidatorSet, Validators: current.ValidatorSet, NextValidators: next.ValidatorSet,
		LastHeightValidatorsChanged: next.Height,
		ConsensusParams:             params, LastHeightConsensusParamsChanged: current.Height,
	}, nil
}

// offers is CometBFT's state sync with a view of what peers offer.
type offers struct {
	p2p.Reactor
	learn func(*ssproto.SnapshotsResponse)
	known func(p2p.ID) bool
}

// Receive implements p2p.Reactor.
func (o offers) Receive(e p2p.Envelope) {
	if offer, ok := e.Message.(*ssproto.SnapshotsResponse); ok {
		if !o.known(e.Src.ID()) {
			return
		}
		o.learn(offer)
	}
	o.Reactor.Receive(e)
}

// snapshotReactor is CometBFT's name for it.
const snapshotReactor = "STATESYNC"

// viewOffers puts the view in front of a node's state sync, and answers it.
func (n *Node) viewOffers(comet *node.Node) {
	node.StateProvider(n.joining)(comet)
	if reactor, ok := comet.Switch().Reactor(snapshotReactor); ok {
		node.CustomReactors(map[string]p2p.Reactor{snapshotReactor: offers{reactor, n.joining.learn, n.known}})(comet)
	}
}

// mustJoin reports whether this validator's data is gone, or it came later, so that it can't begin at genesis: blocks that its
// peers no longer have are no longer to be had.
func (n *Node) mustJoin() bool {
	_, err := os.Stat(filepath.Join(n.home.dir, newFile))
	return n.app.tip().Height == 0 && errors.Is(err, fs.ErrNotExist)
}
