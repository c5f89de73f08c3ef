package consensus_test

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/canonical"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// record is the folder to which the proofs of real chains are written, with which libs/receipt is tested:
//
//	go test ./services/consensus -run Proven -record ../../libs/receipt/testdata
var record = flag.String("record", "", "folder to write proofs into")

// proven requests the proof of a decided round and verifies it as anyone could who has pinned the chain's facts.
func proven(t *testing.T, client consensusv1.ConsensusServiceClient, c protocol.Commitment) *consensusv1.ProveRoundResponse {
	t.Helper()
	proof, err := client.ProveRound(t.Context(), &consensusv1.ProveRoundRequest{GameId: uuid.UUID(c.Game).String(), Round: int64(c.Round)})
	if err != nil {
		t.Fatal(err)
	}
	if err := receipt.CheckValidators(proof.GetBlock()); err != nil {
		t.Error(err)
	}
	if err := receipt.CheckInclusion(proof.GetBlock(), c); err != nil {
		t.Error(err)
	}
	if err := receipt.CheckSignatures(proof.GetChainId(), proof.GetBlock()); err != nil {
		t.Error(err)
	}
	key, err := beacon.ParseKey(unhex(t, proof.GetGroupKey()))
	if err != nil {
		t.Fatal(err)
	}
	if err := key.Verify(proof.GetBeacon().GetHeight(), unhex(t, proof.GetBeacon().GetSignature())); err != nil {
		t.Error(err)
	}
	if got, want := proof.GetBeacon().GetHeight(), proof.GetBlock().GetHeader().GetHeight()+1; got != want {
		t.Errorf("beacon height = %d, want %d", got, want)
	}
	return proof
}

// write writes a proof if -record is set.
func write(t *testing.T, name string, c protocol.Commitment, proof *consensusv1.ProveRoundResponse) {
	t.Helper()
	text, err := canonical.JSON(proof)
	if err != nil {
		t.Fatal(err)
	}
	block, err := canonical.JSON(proof.GetBlock())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d bytes with %d signatures and a path of %d", name, len(block), len(proof.GetBlock().GetCommit().GetSignatures()), len(proof.GetBlock().GetInclusion().GetPath()))
	if *record == "" {
		return
	}
	document, err := json.Marshal(map[string]any{"commitment": hex.EncodeToString(c.Encode()), "proof": json.RawMessage(text)})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*record, name+".json"), append(document, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRoundsOfOneValidatorAreProven(t *testing.T) {
	net := startNetwork(t, 1)
	client := net.client(identity.Game)
	for round := uint64(1); round <= 3; round++ {
		c := protocol.Commitment{Game: protocol.ID{1}, Round: round}
		if _, err := decide(t, client, c); err != nil {
			t.Fatal(err)
		}
		write(t, "one", c, proven(t, client, c))
	}
	for name, req := range map[string]*consensusv1.ProveRoundRequest{
		"undecided round": {GameId: uuid.UUID{1}.String(), Round: 4},
		"unknown game":    {GameId: uuid.UUID{2}.String(), Round: 1},
	} {
		if _, err := client.ProveRound(t.Context(), req); errs.Reason(err) != errorsv1.Reason_REASON_DECISION_NOT_FOUND {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// together decides rounds of many games at once until several are in one block, and returns one of these.
func together(t *testing.T, client consensusv1.ConsensusServiceClient, round *uint64) protocol.Commitment {
	t.Helper()
	for {
		*round++
		var mu sync.Mutex
		var calls sync.WaitGroup
		at := make(map[int64]int)
		var found protocol.Commitment
		for game := range byte(8) {
			calls.Go(func() {
				c := protocol.Commitment{Game: protocol.ID{game}, Round: *round, BetsRoot: protocol.Hash{game}}
				decision, err := decide(t, client, c)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if at[decision.GetHeight()]++; at[decision.GetHeight()] >= 3 {
					found = c
				}
			})
		}
		if calls.Wait(); t.Failed() {
			t.FailNow()
		}
		for game := range byte(8) {
			proven(t, client, protocol.Commitment{Game: protocol.ID{game}, Round: *round, BetsRoot: protocol.Hash{game}})
		}
		if found.Round > 0 {
			return found
		}
	}
}

func TestRoundsOfFourValidatorsAreProven(t *testing.T) {
	net := startNetwork(t, 4)
	client, round := net.client(identity.Game), uint64(0)

	c := together(t, client, &round)
	proof := proven(t, client, c)
	write(t, "four", c, proof)
	fairness, err := net.client(identity.Gateway).GetFairness(t.Context(), &consensusv1.GetFairnessRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if proof.GetChainId() != fairness.GetChainId() || proof.GetGroupKey() != fairness.GetGroupKey() {
		t.Errorf("the proof is of %s with %s", proof.GetChainId(), proof.GetGroupKey())
	}

	net.stop[3]()
	c = together(t, client, &round)
	proof = proven(t, client, c)
	write(t, "three", c, proof)
	commit := proof.GetBlock().GetCommit()
	if n := len(commit.GetSignatures()); n != 3 {
		t.Fatalf("%d signatures, with one of four validators stopped", n)
	}
	commit.Signatures = commit.GetSignatures()[:2]
	if err := receipt.CheckSignatures(proof.GetChainId(), proof.GetBlock()); err == nil {
		t.Error("two of four validators prove a block")
	}
}
