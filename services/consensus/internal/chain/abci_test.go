package chain

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	abci "github.com/cometbft/cometbft/abci/types"
	"go.dedis.ch/kyber/v4/util/random"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg/dkgtest"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// newApp is an application without a share, in whose store block 5 has ordered a round.
func newApp(t testing.TB) *app {
	t.Helper()
	group := &order.Group{Version: order.FirstVersion, Sharings: []order.Sharing{{From: 1}}}
	discard, s := slog.New(slog.DiscardHandler), &store{db: dbm.NewMemDB()}
	a := &app{logger: discard, store: s, evidence: newEvidenceLog(discard, s, &signatureCache{}), snapshots: &snapshotStore{store: s}, now: time.Now, version: order.Version,
		group: group, sharings: []*sharing{{from: 1}},
		committed: make(chan struct{}, 1), changed: make(chan struct{}, 1), setProposeTimeout: func() error { return nil }}
	ordered := order.Ordered{Commitment: protocol.Commitment{Round: 1}, Height: 5}
	if err := a.store.commit(tip{Height: 5}, order.Result{Ordered: []order.Ordered{ordered}, Group: group}); err != nil {
		t.Fatal(err)
	}
	return a
}

// newApps are the applications of four validators with the addresses "0" to "3".
func newApps(t testing.TB) []*app {
	t.Helper()
	// All processes of a fuzzer must generate the same key.
	public, shares := dkgtest.MakeFrom(t, 3, 4, random.New(rand.NewChaCha8([32]byte{1})))
	indices := map[protocol.Address]int{}
	for i := range shares {
		indices[address(fmt.Sprint(i))] = i
	}
	apps := make([]*app, 4)
	for i := range apps {
		apps[i] = newApp(t)
		apps[i].address = address(fmt.Sprint(i))
		apps[i].sharings = []*sharing{{from: 1, public: public, indices: indices, share: &shares[i]}}
	}
	return apps
}

// address is an address that begins with a text.
func address(text string) (a protocol.Address) {
	copy(a[:], text)
	return a
}

func extend(t testing.TB, a *app, height int64) []byte {
	t.Helper()
	response, err := a.ExtendVote(t.Context(), &abci.RequestExtendVote{Height: height})
	if err != nil {
		t.Fatal(err)
	}
	return response.VoteExtension
}

// TestNoShareExistsBeforeTheBetsAreFinal requests extensions at every height around the block that orders a round.
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
		"an unknown validator's":     {"9", 6, share, false},
		"no share":                   {"1", 6, nil, false},
		"garbage":                    {"1", 6, []byte("garbage"), false},
		"more bytes than a share":    {"1", 6, append(share[:len(share):len(share)], 0), false},
		"a share of another height":  {"2", 7, late, false},
		"a share that nobody awaits": {"1", 5, share, false},
		"nothing where none is due":  {"1", 5, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			validator := address(tc.validator)
			response, err := apps[0].VerifyVoteExtension(t.Context(), &abci.RequestVerifyVoteExtension{
				ValidatorAddress: validator[:], Height: tc.height, VoteExtension: tc.extension})
			if err != nil {
				t.Fatal(err)
			}
			if got := response.Status == abci.ResponseVerifyVoteExtension_ACCEPT; got != tc.accepted {
				t.Errorf("accepted = %v", got)
			}
		})
	}
}

func TestProposalsWithInvalidTransactionsAreRejected(t *testing.T) {
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
			response, err := a.ProcessProposal(t.Context(), &abci.RequestProcessProposal{Height: 7, Txs: tc.txs})
			if err != nil {
				t.Fatal(err)
			}
			if got := response.Status == abci.ResponseProcessProposal_ACCEPT; got != tc.accepted {
				t.Errorf("accepted = %v", got)
			}
		})
	}
}
