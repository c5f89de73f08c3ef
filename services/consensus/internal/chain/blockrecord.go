package chain

import (
	"encoding/binary"
	"errors"
	"fmt"

	dbm "github.com/cometbft/cometbft-db"
	"github.com/cometbft/cometbft/crypto"
	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/crypto/tmhash"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"

	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// A decided round stays provable forever, but its block is pruned. So what a proof needs of a block is stored separately:
//
//	p height                      header, commit and the hashes of the transactions
//	v hash                        the validator set with the hash, stored once for all blocks that it signs

// blockRecord is the part of a block from which the proofs of its rounds are made.
type blockRecord struct {
	header     types.Header
	commit     *types.Commit
	validators *types.ValidatorSet
	txs        [][]byte // The hashes of the transactions.
}

func recordKey(height int64) []byte {
	return binary.BigEndian.AppendUint64([]byte("p"), uint64(height))
}

func validatorsKey(hash []byte) []byte { return append([]byte("v"), hash...) }

// encode encodes the record: the length of the signed header as a varint, the signed header, and the hashes.
func (r *blockRecord) encode() ([]byte, error) {
	signed, err := (&cmtproto.SignedHeader{Header: r.header.ToProto(), Commit: r.commit.ToProto()}).Marshal()
	if err != nil {
		return nil, err
	}
	value := append(binary.AppendUvarint(nil, uint64(len(signed))), signed...)
	for _, hash := range r.txs {
		value = append(value, hash...)
	}
	return value, nil
}

func decodeRecord(value []byte) (*blockRecord, error) {
	length, n := binary.Uvarint(value)
	if n <= 0 || length > uint64(len(value)-n) || (len(value)-n-int(length))%tmhash.Size != 0 {
		return nil, errors.New("chain state: a block's record has a wrong length")
	}
	rest := value[n+int(length):]
	var message cmtproto.SignedHeader
	if err := message.Unmarshal(value[n : n+int(length)]); err != nil {
		return nil, fmt.Errorf("chain state: a block's record: %w", err)
	}
	signed, err := types.SignedHeaderFromProto(&message)
	if err != nil {
		return nil, fmt.Errorf("chain state: a block's record: %w", err)
	}
	if signed.Header == nil || signed.Commit == nil {
		return nil, errors.New("chain state: a block's record has no header or no commit")
	}
	r := &blockRecord{header: *signed.Header, commit: signed.Commit}
	for ; len(rest) > 0; rest = rest[tmhash.Size:] {
		r.txs = append(r.txs, rest[:tmhash.Size])
	}
	return r, nil
}

// setRecord adds a record and its validator set to a batch.
func setRecord(batch dbm.Batch, r *blockRecord) error {
	value, err := r.encode()
	if err != nil {
		return err
	}
	validators, err := encodeValidators(r.validators)
	if err != nil {
		return err
	}
	return errors.Join(batch.Set(recordKey(r.header.Height), value), batch.Set(validatorsKey(r.header.ValidatorsHash), validators))
}

// record returns the stored record of a block; nil if there is none.
func (s *store) record(height int64) (*blockRecord, error) {
	value, err := s.db.Get(recordKey(height))
	if err != nil || value == nil {
		return nil, err
	}
	r, err := decodeRecord(value)
	if err != nil {
		return nil, err
	}
	if value, err = s.db.Get(validatorsKey(r.header.ValidatorsHash)); err != nil {
		return nil, err
	}
	if r.validators, err = decodeValidators(value); err != nil {
		return nil, fmt.Errorf("chain state: the validators of block %d: %w", height, err)
	}
	// Proofs match votes with keys by index.
	if votes, validators := len(r.commit.Signatures), len(r.validators.Validators); votes != validators {
		return nil, fmt.Errorf("chain state: the record of block %d has %d votes of %d validators", height, votes, validators)
	}
	return r, nil
}

// encodeValidators encodes keys and powers in the set's order. The proposer priorities are omitted: they are not part of the set's hash.
func encodeValidators(set *types.ValidatorSet) ([]byte, error) {
	message := &cmtproto.ValidatorSet{}
	for _, v := range set.Validators {
		validator, err := v.ToProto()
		if err != nil {
			return nil, err
		}
		validator.ProposerPriority = 0
		message.Validators = append(message.Validators, validator)
	}
	return message.Marshal()
}

func decodeValidators(value []byte) (*types.ValidatorSet, error) {
	var message cmtproto.ValidatorSet
	if err := message.Unmarshal(value); err != nil {
		return nil, err
	}
	set, power := &types.ValidatorSet{}, int64(0)
	for _, validator := range message.Validators {
		v, err := types.ValidatorFromProto(validator)
		if err == nil {
			err = checkKey(v.PubKey)
		}
		if err == nil {
			err = v.ValidateBasic()
		}
		if err == nil && v.VotingPower > types.MaxTotalVotingPower-power { // CometBFT would panic.
			err = errors.New("a set with too much power")
		}
		if err != nil {
			return nil, err
		}
		power += v.VotingPower
		set.Validators = append(set.Validators, v)
	}
	if len(set.Validators) == 0 {
		return nil, errors.New("a set without validators")
	}
	return set, nil
}

// checkKey rejects keys of other types, which CometBFT can decode but with which the standard library would panic. No validator has one.
func checkKey(key crypto.PubKey) error {
	if k, ok := key.(ed25519.PubKey); !ok || len(k) != ed25519.PubKeySize {
		return errors.New("a validator's key is not an Ed25519 key")
	}
	return nil
}

// lightBlock returns the record in the form that our light client reads.
func (r *blockRecord) lightBlock() *receiptv1.LightBlock {
	return &receiptv1.LightBlock{Header: headerToProto(r.header), Validators: validatorsToProto(r.validators),
		Commit: commitToProto(r.header.ChainID, r.commit, r.validators)}
}
