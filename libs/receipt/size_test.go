package receipt_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
)

// maxMessage is the largest message between services, in bytes, as in libs/rpcserver.
const maxMessage = 1 << 20

// fullTable returns every bet that 20 players can have at once, each with the longest seed: the 67 wagers that stand on no number or on the
// point, and come bets and their odds on every number.
func fullTable() (protocol.State, []protocol.Bet) {
	state := protocol.State{Game: game, Round: 8, Hand: 1, Rolls: 7, Point: 6, Totals: [10]uint8{2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1}}
	for _, d := range [][2]uint8{{1, 3}, {2, 3}, {2, 4}, {2, 6}, {3, 6}, {4, 6}, {5, 6}} {
		state.Pairs |= uint32(craps.Pair(d[0], d[1]))
	}
	var bets []protocol.Bet
	for player := range byte(20) {
		for _, wager := range craps.Wagers() {
			numbers := []uint8{0}
			switch {
			case wager.Settles == craps.Pending:
				numbers = append(numbers, craps.Points[:]...)
			case wager.Settles == craps.Established:
				numbers = craps.Points[:]
			case wager.Behind != nil:
				numbers = []uint8{state.Point}
			}
			for _, number := range numbers {
				lies := protocol.Bet{Player: protocol.ID{0: 1, 15: player}, Wager: wager.Code, Number: number, Working: true,
					Amount: 600_000, Seed: []byte(strings.Repeat("s", 64))}
				binary.BigEndian.PutUint32(lies.ID[:], uint32(len(bets)+1))
				bets = append(bets, lies)
			}
		}
	}
	return state, bets
}

// TestFullTableFits checks that the receipt of a full table, on a chain with the maximum number of validators, can be parsed and sent.
func TestFullTableFits(t *testing.T) {
	state, bets := fullTable()
	h := newHouse(t)
	r := h.receipt(protocol.ID{0: 1, 15: 7}, state, bets...)
	text := write(t, r)
	if err := receipt.Verify(text, h.trust).Err(); err != nil {
		t.Error(err)
	}
	t.Logf("%d bets: %d bytes of JSON, %d of Protobuf", len(bets), len(text), proto.Size(r))
	one := r.Block.Commit.Signatures[0]
	for range 128 - 4 {
		r.Block.Commit.Signatures, r.Block.Validators = append(r.Block.Commit.Signatures, one), append(r.Block.Validators, r.Block.Validators[0])
	}
	t.Logf("with 128 validators: %d bytes of JSON, %d of Protobuf", len(write(t, r)), proto.Size(r))
	if size := proto.Size(r); size > maxMessage {
		t.Errorf("%d bytes; a message has at most %d", size, maxMessage)
	}
	if _, err := receipt.Parse(write(t, r)); err != nil {
		t.Error(err)
	}
}

// BenchmarkFullTable is BenchmarkVerify for a full table.
func BenchmarkFullTable(b *testing.B) {
	state, bets := fullTable()
	h := newHouse(b)
	text := write(b, h.receipt(protocol.ID{0: 1, 15: 7}, state, bets...))
	b.ReportAllocs()
	for b.Loop() {
		if err := receipt.Verify(text, h.trust).Err(); err != nil {
			b.Fatal(err)
		}
	}
}
