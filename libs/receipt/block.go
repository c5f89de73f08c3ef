package receipt

import (
	"errors"
	"fmt"

	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// maxPath bounds audit paths. A block is far from having 2^30 transactions, and an int has that many bits everywhere.
const maxPath = 30

// Transaction is what a block may hold: a commitment or a sharing.
type Transaction interface {
	// Hash is SHA-256 of the encoding. It is the transaction's leaf.
	Hash() protocol.Hash
}

// CheckInclusion checks that the transaction is one of the block.
func CheckInclusion(proof *receiptv1.BlockProof, tx Transaction) error {
	root, err := parseHash("header.data_hash", proof.GetHeader().GetDataHash())
	if err != nil {
		return err
	}
	if proof.GetInclusion() == nil { // Another spelling of an empty one, which proves the only transaction of a block.
		return errors.New("inclusion: is missing")
	}
	if n := len(proof.GetInclusion().GetPath()); n > maxPath {
		return fmt.Errorf("inclusion.path: %d hashes; at most %d are allowed", n, maxPath)
	}
	var path []protocol.Hash
	for i, text := range proof.GetInclusion().GetPath() {
		sibling, err := parseHash(fmt.Sprintf("inclusion.path[%d]", i), text)
		if err != nil {
			return err
		}
		path = append(path, sibling)
	}
	// How many transactions the block has does not matter, and nothing here could tell.
	index := int(proof.GetInclusion().GetIndex())
	if index < 0 || index >= 1<<len(path) {
		return fmt.Errorf("inclusion.index: %d has other bits than the path's %d", index, len(path))
	}
	leaf := tx.Hash()
	if !protocol.VerifyPath(leaf[:], index, path, root) {
		return errors.New("inclusion.path: does not lead from the transaction to header.data_hash")
	}
	return nil
}
