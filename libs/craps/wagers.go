package craps

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// all lists the wagers that the table offers.
var all = []*Wager{
	&passLine, &dontPass, &come, &dontCome, &field,
	&yes2, &yes3, &yes4, &yes5, &yes6, &yes8, &yes9, &yes10, &yes11, &yes12,
	&no2, &no3, &no4, &no5, &no6, &no8, &no9, &no10, &no11, &no12,
	&hard4, &hard6, &hard8, &hard10,
	&oddsPass, &oddsDontPass, &oddsCome, &oddsDontCome,
	&hotRoller, &fire, &twiceHard, &rideLine, &muggsy, &bonusSmall, &bonusTall, &bonusAll, &replay, &differentDoubles,
	&next2, &next3, &next4, &next5, &next6, &next7, &next8, &next9, &next10, &next11, &next12,
	&repeater2, &repeater3, &repeater4, &repeater5, &repeater6, &repeater8, &repeater9, &repeater10, &repeater11, &repeater12,
	&place4, &place5, &place6, &place8, &place9, &place10,
	&anyCraps,
}

var byName, byCode = index(all)

func index(wagers []*Wager) (map[string]*Wager, map[uint16]*Wager) {
	names, codes := make(map[string]*Wager), make(map[uint16]*Wager, len(wagers))
	for _, w := range wagers {
		codes[w.Code] = w
		for _, name := range append([]string{w.Name}, w.Aliases...) {
			names[name] = w
		}
	}
	return names, codes
}

// Wagers returns every wager, ordered by code.
func Wagers() []*Wager {
	return slices.SortedFunc(slices.Values(all), func(a, b *Wager) int { return cmp.Compare(a.Code, b.Code) })
}

// ByName returns the wager with a name or an alias, nil if there is none.
func ByName(name string) *Wager { return byName[name] }

// ByCode returns the wager with a code, nil if there is none.
func ByCode(code uint16) *Wager { return byCode[code] }

// PayTableHash returns the SHA-256 hash of the definitions of all wagers, in the encoding of docs/protocol.md. Rounds commit to it, so
// that bets can't be paid by a pay table other than the published one.
func PayTableHash() [sha256.Size]byte { return payTableHash }

var payTableHash = hashWagers(Wagers())

func hashWagers(wagers []*Wager) [sha256.Size]byte {
	b := []byte("bitcraps/pays/02")
	text := func(s string) { b = append(append(b, byte(len(s))), s...) }
	for _, w := range wagers {
		b = binary.BigEndian.AppendUint16(b, w.Code)
		text(w.Name)
		text(string(w.Place))
		text(string(w.Lock))
		text(string(w.Commission))
		b = append(b, flag(w.OffOnComeOut), byte(len(w.Pays)))
		for _, pay := range w.Pays {
			text(pay.On)
			b = binary.BigEndian.AppendUint32(b, uint32(pay.To))
			b = binary.BigEndian.AppendUint32(b, uint32(pay.Per))
		}
		b = append(b, byte(len(w.MaxOdds)))
		for _, limit := range w.MaxOdds {
			b = binary.BigEndian.AppendUint32(b, uint32(limit))
		}
	}
	return sha256.Sum256(b)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}
