package chain

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/cometbft/cometbft/crypto/merkle"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// The application hash does not cover the blocks that a state contains. They are verified by their signatures, with a light client that
// follows the validators from genesis.

// checkHops follows the validators through the light blocks at which they changed.
func (c *stateCheck) checkHops() error {
	light, err := genesisLightClient(c.origin.genesis)
	if err != nil {
		return err
	}
	c.lightClients = []receipt.LightClient{light}
	return c.store.scanPrefix([]byte("l"), func(key, value []byte) error {
		hop, height := &receiptv1.LightBlock{}, int64(binary.BigEndian.Uint64(key[1:]))
		if err := proto.Unmarshal(value, hop); err != nil {
			return err
		}
		if hop.GetHeader().GetHeight() != height || height > c.height+1 {
			return fmt.Errorf("snapshot: hop %d is another block", height)
		}
		if light, err = light.Follow(hop); err != nil {
			return fmt.Errorf("snapshot: hop %d: %w", height, err)
		}
		c.lightClients = append(c.lightClients, light)
		return nil
	})
}

// checkSigned checks that a block is of the chain. It must be called in the order of heights.
func (c *stateCheck) checkSigned(block receipt.Block) error {
	for len(c.lightClients) > 1 && c.lightClients[1].Height() < block.GetHeader().GetHeight() {
		c.lightClients = c.lightClients[1:]
	}
	_, err := c.lightClients[0].Follow(block)
	return err
}

// checkRecords checks the records of blocks that are kept for proofs, and their validator sets.
func (c *stateCheck) checkRecords() error {
	if err := c.store.scanPrefix([]byte("v"), func(key, value []byte) error {
		set, err := decodeValidators(value)
		if err == nil && !bytes.Equal(set.Hash(), key[1:]) {
			err = errors.New("snapshot: a validator set is stored under another hash")
		}
		return err
	}); err != nil {
		return err
	}
	lights := c.lightClients
	defer func() { c.lightClients = lights }()
	return c.store.scanPrefix([]byte("p"), func(key, _ []byte) error {
		height := int64(binary.BigEndian.Uint64(key[1:]))
		r, err := c.store.record(height)
		if err != nil {
			return err
		}
		if r == nil || r.header.Height != height || !bytes.Equal(merkle.HashFromByteSlices(r.txs), r.header.DataHash) {
			return fmt.Errorf("snapshot: the record of block %d is of another block", height)
		}
		return c.checkSigned(r.lightBlock())
	})
}

// checkSharing checks the block that ordered the first sharing.
func (c *stateCheck) checkSharing() error {
	proof, err := c.store.firstSharing()
	if err != nil || proof == nil {
		return err
	}
	tx, err := hex.DecodeString(proof.GetTransaction())
	if err != nil {
		return err
	}
	sharing, err := protocol.DecodeSharing(tx)
	if err != nil {
		return err
	}
	if key, ok, err := c.groupKey(); err != nil || !ok || sharing.GroupKey() != key {
		return errors.Join(err, errors.New("snapshot: the first sharing is of another key"))
	}
	return errors.Join(receipt.CheckInclusion(proof.GetBlock(), sharing), c.checkSigned(proof.GetBlock()))
}
