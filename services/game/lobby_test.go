package game_test

import (
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres"
)

func wantReason(t *testing.T, what string, err error, want errorsv1.Reason) {
	t.Helper()
	if got := errs.Reason(err); got != want {
		t.Errorf("%s: %v is %s, want %s", what, err, got, want)
	}
}

// TestConcurrentQuickSeatsFillTables has forty players ask for a seat concurrently when there is no table: they fill five tables of
// eight.
func TestConcurrentQuickSeatsFillTables(t *testing.T) {
	ts := newTestService(t)
	var mu sync.Mutex
	seats := make(map[string]int)
	var wg sync.WaitGroup
	for range 40 {
		p := ts.player()
		wg.Go(func() {
			resp, err := p.lobby.QuickSeat(p.ctx, &gamev1.QuickSeatRequest{Stake: 100})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			seats[resp.GetGame().GetGameId()]++
		})
	}
	wg.Wait()
	if len(seats) != 5 {
		t.Errorf("forty players sit at %d tables: %v", len(seats), seats)
	}
	for id, n := range seats {
		if game := ts.player().get(id); n != 8 || len(game.GetSeats()) != n {
			t.Errorf("%d players were seated at a table with %d seats taken", n, len(game.GetSeats()))
		}
	}
}

func TestQuickSeatChoosesBestTable(t *testing.T) {
	ts := newTestService(t)
	alice, bob, carol := ts.player(), ts.player(), ts.player()
	quiet, busy := alice.create(), alice.create()
	if _, err := bob.games.JoinGame(bob.ctx, &gamev1.JoinGameRequest{GameId: busy}); err != nil {
		t.Fatal(err)
	}
	if _, err := alice.games.CreateGame(alice.ctx, &gamev1.CreateGameRequest{Private: true}); err != nil {
		t.Fatal(err)
	}
	seat := func(p *player, stake int64) string {
		t.Helper()
		resp, err := p.lobby.QuickSeat(p.ctx, &gamev1.QuickSeatRequest{Stake: stake})
		if err != nil {
			t.Fatal(err)
		}
		return resp.GetGame().GetGameId()
	}
	if got := seat(carol, 0); got != busy {
		t.Errorf("carol sits at %s, not at the fullest table", got)
	}
	if got := seat(carol, 1000); got != busy {
		t.Errorf("carol sits at %s", got)
	}
	if got := seat(carol, 5000); got == busy || got == quiet || carol.get(got).GetMaxBet() != 5000 {
		t.Errorf("carol sits at %s, which does not accept such a bet", got)
	}
	if _, err := carol.protection.Exclude(carol.ctx, &gamev1.ExcludeRequest{Kind: "cool_off", Days: 1}); err != nil {
		t.Fatal(err)
	}
	_, err := carol.lobby.QuickSeat(carol.ctx, &gamev1.QuickSeatRequest{Stake: 7000})
	wantReason(t, "an excluded player", err, errorsv1.Reason_REASON_SELF_EXCLUDED)
}

// TestListScanIsBounded has few of many tables match a filter: the pages find them all, and each page scans a bounded number of tables.
func TestListScanIsBounded(t *testing.T) {
	ts := newTestService(t)
	alice := ts.player()
	var want []string
	for i := range 250 {
		req := &gamev1.CreateGameRequest{MinBet: 1, MaxBet: 10}
		if i%50 == 0 {
			req.MinBet = 5
		}
		resp, err := alice.games.CreateGame(alice.ctx, req)
		if err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			want = append(want, resp.GetGame().GetGameId())
		}
	}
	var got []string
	token := ""
	for {
		page, err := alice.games.ListGames(alice.ctx, &gamev1.ListGamesRequest{MinBet: 5, OpenSeats: 7, PageSize: 2, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, game := range page.GetGames() {
			got = append([]string{game.GetGameId()}, got...)
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if len(got) != len(want) || got[0] != want[0] || got[4] != want[4] {
		t.Errorf("pages have %v, want %v", got, want)
	}
	page, err := alice.games.ListGames(alice.ctx, &gamev1.ListGamesRequest{PageSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	_, err = alice.games.ListGames(alice.ctx, &gamev1.ListGamesRequest{PageSize: 2, MinBet: 5, PageToken: page.GetNextPageToken()})
	wantReason(t, "a token of another filter", err, errorsv1.Reason_REASON_PAGE_TOKEN_INVALID)
	none, err := alice.games.ListGames(alice.ctx, &gamev1.ListGamesRequest{OpenSeats: 8})
	if err != nil || len(none.GetGames()) != 0 || none.GetNextPageToken() != "" {
		t.Errorf("games with eight free seats: %v, %v", none, err)
	}
}

func (p *player) private() (id, code string) {
	p.t.Helper()
	resp, err := p.games.CreateGame(p.ctx, &gamev1.CreateGameRequest{Private: true, RequestId: "private"})
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.GetGame().GetGameId(), resp.GetGame().GetJoinCode()
}

// TestPrivateTablesAreHidden makes every call that names a table, as a player who does not have its join code.
func TestPrivateTablesAreHidden(t *testing.T) {
	ts := newTestService(t)
	alice, bob, carol := ts.player(), ts.player(), ts.player()
	id, code := alice.private()
	again, repeated := alice.private() // The same request.
	if again != id || len(code) != 10 || repeated != "" {
		t.Errorf("codes %q and %q; only the first answer must have one", code, repeated)
	}
	calls := func(p *player) map[string]error {
		errs := make(map[string]error)
		_, errs["get"] = p.games.GetGame(p.ctx, &gamev1.GetGameRequest{GameId: id})
		_, errs["join"] = p.games.JoinGame(p.ctx, &gamev1.JoinGameRequest{GameId: id})
		_, errs["leave"] = p.games.LeaveGame(p.ctx, &gamev1.LeaveGameRequest{GameId: id})
		_, errs["pass"] = p.games.PassDice(p.ctx, &gamev1.PassDiceRequest{GameId: id})
		_, errs["rounds"] = p.games.ListRounds(p.ctx, &gamev1.ListRoundsRequest{GameId: id})
		_, errs["round"] = p.games.GetRound(p.ctx, &gamev1.GetRoundRequest{GameId: id, Round: 1})
		_, errs["receipt"] = p.games.GetReceipt(p.ctx, &gamev1.GetReceiptRequest{GameId: id, Round: 1})
		_, errs["bets"] = p.games.ListBets(p.ctx, &gamev1.ListBetsRequest{GameId: id})
		_, errs["bet"] = p.games.PlaceBet(p.ctx, &gamev1.PlaceBetRequest{GameId: id, BetType: "field", Amount: 1})
		_, errs["roll"] = p.games.RollDice(p.ctx, &gamev1.RollDiceRequest{GameId: id})
		_, errs["statistics"] = p.lobby.GetGameStatistics(p.ctx, &gamev1.GetGameStatisticsRequest{GameId: id})
		_, errs["chat"] = p.lobby.PostChat(p.ctx, &gamev1.PostChatRequest{GameId: id, Text: "hello"})
		_, errs["renew"] = p.lobby.RenewJoinCode(p.ctx, &gamev1.RenewJoinCodeRequest{GameId: id})
		_, errs["mute"] = p.lobby.MutePlayer(p.ctx, &gamev1.MutePlayerRequest{GameId: id, PlayerId: alice.id.String()})
		stream, err := p.games.WatchGame(p.ctx, &gamev1.WatchGameRequest{GameId: id})
		if err == nil {
			_, err = stream.Recv()
		}
		errs["watch"] = err
		return errs
	}
	for name, err := range calls(bob) {
		wantReason(t, name, err, errorsv1.Reason_REASON_GAME_NOT_FOUND)
	}
	if _, err := bob.lobby.JoinByCode(bob.ctx, &gamev1.JoinByCodeRequest{JoinCode: code, Spectate: true}); err != nil {
		t.Fatal(err)
	}
	seen := calls(bob) // A spectator may also join; the calls join and leave again.
	for name, want := range map[string]errorsv1.Reason{"get": 0, "join": 0, "rounds": 0, "watch": 0, "statistics": 0,
		"renew": errorsv1.Reason_REASON_NOT_HOST, "mute": errorsv1.Reason_REASON_NOT_HOST} {
		wantReason(t, name, seen[name], want)
	}
	if _, err := carol.lobby.JoinByCode(carol.ctx, &gamev1.JoinByCodeRequest{JoinCode: code[:5] + "-" + code[5:]}); err != nil || len(alice.get(id).GetSeats()) != 2 {
		t.Errorf("%d seats are taken, %v", len(alice.get(id).GetSeats()), err)
	}
	renewed, err := alice.lobby.RenewJoinCode(alice.ctx, &gamev1.RenewJoinCodeRequest{GameId: id})
	if err != nil || renewed.GetJoinCode() == code {
		t.Errorf("a new code: %v, %v", renewed, err)
	}
	dave := ts.player()
	_, err = dave.lobby.JoinByCode(dave.ctx, &gamev1.JoinByCodeRequest{JoinCode: code})
	wantReason(t, "an old code", err, errorsv1.Reason_REASON_JOIN_CODE_UNKNOWN)
	if _, err := bob.games.GetGame(bob.ctx, &gamev1.GetGameRequest{GameId: id}); err != nil {
		t.Errorf("an admitted player lost access with the old code: %v", err)
	}
}

// TestJoinCodeGuessesAreLimited tries wrong codes until none is accepted any more, not even the right one, and then lets time pass.
func TestJoinCodeGuessesAreLimited(t *testing.T) {
	ts := newTestService(t)
	alice, bob := ts.player(), ts.player()
	_, code := alice.private()
	try := func(code string) error {
		_, err := bob.lobby.JoinByCode(bob.ctx, &gamev1.JoinByCodeRequest{JoinCode: code})
		return err
	}
	for range 20 { // The right code does not count against the limit.
		if err := try(code); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		wantReason(t, "a wrong code", try("0000000000"), errorsv1.Reason_REASON_JOIN_CODE_UNKNOWN)
	}
	wantReason(t, "one wrong code too many", try("0000000000"), errorsv1.Reason_REASON_RATE_LIMITED)
	wantReason(t, "the right code after them", try(code), errorsv1.Reason_REASON_RATE_LIMITED)
	ts.clock.Advance(time.Minute)
	if err := try(code); err != nil {
		t.Error(err)
	}
}

func TestChat(t *testing.T) {
	ts := newTestService(t)
	alice, bob := ts.player(), ts.player()
	id := alice.create()
	say := func(p *player, text string) error {
		_, err := p.lobby.PostChat(p.ctx, &gamev1.PostChatRequest{GameId: id, Text: text})
		return err
	}
	wantReason(t, "a stranger", say(bob, "hi"), errorsv1.Reason_REASON_NOT_SEATED)
	if _, err := bob.games.JoinGame(bob.ctx, &gamev1.JoinGameRequest{GameId: id}); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"spaces": "   ", "a control character": "a\x00b", "a line": "a\nb", "bidirectional override": "a\u202eb"} {
		ts.clock.Advance(10 * time.Second)
		wantReason(t, name, say(bob, text), errorsv1.Reason_REASON_INVALID_FIELD)
	}
	ts.clock.Advance(10 * time.Second)
	for _, text := range []string{" 👩‍🎲 good luck ", "шесть!"} {
		if err := say(bob, text); err != nil {
			t.Fatal(err)
		}
	}
	mute := func(p *player, who *player) error {
		_, err := p.lobby.MutePlayer(p.ctx, &gamev1.MutePlayerRequest{GameId: id, PlayerId: who.id.String()})
		return err
	}
	_, nobody := alice.lobby.MutePlayer(alice.ctx, &gamev1.MutePlayerRequest{GameId: id, PlayerId: id})
	wantReason(t, "a mute of nobody", nobody, errorsv1.Reason_REASON_NOT_SEATED)
	wantReason(t, "a mute by a guest", mute(bob, alice), errorsv1.Reason_REASON_NOT_HOST)
	for range 2 {
		wantReason(t, "a mute by the host", mute(alice, bob), 0)
	}
	if _, err := bob.games.LeaveGame(bob.ctx, &gamev1.LeaveGameRequest{GameId: id}); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.games.JoinGame(bob.ctx, &gamev1.JoinGameRequest{GameId: id}); err != nil {
		t.Fatal(err)
	}
	wantReason(t, "a muted player who left and rejoined", say(bob, "hi"), errorsv1.Reason_REASON_MUTED)
	if _, err := alice.lobby.UnmutePlayer(alice.ctx, &gamev1.UnmutePlayerRequest{GameId: id, PlayerId: bob.id.String()}); err != nil {
		t.Fatal(err)
	}
	wantReason(t, "a player who may talk again", say(bob, "hi"), 0)
	limited := 0
	for range 10 {
		if err := say(alice, "spam"); errs.Reason(err) == errorsv1.Reason_REASON_RATE_LIMITED {
			limited++
		}
	}
	if limited != 5 {
		t.Errorf("%d of 10 messages at once were too many", limited)
	}
	stream, err := alice.games.WatchGame(alice.ctx, &gamev1.WatchGameRequest{GameId: id})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	var mutes int
	for sequence := int64(1); sequence <= alice.get(id).GetSequence(); sequence++ {
		resp, err := stream.Recv()
		if err != nil || resp.GetEvent().GetSequence() != sequence {
			t.Fatalf("event %d: %v, %v", sequence, resp, err)
		}
		if chat := resp.GetEvent().GetChatPosted(); chat.GetPlayerId() == bob.id.String() {
			texts = append(texts, chat.GetText())
		}
		if resp.GetEvent().GetPlayerMuted() != nil {
			mutes++
		}
	}
	if len(texts) != 3 || texts[0] != "👩‍🎲 good luck" || mutes != 2 {
		t.Errorf("bob said %q, %d mutes", texts, mutes)
	}
}

// TestRepeatedCreateReturnsNoJoinCode repeats the creation of a private table when the second request is taken for new at first: a code
// that was generated for it would not open the table.
func TestRepeatedCreateReturnsNoJoinCode(t *testing.T) {
	ts := &testService{t: t, postgres: testserver.Database(t, "game", postgres.Migrate), clock: clockwork.NewFakeClock(), validators: &validators{}}
	ts.start()
	p := ts.player()
	req := &gamev1.CreateGameRequest{Private: true, RequestId: "private"}
	first, err := p.games.CreateGame(p.ctx, req)
	if err != nil || first.GetGame().GetJoinCode() == "" {
		t.Fatal(first, err)
	}
	for _, wager := range []string{"field", "any_craps", "next_7"} {
		p.bet(first.GetGame().GetGameId(), wager, 1)
	}
	again, err := p.games.CreateGame(p.ctx, req)
	if err != nil || again.GetGame().GetGameId() != first.GetGame().GetGameId() || again.GetGame().GetJoinCode() != "" {
		t.Errorf("again: %v, %v", again, err)
	}
}
