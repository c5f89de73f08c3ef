package page_test

import (
	"encoding/base64"
	"slices"
	"strconv"
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/page"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

func open(t *testing.T, size int32, token string, scope ...string) page.Page {
	t.Helper()
	p, err := page.New(size, token, scope...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func refused(err error) bool { return errs.Reason(err) == errorsv1.Reason_REASON_PAGE_TOKEN_INVALID }

func TestTokensAreValidForOneListOnly(t *testing.T) {
	first := open(t, 10, "", "bets", "player-1")
	if first.After != "" || first.Size != 10 {
		t.Errorf("the first page is %+v", first)
	}
	token := first.Token("bet-7")
	if next := open(t, 10, token, "bets", "player-1"); next.After != "bet-7" {
		t.Errorf("the next page is after %q", next.After)
	}
	for name, tc := range map[string]struct {
		token string
		scope []string
	}{
		"another player's":   {token, []string{"bets", "player-2"}},
		"another list's":     {token, []string{"rounds", "player-1"}},
		"a shorter scope's":  {token, []string{"bets", "player"}},
		"of no item":         {first.Token(""), []string{"bets", "player-1"}},
		"not base64":         {"!", []string{"bets", "player-1"}},
		"something else's":   {base64.RawURLEncoding.EncodeToString([]byte("bet-7")), []string{"bets", "player-1"}},
		"with padding added": {token + "=", []string{"bets", "player-1"}},
	} {
		if p, err := page.New(10, tc.token, tc.scope...); !refused(err) || p != (page.Page{}) {
			t.Errorf("%s token: %+v, %v", name, p, err)
		}
	}
}

func TestSizeHasADefault(t *testing.T) {
	for asked, want := range map[int32]int{0: 20, 1: 1, 100: 100} {
		if p := open(t, asked, ""); p.Size != want {
			t.Errorf("%d requested: size %d, want %d", asked, p.Size, want)
		}
	}
}

func TestCut(t *testing.T) {
	p := open(t, 3, "", "numbers")
	for _, tc := range []struct {
		items, want []int
		after       int64
	}{
		{nil, nil, 0}, {[]int{1, 2}, []int{1, 2}, 0}, {[]int{1, 2, 3}, []int{1, 2, 3}, 0}, {[]int{1, 2, 3, 4}, []int{1, 2, 3}, 3},
	} {
		got, token := page.Cut(p, tc.items, strconv.Itoa)
		if !slices.Equal(got, tc.want) || (token == "") != (tc.after == 0) {
			t.Errorf("%v: %v, token %q", tc.items, got, token)
		}
		if after, err := open(t, 3, token, "numbers").Number(); err != nil || after != tc.after {
			t.Errorf("%v: the next page is after %d, %v; want %d", tc.items, after, err, tc.after)
		}
	}
}

func TestItemsAreNumbersOrIDs(t *testing.T) {
	first := open(t, 0, "")
	if n, err := first.Number(); n != 0 || err != nil {
		t.Errorf("the first page begins after %d, %v", n, err)
	}
	if id, err := first.ID(); id != uuid.Nil || err != nil {
		t.Errorf("the first page begins after %s, %v", id, err)
	}
	for item, want := range map[string]int64{"1": 1, "9223372036854775807": 1<<63 - 1, "0": 0, "-1": 0, "9223372036854775808": 0, "seven": 0} {
		n, err := open(t, 0, first.Token(item)).Number()
		if n != want || refused(err) != (want == 0) {
			t.Errorf("%s is number %d, %v", item, n, err)
		}
	}
	const id = "01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4"
	for item, want := range map[string]string{id: id, id[1:]: uuid.Nil.String(), "7": uuid.Nil.String()} {
		got, err := open(t, 0, first.Token(item)).ID()
		if got.String() != want || refused(err) != (got == uuid.Nil) {
			t.Errorf("%s is id %s, %v", item, got, err)
		}
	}
}
