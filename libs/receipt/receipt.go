// Package receipt builds and verifies receipts. Offline, from the bytes of the file alone, it follows a player's bets from the commitment
// that binds them, through the block that ordered it and the beacon that the dice are derived from, to the payouts. It treats all of its
// input as untrusted. docs/protocol.md specifies every check.
//
// The checks of a block are an independent implementation of CometBFT's hashes and votes, so that a player neither needs to run CometBFT
// nor has to trust the validators' copy of it. A block's proof is valid if CheckValidators, CheckInclusion and CheckSignatures all
// succeed; each of them binds what the others leave open. They prove that the validators in the proof signed the block. A LightClient
// proves that these are the chain's: it follows them from the ones in a Trust.
package receipt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/bitcraps/bitcraps/libs/canonical"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

const (
	// version is the version of the receipts that this package reads.
	version = 2
	// maxSize bounds the text of a receipt. That of a full table with every possible bet has an eighth of it; players who have left may
	// still have further bets on the table, and up to 256 hops may lead to its block.
	maxSize = 4 << 20
)

// Parse parses a receipt. Its text must be canonical, except for whitespace, so that no part of it escapes all checks.
func Parse(text []byte) (*receiptv1.Receipt, error) {
	if len(text) > maxSize {
		return nil, fmt.Errorf("%d bytes; at most %d are allowed", len(text), maxSize)
	}
	r := &receiptv1.Receipt{}
	if err := protojson.Unmarshal(text, r); err != nil {
		// Protobuf's errors contain one of two kinds of space, at random. A verifier's messages are the same everywhere.
		return nil, fmt.Errorf("not a receipt: %s", Printable(strings.ReplaceAll(err.Error(), "\u00a0", " ")))
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	want, err := canonical.JSON(r)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(compact.Bytes(), want) {
		return nil, fmt.Errorf("not in the canonical form of receipts, from byte %d on", firstDifference(compact.Bytes(), want))
	}
	if err := checkForm(r); err != nil {
		return nil, err
	}
	return r, nil
}

// checkForm checks what all other checks rely on, and the fields that are displayed before any of them.
func checkForm(r *receiptv1.Receipt) error {
	if r.GetVersion() != version {
		return fmt.Errorf("version: %d; this program reads version %d", r.GetVersion(), version)
	}
	for _, field := range []struct {
		name    string
		missing bool
	}{
		{"state", r.State == nil}, {"commitment", r.Commitment == nil}, {"block", r.Block == nil}, {"beacon", r.Beacon == nil}, {"bets", len(r.Bets) == 0},
	} {
		if field.missing {
			return errors.New(field.name + ": is missing")
		}
	}
	if _, err := parseID("game_id", r.GetGameId()); err != nil {
		return err
	}
	if _, err := parseID("player_id", r.GetPlayerId()); err != nil {
		return err
	}
	return CheckChainID(r.GetChainId())
}

func firstDifference(a, b []byte) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}
