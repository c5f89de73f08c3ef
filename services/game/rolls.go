package game

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// RollDice implements the contract.
func (s *gameServer) RollDice(ctx context.Context, req *gamev1.RollDiceRequest) (*gamev1.RollDiceResponse, error) {
	id, err := parseID("game_id", req.GetGameId())
	if err != nil {
		return nil, err
	}
	player := identity.FromContext(ctx).Player
	// What is remembered under the request id is only which round it rolled, so a retry waits for that round too.
	resp := &gamev1.RollDiceResponse{GameId: id.String()}
	err = s.commits.do(&command{ctx: ctx, from: player, key: play.Key{Game: id, All: true}, req: req, resp: resp,
		run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (*play.Turn, error) {
			if err := enter(ctx, tx, turn, player); err != nil {
				return nil, err
			}
			resp.Round = int64(turn.Game.Round)
			if turn.Game.Rolling && turn.Game.Seated(player) {
				return nil, nil // The dice are in the air: wait for them.
			}
			return turn, turn.Close(player)
		}})
	if err != nil {
		return nil, err
	}
	round, err := s.finish(ctx, id, uint64(resp.GetRound()))
	if err != nil {
		return nil, err
	}
	return s.rolled(ctx, player, round)
}

// finish takes a committed round to its end: the validators decide it, then every bet is settled, once. It may be called
// any number of times, from any replica, for the same round.
func (s *Service) finish(ctx context.Context, game uuid.UUID, number uint64) (*play.Round, error) {
	round, err := s.store.Round(ctx, game, number)
	if err != nil || round.Status == play.Settled {
		return round, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Tables.RollTimeout)
	defer cancel()
	decision, err := s.decide(ctx, round)
	if err != nil {
		return nil, err
	}
	return s.settle(ctx, game, number, decision)
}

// decideAttempts is how many validators are asked for a round's dice, each for its share of the roll's time. One that
// hangs does not answer that it does; asking the next does no harm, since all decide the same.
const decideAttempts = 3

func (s *Service) decide(ctx context.Context, round *play.Round) (play.Decision, error) {
	var err error
	for range decideAttempts {
		attempt, cancel := context.WithTimeout(ctx, s.cfg.Tables.RollTimeout/decideAttempts)
		var decided *consensusv1.DecideRoundResponse
		decided, err = s.consensus.DecideRound(attempt, &consensusv1.DecideRoundRequest{Commitment: round.Commitment.Encode()})
		cancel()
		if err == nil {
			return readDecision(decided.GetDecision(), round)
		}
		if !isAway(err) || ctx.Err() != nil {
			break
		}
	}
	return play.Decision{}, undecided(err)
}

// isAway reports whether an error is that of a validator that does not answer, or not alone.
func isAway(err error) bool {
	switch errs.Reason(errs.Mask(err)) {
	case errorsv1.Reason_REASON_UNAVAILABLE, errorsv1.Reason_REASON_NO_QUORUM, errorsv1.Reason_REASON_DEADLINE_EXCEEDED:
		return true
	}
	return false
}

// undecided is what the caller of a roll sees when the validators do not answer: the round stands and can be asked for
// again.
func undecided(err error) error {
	if !isAway(err) {
		return err
	}
	return errs.New(errorsv1.Reason_REASON_NO_QUORUM,
		"too few validators answer to throw the dice; the bets stand, and the roll can be asked for again").RetryAfter(retryDelay)
}

// readDecision checks that the validators answered for the round that was asked for.
func readDecision(decision *consensusv1.Decision, round *play.Round) (play.Decision, error) {
	if !slices.Equal(decision.GetCommitment(), round.Commitment.Encode()) {
		return play.Decision{}, fmt.Errorf("the validators answered for another commitment than that of round %d", round.Number)
	}
	signature, err := hex.DecodeString(decision.GetBeacon().GetSignature())
	if err != nil || len(signature) != beacon.SignatureSize || decision.GetBeacon().GetHeight() <= decision.GetHeight() {
		return play.Decision{}, fmt.Errorf("the validators sent a malformed decision: beacon %q of height %d for block %d",
			decision.GetBeacon().GetSignature(), decision.GetBeacon().GetHeight(), decision.GetHeight())
	}
	return play.Decision{Height: decision.GetHeight(), BeaconHeight: decision.GetBeacon().GetHeight(), BeaconSignature: signature}, nil
}

// settle pays a decided round out, unless somebody else did, maybe a moment ago in the same group.
func (s *Service) settle(ctx context.Context, game uuid.UUID, number uint64, decision play.Decision) (*play.Round, error) {
	var round *play.Round
	err := s.commits.do(&command{ctx: ctx, from: game, key: play.Key{Game: game, All: true}, run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (_ *play.Turn, err error) {
		if round = turn.Settled(number); round != nil {
			return nil, nil
		}
		if round, err = tx.Round(ctx, game, number); err != nil || round.Status == play.Settled {
			return nil, err
		}
		return turn, turn.Settle(round, decision)
	}})
	if err != nil {
		return nil, err
	}
	return round, nil
}

// rolled tells a player what a settled round did.
func (s *Service) rolled(ctx context.Context, player uuid.UUID, round *play.Round) (*gamev1.RollDiceResponse, error) {
	log, err := s.store.Events(ctx, round.Game, round.Sequence-1, 1)
	if err != nil {
		return nil, err
	}
	if len(log) == 0 || log[0].GetDiceRolled() == nil {
		return nil, fmt.Errorf("game %s has no roll at event %d", round.Game, round.Sequence)
	}
	event := log[0].GetDiceRolled()
	balance, err := s.balance(ctx, player)
	if err != nil {
		return nil, err
	}
	resp := &gamev1.RollDiceResponse{GameId: round.Game.String(), Round: event.GetRound(), Dice: event.GetDice(), Total: event.GetTotal(),
		Call: event.GetCall(), DecisionHeight: event.GetDecisionHeight(), BeaconHeight: event.GetBeaconHeight(), Phase: event.GetPhase(),
		Point: event.GetPoint(), ShooterId: event.GetShooterId(), Balance: balance}
	for _, settlement := range event.GetSettlements() {
		if settlement.GetPlayerId() == player.String() {
			resp.Settlements = append(resp.Settlements, settlement)
		}
	}
	return resp, nil
}

// balance is what a player may bet. A player's first look opens the wallet.
func (s *Service) balance(ctx context.Context, player uuid.UUID) (int64, error) {
	account := ledger.Wallet(player)
	balance, open, err := s.store.Balance(ctx, account)
	if err != nil || open {
		return balance, err
	}
	err = s.commits.do(&command{ctx: ctx, from: player, key: play.Key{Player: player},
		run: func(_ context.Context, _ play.Tx, turn *play.Turn) (*play.Turn, error) {
			turn.OpenWallet(player)
			balance = turn.Wallets[player]
			return turn, nil
		}})
	return balance, err
}
