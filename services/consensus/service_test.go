package consensus_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	circl "github.com/cloudflare/circl/sign/bls"
	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/protocol"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// start runs a chain with a single validator and returns a client of it.
func start(t *testing.T) func(self string) consensusv1.ConsensusServiceClient {
	t.Helper()
	return startNetwork(t, 1).client
}

// decide has a round decided, and retries while the validators are still connecting and generating their key.
func decide(t *testing.T, client consensusv1.ConsensusServiceClient, c protocol.Commitment) (*consensusv1.Decision, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		resp, err := client.DecideRound(ctx, &consensusv1.DecideRoundRequest{Commitment: c.Encode()})
		if reason := errs.Reason(err); reason != errorsv1.Reason_REASON_NO_QUORUM && reason != errorsv1.Reason_REASON_UNAVAILABLE {
			return resp.GetDecision(), err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil, err
		}
	}
}

// TestARoundWhosePredecessorIsUnknownIsRefused asks for the third round of a game of which the chain knows only the first, as if it was
// restored from a copy that is older than the game's.
func TestARoundWhosePredecessorIsUnknownIsRefused(t *testing.T) {
	client := start(t)(identity.Game)
	if _, err := decide(t, client, protocol.Commitment{Game: protocol.ID{1}, Round: 1}); err != nil {
		t.Fatal(err)
	}
	_, err := decide(t, client, protocol.Commitment{Game: protocol.ID{1}, Round: 3})
	if errs.Reason(err) != errorsv1.Reason_REASON_DECISION_NOT_FOUND || !strings.Contains(err.Error(), "round 2, which must come before round 3") {
		t.Errorf("round 3: %v", err)
	}
	if _, err := decide(t, client, protocol.Commitment{Game: protocol.ID{2}, Round: 3}); err != nil {
		t.Errorf("a game that the chain does not know: %v", err)
	}
}

func TestRoundIsDecidedOnce(t *testing.T) {
	client := start(t)(identity.Game)
	c := protocol.Commitment{Game: protocol.ID{1}, Round: 1}
	first, err := decide(t, client, c)
	if err != nil {
		t.Fatal(err)
	}
	again, err := decide(t, client, c)
	if err != nil || again.String() != first.String() {
		t.Errorf("decided as %v, then as %v, %v", first, again, err)
	}
	c.BetCount++
	if _, err := decide(t, client, c); errs.Reason(err) != errorsv1.Reason_REASON_ROUND_CONFLICT {
		t.Errorf("another commitment: %v", err)
	}
	if _, err := client.DecideRound(t.Context(), &consensusv1.DecideRoundRequest{Commitment: []byte("x")}); errs.Reason(err) != errorsv1.Reason_REASON_COMMITMENT_MALFORMED {
		t.Errorf("garbage: %v", err)
	}
	got, err := client.GetDecision(t.Context(), &consensusv1.GetDecisionRequest{GameId: uuid.UUID{1}.String(), Round: 1})
	if err != nil || got.GetDecision().String() != first.String() {
		t.Errorf("GetDecision = %v, %v", got, err)
	}
	if _, err := client.GetDecision(t.Context(), &consensusv1.GetDecisionRequest{GameId: uuid.UUID{1}.String(), Round: 2}); errs.Reason(err) != errorsv1.Reason_REASON_DECISION_NOT_FOUND {
		t.Errorf("undecided round: %v", err)
	}
}

func TestStatusReportsTheDealingAndTheConnectedValidators(t *testing.T) {
	client := start(t)(identity.Game)
	if _, err := decide(t, client, protocol.Commitment{Round: 1}); err != nil {
		t.Fatal(err)
	}
	status, err := client.GetStatus(t.Context(), &consensusv1.GetStatusRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if status.GetN() != 1 || status.GetF() != 0 || status.GetQuorum() != 1 || status.GetConnected() != 1 || status.GetHeight() < 2 ||
		status.GetDealing() != consensusv1.Dealing_DEALING_DISTRIBUTED || status.GetDealingNote() == "" ||
		status.GetEpoch() != 1 || status.GetCeremony() != "" || status.GetProtocolVersion() != 1 {
		t.Errorf("status = %v", status)
	}
}

func TestDecisionsAreStreamed(t *testing.T) {
	client := start(t)(identity.Game)
	first, err := decide(t, client, protocol.Commitment{Round: 1})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := client.StreamDecisions(t.Context(), &consensusv1.StreamDecisionsRequest{FromHeight: 1})
	if err != nil {
		t.Fatal(err)
	}
	past, err := stream.Recv()
	if err != nil || past.GetDecision().String() != first.String() {
		t.Fatalf("past decision %v, %v", past, err)
	}
	second, err := decide(t, client, protocol.Commitment{Round: 2})
	if err != nil {
		t.Fatal(err)
	}
	live, err := stream.Recv()
	if err != nil || live.GetDecision().String() != second.String() {
		t.Errorf("live decision %v, %v", live, err)
	}
}

func TestAStreamEndsAfterItsLastBlock(t *testing.T) {
	client := start(t)(identity.Game)
	var all []*consensusv1.Decision
	for round := range 3 {
		decision, err := decide(t, client, protocol.Commitment{Round: uint64(round + 1)})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, decision)
	}
	stream, err := client.StreamDecisions(t.Context(), &consensusv1.StreamDecisionsRequest{FromHeight: all[0].GetHeight(), ToHeight: all[1].GetHeight()})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range all[:2] {
		if got, err := stream.Recv(); err != nil || got.GetDecision().String() != want.String() {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	if end, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("after to_height: %v, %v", end, err)
	}
}

// TestBeaconVerifiesByAnotherImplementation does what a player does: pin the group key, fetch a beacon, and verify it by drand's rules.
// circl shares no code with the library that signs.
func TestBeaconVerifiesByAnotherImplementation(t *testing.T) {
	as := start(t)
	decision, err := decide(t, as(identity.Game), protocol.Commitment{Round: 1})
	if err != nil {
		t.Fatal(err)
	}
	fairness, err := as(identity.Gateway).GetFairness(t.Context(), &consensusv1.GetFairnessRequest{})
	if err != nil {
		t.Fatal(err)
	}
	height := decision.GetBeacon().GetHeight()
	resp, err := as(identity.Gateway).GetBeacon(t.Context(), &consensusv1.GetBeaconRequest{Height: height})
	if err != nil || resp.GetBeacon().String() != decision.GetBeacon().String() {
		t.Fatalf("GetBeacon = %v, %v", resp, err)
	}
	if _, err := as(identity.Gateway).GetBeacon(t.Context(), &consensusv1.GetBeaconRequest{Height: height - 1}); errs.Reason(err) != errorsv1.Reason_REASON_BEACON_NOT_FOUND {
		t.Errorf("a beacon that no round awaited: %v", err)
	}
	var key circl.PublicKey[circl.KeyG2SigG1]
	if err := key.UnmarshalBinary(unhex(t, fairness.GetGroupKey())); err != nil {
		t.Fatal(err)
	}
	message := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(height)))
	signature := unhex(t, resp.GetBeacon().GetSignature())
	if !circl.Verify(&key, message[:], signature) {
		t.Error("the signature does not verify")
	}
	if randomness := sha256.Sum256(signature); resp.GetBeacon().GetRandomness() != hex.EncodeToString(randomness[:]) {
		t.Errorf("randomness = %s", resp.GetBeacon().GetRandomness())
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
