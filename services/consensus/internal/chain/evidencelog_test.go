package chain

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtcons "github.com/cometbft/cometbft/proto/tendermint/consensus"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
	"pgregory.net/rapid"

	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// TestEvidenceAboutOthersIsNotEvicted floods the store with evidence about one validator.
func TestEvidenceAboutOthersIsNotEvicted(t *testing.T) {
	s := &store{db: dbm.NewMemDB()}
	add := func(address string, kind consensusv1.EvidenceKind, height int64) bool {
		added, err := s.addEvidence(&consensusv1.Evidence{Address: address, Kind: kind, Height: height})
		if err != nil {
			t.Fatal(err)
		}
		return added
	}
	const one, other = "0101010101010101010101010101010101010101", "0202020202020202020202020202020202020202"
	kind := consensusv1.EvidenceKind_EVIDENCE_KIND_INVALID_SHARE
	if !add(other, kind, 1) || add(other, kind, 1) {
		t.Error("the same evidence was not stored exactly once")
	}
	for height := int64(1); height <= 3*evidencePerValidator; height++ {
		add(one, kind, height)
	}
	add(one, consensusv1.EvidenceKind_EVIDENCE_KIND_ABSENCE, 2)
	all, err := s.evidence(nil, 1000)
	if err != nil || len(all) != evidencePerValidator+2 {
		t.Fatalf("%d pieces are stored, %v", len(all), err)
	}
	if first, last := all[0], all[len(all)-1]; first.GetHeight() != 3*evidencePerValidator || last.GetAddress() != other {
		t.Errorf("the list goes from %v to %v", first, last)
	}
}

func TestPagesOfEvidenceAreComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &store{db: dbm.NewMemDB()}
		n := rapid.IntRange(0, 40).Draw(t, "pieces")
		for range n {
			_, err := s.addEvidence(&consensusv1.Evidence{Address: "0101010101010101010101010101010101010101", Kind: consensusv1.EvidenceKind(rapid.IntRange(1, 4).Draw(t, "kind")),
				Height: rapid.Int64Range(1, 20).Draw(t, "height")})
			if err != nil {
				t.Fatal(err)
			}
		}
		whole, err := s.evidence(nil, 100)
		if err != nil {
			t.Fatal(err)
		}
		size, after := rapid.IntRange(1, 10).Draw(t, "size"), []byte(nil)
		for i := 0; i < len(whole); {
			page, err := s.evidence(after, size)
			if err != nil || len(page) == 0 {
				t.Fatalf("a page after %x has %d, %v", after, len(page), err)
			}
			for _, e := range page {
				if string(e.Key) != string(whole[i].Key) || !IsEvidenceKey(e.Key) {
					t.Fatalf("piece %d is %x, want %x", i, e.Key, whole[i].Key)
				}
				i++
			}
			after = page[len(page)-1].Key
		}
	})
}

// TestUnsignedMessagesAreNoEvidence sends invalid messages under another validator's address, which CometBFT passes on unchecked.
func TestUnsignedMessagesAreNoEvidence(t *testing.T) {
	victim, attacker := ed25519.GenPrivKeyFromSecret([]byte("victim")), ed25519.GenPrivKeyFromSecret([]byte("attacker"))
	w := &signatureCache{chainID: "chain", onVote: func(*types.Vote) {}}
	d := newEvidenceLog(slog.New(slog.DiscardHandler), &store{db: dbm.NewMemDB()}, w)
	d.setGroup(&order.Group{Members: []order.Member{member("victim", victim)}})
	hash := make([]byte, 32)
	id := cmtproto.BlockID{Hash: hash, PartSetHeader: cmtproto.PartSetHeader{Total: 1, Hash: hash}}
	send := func(by ed25519.PrivKey) {
		vote := &cmtproto.Vote{Type: cmtproto.PrecommitType, Height: 5, ValidatorAddress: victim.PubKey().Address(), Timestamp: time.Unix(1, 0), Extension: []byte("bad"), BlockID: id}
		vote.Signature, _ = by.Sign(types.VoteSignBytes("chain", vote))
		vote.ExtensionSignature, _ = by.Sign(types.VoteExtensionSignBytes("chain", vote))
		w.observe(&cmtcons.Vote{Vote: vote})
		proposal := cmtproto.Proposal{Type: cmtproto.ProposalType, Height: 5, PolRound: -1, BlockID: id, Timestamp: time.Unix(1, 0)}
		proposal.Signature, _ = by.Sign(types.ProposalSignBytes("chain", &proposal))
		w.observe(&cmtcons.Proposal{Proposal: proposal})
		d.recordInvalidShare(victim.PubKey().Address(), 5, []byte("bad"), errors.New("it is bad"))
		d.recordInvalidProposal(victim.PubKey().Address(), 5, hash, "it is garbage")
	}
	for _, step := range []struct {
		by   ed25519.PrivKey
		want Conduct
	}{
		{attacker, Conduct{Validator: "victim"}},
		{victim, Conduct{Validator: "victim", InvalidShares: 1, InvalidProposals: 1}},
	} {
		send(step.by)
		if got := d.conduct(); len(got) != 1 || got[0] != step.want {
			t.Errorf("conduct %+v, want %+v", got, step.want)
		}
		all, err := d.store.evidence(nil, 10)
		if want := int(step.want.InvalidShares + step.want.InvalidProposals); err != nil || len(all) != want {
			t.Errorf("%d pieces of evidence, want %d, %v", len(all), want, err)
		}
	}
}

func member(name string, key ed25519.PrivKey) order.Member {
	return order.Member{Name: name, PublicKey: [32]byte(key.PubKey().Bytes())}
}

// TestAStartIsNoAbsence has a restarted validator fetch the few blocks that it missed: it was absent from these, and not from the latest
// hundred.
func TestAStartIsNoAbsence(t *testing.T) {
	key := ed25519.GenPrivKeyFromSecret([]byte("restarted"))
	d := newEvidenceLog(slog.New(slog.DiscardHandler), &store{db: dbm.NewMemDB()}, &signatureCache{})
	d.setGroup(&order.Group{Members: []order.Member{member("validator-3", key)}})
	for height := range int64(6) {
		flag := cmtproto.BlockIDFlagAbsent
		if height == 5 {
			flag = cmtproto.BlockIDFlagCommit
		}
		d.recordCommit(height, time.Unix(1, 0), []abci.VoteInfo{{Validator: abci.Validator{Address: key.PubKey().Address()}, BlockIdFlag: flag}})
	}
	if got := d.conduct(); len(got) != 1 || got[0].Absence != .05 {
		t.Errorf("conduct %+v, want an absence of 0.05", got)
	}
}

// TestAReaddedValidatorKeepsItsCounters removes a validator and adds it with new keys. Metrics are by name, which must be unique.
func TestAReaddedValidatorKeepsItsCounters(t *testing.T) {
	before, after := ed25519.GenPrivKeyFromSecret([]byte("before")), ed25519.GenPrivKeyFromSecret([]byte("after"))
	d := newEvidenceLog(slog.New(slog.DiscardHandler), &store{db: dbm.NewMemDB()}, &signatureCache{})
	old := []order.Member{member("validator-3", before)}
	for _, members := range [][]order.Member{old, nil, {member("validator-3", after)}} {
		d.setGroup(&order.Group{Members: members, Sharings: []order.Sharing{{Members: old}}})
		for _, m := range members {
			address := m.Address()
			for height := range int64(absenceWindow) {
				d.countShare(address[:])
				d.recordCommit(height, time.Unix(1, 0), []abci.VoteInfo{{Validator: abci.Validator{Address: address[:]}, BlockIdFlag: cmtproto.BlockIDFlagAbsent}})
			}
		}
		want := Conduct{Validator: "validator-3", BeaconShares: absenceWindow, MissedPrecommits: absenceWindow, Absence: 1}
		switch {
		case members == nil:
			want.Absence = 0
		case members[0] != old[0]:
			want.BeaconShares, want.MissedPrecommits = 2*absenceWindow, 2*absenceWindow
		}
		if got := d.conduct(); len(got) != 1 || got[0] != want {
			t.Errorf("conduct %+v, want %+v", got, want)
		}
	}
}
