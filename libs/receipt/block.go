package receipt

import (
	"errors"
	"fmt"

	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// maxPath bounds audit paths. No block has nearly 2^30 transactions, and an int has more than 30 bits on every platform.
const maxPath = 30

// Transaction is a transaction of the chain: a commitment or a sharing.
type Transaction interface {
	// Hash returns the SHA-256 hash of the encoding, which is the transaction's leaf in the block's tree.
	Hash() protocol.Hash
}

// CheckInclusion checks that the block includes the transaction.
func CheckInclusion(proof *receiptv1.BlockProof, tx Transaction) error {
	root, err := parseHash("header.data_hash", proof.GetHeader().GetDataHash())
	if err != nil {
		return err
	}
	if proof.GetInclusion() == nil { // It must be present even if empty, as for a block with one transaction: a missing one would be a second encoding of that.
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
	// The number of transactions of the block does not matter, and is not known here.
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
