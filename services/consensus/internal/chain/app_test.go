package chain

import (
	"log/slog"
	"testing"

	dbm "github.com/cometbft/cometbft-db"
	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/types"
	"go.dedis.ch/kyber/v4/util/random"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// newApps are the applications of four validators with the addresses "0" to "3", each with a store of its own in which
// block 5 ordered a round.
func newApps(t *testing.T) []*app {
	t.Helper()
	public, shares := threshold.Deal(3, 4, random.New())
	apps := make([]*app, 4)
	for i := range apps {
		s := &store{db: dbm.NewMemDB()}
		apps[i] = &app{
			logger: slog.New(slog.DiscardHandler), store: s, docket: newDocket(slog.New(slog.DiscardHandler), s, &witness{}, &types.GenesisDoc{}), public: public, share: shares[i],
			indices: map[string]int{"0": 0, "1": 1, "2": 2, "3": 3}, address: []byte{'0' + byte(i)}, committed: make(chan struct{}, 1),
		}
		ordered := order.Ordered{Commitment: protocol.Commitment{Round: 1}, Height: 5}
		if err := apps[i].store.commit(tip{Height: 5}, []order.Ordered{ordered}, nil); err != nil {
			t.Fatal(err)
		}
	}
	return apps
}

func extend(t *testing.T, a *app, height int64) []byte {
	t.Helper()
	response, err := a.ExtendVote(t.Context(), &abci.RequestExtendVote{Height: height})
	if err != nil {
		t.Fatal(err)
	}
	return response.VoteExtension
}

// TestNoShareExistsBeforeTheBetsAreFinal asks for extensions at every height around the block that orders a round.
func TestNoShareExistsBeforeTheBetsAreFinal(t *testing.T) {
	a := newApps(t)[0]
	for height := int64(1); height <= 9; height++ {
		if extension := extend(t, a, height); (len(extension) > 0) != (height == 6) {
			t.Errorf("height %d has an extension of %d bytes", height, len(extension))
		}
	}
}

func TestOnlyTheValidatorsOwnShareIsAccepted(t *testing.T) {
	apps := newApps(t)
	share := extend(t, apps[1], 6)
	late := extend(t, apps[2], 6)
	for name, tc := range map[string]struct {
		validator string
		height    int64
		extension []byte
		accepted  bool
	}{
		"its own share":              {"1", 6, share, true},
		"another validator's share":  {"2", 6, share, false},
		"a stranger's share":         {"9", 6, share, false},
		"no share":                   {"1", 6, nil, false},
		"garbage":                    {"1", 6, []byte("garbage"), false},
		"more bytes than a share":    {"1", 6, append(share[:len(share):len(share)], 0), false},
		"a share of another height":  {"2", 7, late, false},
		"a share that nobody awaits": {"1", 5, share, false},
		"nothing where none is due":  {"1", 5, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := apps[0].VerifyVoteExtension(t.Context(), &abci.RequestVerifyVoteExtension{
				ValidatorAddress: []byte(tc.validator), Height: tc.height, VoteExtension: tc.extension})
			if err != nil {
				t.Fatal(err)
			}
			if got := response.Status == abci.ResponseVerifyVoteExtension_ACCEPT; got != tc.accepted {
				t.Errorf("accepted = %v", got)
			}
		})
	}
}

func TestProposalsWithRefusableTransactionsAreRejected(t *testing.T) {
	a := newApps(t)[0]
	good := protocol.Commitment{Round: 2}.Encode()
	for name, tc := range map[string]struct {
		txs      [][]byte
		accepted bool
	}{
		"empty":   {nil, true},
		"good":    {[][]byte{good}, true},
		"twice":   {[][]byte{good, good}, false},
		"decided": {[][]byte{protocol.Commitment{Round: 1}.Encode()}, false},
		"garbage": {[][]byte{good, {1, 2, 3}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := a.ProcessProposal(t.Context(), &abci.RequestProcessProposal{Height: 6, Txs: tc.txs})
			if err != nil {
				t.Fatal(err)
			}
			if got := response.Status == abci.ResponseProcessProposal_ACCEPT; got != tc.accepted {
				t.Errorf("accepted = %v", got)
			}
		})
	}
}
