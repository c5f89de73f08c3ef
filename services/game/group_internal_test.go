package game

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// TestOneBadBetOfAGroupFailsAlone has seven players bet in one group, at two tables. One bet in the middle of the group gets the id of
// an existing bet: the database rejects the whole group, and then accepts all but that one.
func TestOneBadBetOfAGroupFailsAlone(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s manualService, transactions *countingStore) {
		players := newBettors(s, 8)
		first, players := players[7], players[:7]
		s.commitTogether(first.bet)
		bad, calls := players[3], make([]func() error, len(players))
		for i, p := range players {
			calls[i] = p.bet
		}
		calls[3] = bad.betWithID(first.resp.GetBet().GetBetId())
		groups, changes := s.groups()
		before := transactions.updates
		s.commitTogether(calls...)
		if g, c := s.groups(); g != groups+1 || c != changes+7 {
			t.Errorf("%d groups of %v changes, want one of 7", g-groups, c-changes)
		}
		if n := transactions.updates - before; n != 1+7 {
			t.Errorf("%d transactions, want that of the group and one for each of 7", n)
		}
		if bad.err == nil || errs.Reason(errs.Mask(bad.err)) != errorsv1.Reason_REASON_INTERNAL || !strings.Contains(bad.err.Error(), "bets") {
			t.Errorf("the bad bet: %v, want a violated constraint of the table bets", bad.err)
		}
		bad.wantBets()
		first.wantBets(first.resp.GetBet().GetBetId())
		placed := 0
		for _, p := range players {
			if p == bad {
				continue
			}
			if placed++; p.err != nil || p.resp.GetBalance() != 990 {
				t.Errorf("a good bet: %v, %v", p.resp, p.err)
			}
			p.wantBets(p.resp.GetBet().GetBetId())
		}
		s.audit()
		s.repeatGroup(transactions, players, bad)
	})
}

// repeatGroup repeats the requests in one transaction: the good ones get their first answers, the bad one is handled as new.
func (s manualService) repeatGroup(transactions *countingStore, players []*bettor, bad *bettor) {
	s.t.Helper()
	firsts, calls := make([]*gamev1.PlaceBetResponse, len(players)), make([]func() error, len(players))
	for i, p := range players {
		firsts[i], calls[i] = p.resp, p.bet
	}
	before := transactions.updates
	s.commitTogether(calls...)
	if n := transactions.updates - before; n != 1 {
		s.t.Errorf("%d transactions for a group without a bad bet, want 1", n)
	}
	for i, p := range players {
		if p.err != nil || p != bad && !proto.Equal(p.resp, firsts[i]) {
			s.t.Errorf("repeated: %v, %v, first %v", p.resp, p.err, firsts[i])
		}
		p.wantBets(p.resp.GetBet().GetBetId())
	}
	s.audit()
}
