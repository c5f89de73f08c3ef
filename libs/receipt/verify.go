package receipt

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// Step is one check of a receipt.
type Step struct {
	// Name is the check's name: format, trust, game, state, pay_table, bets, validators, inclusion, signatures, hops, group_key, beacon, dice,
	// settlement or balance; for several receipts, sequence.
	Name string
	// Found describes what the check found if it succeeded.
	Found string
	// Err is what is wrong; nil if the check succeeded.
	Err error
}

// Report lists the checks of a verifier in order. It ends with the first check that failed, since later ones build on it.
type Report []Step

// Err returns the error of the check that failed, with its name; nil if all succeeded.
func (a Report) Err() error {
	if last := a[len(a)-1]; last.Err != nil {
		return fmt.Errorf("%s: %w", last.Name, last.Err)
	}
	return nil
}

// Verify verifies the text of a receipt of any game. With a nil trust it proves only that some validators, whoever they are, produced these dice.
func Verify(text []byte, trust *Trust) Report {
	report, _ := verify(text, trust, "")
	return report
}

// verify also returns what the checks have parsed; nil if the text is not a receipt.
func verify(text []byte, trust *Trust, game string) (Report, *verifier) {
	r, err := Parse(text)
	if err != nil {
		return Report{{Name: "format", Err: err}}, nil
	}
	v := &verifier{receipt: r, trust: trust, played: game, game: protocol.ID(uuid.MustParse(r.GetGameId())), player: protocol.ID(uuid.MustParse(r.GetPlayerId()))}
	report := Report{{Name: "format", Found: fmt.Sprintf("a receipt of version %d, for round %d of game %s", version, r.GetRound(), r.GetGameId())}}
	for _, check := range []struct {
		name string
		do   func() (string, error)
	}{
		{"trust", v.checkTrust},
		{"game", v.checkGame},
		{"state", v.checkState},
		{"pay_table", v.checkPayTable},
		{"bets", v.checkBets},
		{"validators", v.checkValidators},
		{"inclusion", v.checkInclusion},
		{"signatures", v.checkSignatures},
		{"hops", v.checkHops},
		{"group_key", v.checkGroupKey},
		{"beacon", v.checkBeacon},
		{"dice", v.checkDice},
		{"settlement", v.checkSettlement},
		{"balance", v.checkBalance},
	} {
		found, err := check.do()
		report = append(report, Step{Name: check.name, Found: found, Err: err})
		if err != nil {
			break
		}
	}
	return report, v
}

// verifier is a receipt with what its checks have parsed so far.
type verifier struct {
	receipt    *receiptv1.Receipt
	trust      *Trust
	played     string // The game in which the player bet; empty where it is not known.
	game       protocol.ID
	player     protocol.ID
	commitment protocol.Commitment
	state      protocol.State
	bets       []protocol.Bet
	own        []int // The indexes of the player's bets.
	roll       craps.Roll
}

func (v *verifier) checkTrust() (string, error) {
	if v.trust == nil {
		return "not pinned: give the chain's genesis file as trust, or an answer of GET /api/v1/fairness from before you played; otherwise the chain may be made up", nil
	}
	return v.trust.check(v.receipt)
}

// checkGame compares the game with the one in which the player bet. Nothing else in a receipt says which that was: a house can commit to
// the same bets under the ids of many games in one block, and show the receipt whose dice it likes.
func (v *verifier) checkGame() (string, error) {
	id := v.receipt.GetGameId()
	switch v.played {
	case "":
		return fmt.Sprintf("not given: compare %s with the game that you bet in, and %d with the round; the house may have rolled for your bets in other games, too",
			id, v.receipt.GetRound()), nil
	case id:
		return fmt.Sprintf("the receipt is for round %d of the game that you bet in", v.receipt.GetRound()), nil
	}
	return "", fmt.Errorf("game_id: %s; you bet in %s", id, v.played)
}

func (v *verifier) checkPayTable() (string, error) {
	if hash := craps.PayTableHash(); v.commitment.PayTableHash != hash {
		return "", fmt.Errorf("the round was bound to the pay tables %x; this program knows %x", v.commitment.PayTableHash, hash)
	}
	return "the round was bound to the pay tables that this program knows", nil
}

func (v *verifier) checkValidators() (string, error) {
	return fmt.Sprintf("%d validators are the set of block %d", len(v.receipt.GetBlock().GetValidators()), v.receipt.GetBlock().GetHeader().GetHeight()),
		CheckValidators(v.receipt.GetBlock())
}

func (v *verifier) checkInclusion() (string, error) {
	return fmt.Sprintf("block %d holds the commitment %x", v.receipt.GetBlock().GetHeader().GetHeight(), v.commitment.Hash()),
		CheckInclusion(v.receipt.GetBlock(), v.commitment)
}

func (v *verifier) checkSignatures() (string, error) {
	block := v.receipt.GetBlock()
	return fmt.Sprintf("%d of %d validators signed the block on chain %s", len(block.GetCommit().GetSignatures()), len(block.GetValidators()), v.receipt.GetChainId()),
		CheckSignatures(v.receipt.GetChainId(), block)
}

// checkBeacon also checks that the beacon is that of the next height after the block: no share of it existed before the block.
func (v *verifier) checkBeacon() (string, error) {
	drawn, ordered := v.receipt.GetBeacon().GetHeight(), v.receipt.GetBlock().GetHeader().GetHeight()
	if drawn != ordered+1 {
		return "", fmt.Errorf("height: %d; the beacon after block %d is that of height %d", drawn, ordered, ordered+1)
	}
	text, err := parseHex("group_key", v.receipt.GetGroupKey(), beacon.KeySize)
	if err != nil {
		return "", err
	}
	key, err := beacon.ParseKey(text)
	if err != nil {
		return "", err
	}
	signature, err := parseHex("signature", v.receipt.GetBeacon().GetSignature(), beacon.SignatureSize)
	if err != nil {
		return "", err
	}
	if err := key.Verify(drawn, signature); err != nil {
		return "", errors.New("signature: is not the group's over the height")
	}
	return fmt.Sprintf("the group signed height %d, right after the block", drawn), nil
}

func (v *verifier) checkDice() (string, error) {
	signature, err := parseHex("beacon.signature", v.receipt.GetBeacon().GetSignature(), beacon.SignatureSize)
	if err != nil {
		return "", err
	}
	first, second := protocol.Dice(beacon.Randomness(signature), v.commitment.Hash())
	dice := v.receipt.GetDice()
	if len(dice) != 2 || dice[0] != int32(first) || dice[1] != int32(second) {
		return "", fmt.Errorf("%v; beacon and commitment throw %d and %d", dice, first, second)
	}
	v.roll = crapsState(v.state).Roll(craps.Dice{First: first, Second: second})
	return fmt.Sprintf("beacon and commitment throw %d and %d: %s", first, second, v.roll.Call), nil
}
