// Package receipt checks receipts: from the bytes of the file alone it follows a player's bets from the commitment that
// bound them, through the block that ordered it and the beacon that threw the dice, to what was paid. It asks nobody, and
// it takes everything that it is given for a stranger's. docs/protocol.md specifies every check.
//
// The checks of a block are an implementation of CometBFT's hashes and votes of its own, so that a player need not run
// CometBFT to check it, nor trust that the validators' copy of it tells the truth. A block's proof holds where
// CheckValidators, CheckInclusion and CheckSignatures all do; each binds what the others leave open. They say that the
// validators in the proof signed. Whether these are the chain's, a Light says, which follows them from the ones in a Trust.
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
	// version is that of the receipts that this package reads.
	version = 2
	// maxSize bounds the text of a receipt. A full table with every bet there is has an eighth of it; players who left may
	// have more bets on it still, and 64 hops may lead to its block.
	maxSize = 4 << 20
)

// Parse reads a receipt. Its text must be the canonical one, spaces and line breaks aside, so that there is no part of it
// that no check reads.
func Parse(text []byte) (*receiptv1.Receipt, error) {
	if len(text) > maxSize {
		return nil, fmt.Errorf("%d bytes; at most %d are allowed", len(text), maxSize)
	}
	r := &receiptv1.Receipt{}
	if err := protojson.Unmarshal(text, r); err != nil {
		// Protobuf writes one of two kinds of space, by chance, into its errors. A verifier says the same everywhere.
		return nil, fmt.Errorf("not a receipt: %s", Printable(strings.ReplaceAll(err.Error(), "\u00a0", " ")))
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	again, err := canonical.JSON(r)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(compact.Bytes(), again) {
		return nil, fmt.Errorf("not written the one way that a receipt is written, from byte %d on", firstDifference(compact.Bytes(), again))
	}
	if err := checkForm(r); err != nil {
		return nil, err
	}
	return r, nil
}

// checkForm checks what stands before everything else, and what people are told of a receipt from the first line on.
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
