package e2e_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strings"
	"sync"
	"testing"
)

// phone is a device as an app would implement it, from the documentation of the contract alone.
type phone struct {
	t   *testing.T
	key ed25519.PrivateKey
}

func newPhone(t *testing.T) phone {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return phone{t, key}
}

func (p phone) public() []byte { return p.key.Public().(ed25519.PublicKey) }

func zeroBits(hash [32]byte) (n int) {
	for _, b := range hash {
		n += bits.LeadingZeros8(b)
		if b != 0 {
			break
		}
	}
	return n
}

// solve answers a challenge, with proof of work of a difficulty.
func (p phone) solve(challenge []byte, difficulty int) map[string]any {
	nonce := make([]byte, 8)
	message := func(context string) []byte {
		return append(append(append([]byte(context+"\x00"), challenge...), p.public()...), nonce...)
	}
	for n := uint64(0); zeroBits(sha256.Sum256(message("bitcraps device work v1"))) < difficulty; n++ {
		binary.BigEndian.PutUint64(nonce, n)
	}
	return map[string]any{"client": "a phone", "proof": map[string]any{
		"public_key": p.public(), "challenge": challenge, "nonce": nonce, "signature": ed25519.Sign(p.key, message("bitcraps device v1")),
	}}
}

// requestProof requests a challenge and answers it.
func (p phone) requestProof(c *client) map[string]any {
	p.t.Helper()
	asked := c.must(201, "POST", "/api/v1/devices/challenges", map[string]any{"public_key": p.public()})
	challenge, err := base64.StdEncoding.DecodeString(asked.str("challenge"))
	if err != nil {
		p.t.Fatal(err)
	}
	return p.solve(challenge, int(asked.num("difficulty")))
}

func TestDevicesSignIn(t *testing.T) { forEachTarget(t, devicesSignIn) }

func devicesSignIn(t *testing.T, tg *target) {
	c, mine := app(t, tg.url(), ""), newPhone(t)
	proof := mine.requestProof(c)
	first := c.must(201, "POST", "/api/v1/sessions:device", proof)
	second := c.must(201, "POST", "/api/v1/sessions:device", mine.requestProof(c))
	if first.str("player_id") != second.str("player_id") || first.str("session_id") == second.str("session_id") {
		t.Errorf("signed in as %s, then %s", first.text, second.text)
	}
	who := app(t, tg.url(), first.str("access_token")).must(200, "GET", me, nil)
	if who.str("kind") != "PLAYER_KIND_DEVICE" || who.num("balance") != 1000 {
		t.Errorf("the signed-in player is %s", who.text)
	}
	for name, body := range map[string]map[string]any{
		"used before":             proof,
		"with another device":     withProof(mine.requestProof(c), "public_key", newPhone(t).public()),
		"with another challenge":  withProof(mine.requestProof(c), "challenge", make([]byte, 57)),
		"with another signature":  withProof(mine.requestProof(c), "signature", make([]byte, 64)),
		"of another device's own": withProof(mine.requestProof(c), "challenge", newPhone(t).requestProof(c)["proof"].(map[string]any)["challenge"]),
	} {
		if resp := c.do("POST", "/api/v1/sessions:device", body); resp.status != 401 || resp.reason() != "CHALLENGE_FAILED" {
			t.Errorf("a proof %s: %d %s", name, resp.status, resp.text)
		}
	}
	withoutWork := c.must(201, "POST", "/api/v1/devices/challenges", map[string]any{"public_key": mine.public()})
	challenge, _ := base64.StdEncoding.DecodeString(withoutWork.str("challenge"))
	if resp := c.do("POST", "/api/v1/sessions:device", mine.solve(challenge, 0)); resp.status != 400 || resp.reason() != "WORK_INSUFFICIENT" {
		t.Errorf("without work: %d %s", resp.status, resp.text)
	}
	for name, key := range map[string][]byte{"of small order": append([]byte{1}, make([]byte, 31)...), "too short": {1}, "none": nil} {
		if resp := c.do("POST", "/api/v1/devices/challenges", map[string]any{"public_key": key}); resp.status != 400 || resp.reason() != "INVALID_FIELD" {
			t.Errorf("a key %s: %d %s", name, resp.status, resp.text)
		}
	}
}

func withProof(body map[string]any, field string, value any) map[string]any {
	body["proof"].(map[string]any)[field] = value
	return body
}

// TestDeviceIsOnePlayer has a new device sign in several times concurrently.
func TestDeviceIsOnePlayer(t *testing.T) { forEachTarget(t, deviceIsOnePlayer) }

func deviceIsOnePlayer(t *testing.T, tg *target) {
	c, mine := app(t, tg.url(), ""), newPhone(t)
	proofs := make([]map[string]any, 6)
	for i := range proofs {
		proofs[i] = mine.requestProof(c)
	}
	var wg sync.WaitGroup
	players := make([]string, 2*len(proofs))
	for i := range players { // Each proof is used twice, and must work once.
		wg.Go(func() {
			if resp := c.do("POST", "/api/v1/sessions:device", proofs[i/2]); resp.status == 201 {
				players[i] = resp.str("player_id")
			}
		})
	}
	wg.Wait()
	signed := strings.Fields(strings.Join(players, " "))
	if len(signed) != len(proofs) {
		t.Errorf("%d proofs signed in %d times", len(proofs), len(signed))
	}
	for _, player := range signed {
		if player != signed[0] {
			t.Errorf("one device is the players %s", signed)
		}
	}
}

// TestGuestsKeepTheirWallets links a guest to devices.
func TestGuestsKeepTheirWallets(t *testing.T) { forEachTarget(t, guestsKeepTheirWallets) }

func guestsKeepTheirWallets(t *testing.T, tg *target) {
	guest, first, second := newClient(t, tg.url()), newPhone(t), newPhone(t)
	guest.bet(guest.newGame(), "pass_line", 100)
	before := guest.must(200, "GET", me, nil)
	added := guest.must(201, "POST", "/api/v1/devices", first.requestProof(guest))
	guest.must(201, "POST", "/api/v1/devices", second.requestProof(guest))
	signedIn := app(t, tg.url(), "").must(201, "POST", "/api/v1/sessions:device", first.requestProof(guest))
	phone := app(t, tg.url(), signedIn.str("access_token"))
	after := phone.must(200, "GET", me, nil)
	if after.str("player_id") != before.str("player_id") || after.num("balance") != 900 || after.num("in_play") != 100 || after.str("kind") != "PLAYER_KIND_DEVICE" {
		t.Errorf("the guest was %s and is %s", before.text, after.text)
	}
	if list := phone.must(200, "GET", "/api/v1/devices", nil).list("devices"); len(list) != 2 || list[1]["device_id"] != added.str("device_id") {
		t.Errorf("devices %v", list)
	}
	if list := phone.must(200, "GET", sessions, nil).list("sessions"); len(list) != 2 {
		t.Errorf("sessions %v", list)
	}
	thief := newClient(t, tg.url())
	thief.balance()
	if resp := thief.do("POST", "/api/v1/devices", first.requestProof(guest)); resp.status != 409 || resp.reason() != "DEVICE_TAKEN" {
		t.Errorf("a device of another player: %d %s", resp.status, resp.text)
	}
	if resp := thief.do("DELETE", "/api/v1/devices/"+added.str("device_id"), nil); resp.status != 404 || resp.reason() != "DEVICE_NOT_FOUND" {
		t.Errorf("removing another player's: %d %s", resp.status, resp.text)
	}
	guest.must(200, "DELETE", "/api/v1/devices/"+added.str("device_id"), nil)
	if reason := waitUntilRefused(t, tg, signedIn.str("access_token")); reason != "SESSION_ENDED" {
		t.Errorf("a session of the removed device: %s", reason)
	}
	if again := app(t, tg.url(), "").must(201, "POST", "/api/v1/sessions:device", first.requestProof(guest)); again.str("player_id") == before.str("player_id") {
		t.Error("the removed device still signs in")
	}
}
