package e2e_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/token"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// tableRow is a row of docs/access.md that has a path.
type tableRow struct {
	method, path string
	may          map[string]bool // By the table's columns, and by the scopes of keys.
}

// accessTable reads the documentation, so that the test does not compare the code with itself.
func accessTable(t *testing.T) (rows []tableRow) {
	t.Helper()
	text, err := os.ReadFile("../../../../docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 10 || !strings.Contains(cells[2], "/") {
			continue
		}
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " `\n")
		}
		method, path, _ := strings.Cut(cells[2], " ")
		player, anyone := cells[4] == "yes", cells[3] == "yes"
		rows = append(rows, tableRow{method, path, map[string]bool{"anyone": anyone, "player": player, "operator": cells[5] == "yes", "auditor": cells[6] == "yes",
			"a key to read": anyone || player && cells[7] == "read", "a key to play": anyone || player && cells[7] == "play"}})
	}
	if len(rows) < 40 {
		t.Fatalf("the table has %d paths", len(rows))
	}
	return rows
}

var pathParameter = regexp.MustCompile(`\{[a-z_]+\}`)

// TestRolesMatchAccessTable makes every REST call in every role. An allowed caller passes the access check, whatever is wrong with the
// call otherwise; any other caller gets the right refusal.
func TestRolesMatchAccessTable(t *testing.T) { forEachTarget(t, rolesMatchAccessTable) }

func rolesMatchAccessTable(t *testing.T, tg *target) {
	sign := signer(t, tg)
	role := func(role optionsv1.Role, scopes ...optionsv1.Scope) string {
		return sign(token.Bearer{Player: uuid.Must(uuid.NewV7()), Session: uuid.Must(uuid.NewV7()), Role: role, Scopes: identity.ScopesOf(scopes...)})
	}
	refusals := map[string]string{"anyone": "CREDENTIALS_MISSING", "player": "ROLE_NOT_ALLOWED", "operator": "ROLE_NOT_ALLOWED", "auditor": "ROLE_NOT_ALLOWED",
		"a key to read": "SCOPE_NOT_ALLOWED", "a key to play": "SCOPE_NOT_ALLOWED"}
	const player = optionsv1.Role_ROLE_PLAYER
	for who, access := range map[string]string{
		"anyone": "", "player": role(player), "operator": role(optionsv1.Role_ROLE_OPERATOR), "auditor": role(optionsv1.Role_ROLE_AUDITOR),
		"a key to read": role(player, optionsv1.Scope_SCOPE_READ), "a key to play": role(player, optionsv1.Scope_SCOPE_PLAY),
	} {
		for _, row := range accessTable(t) {
			path := pathParameter.ReplaceAllStringFunc(row.path, func(name string) string {
				if strings.HasSuffix(name, "_id}") {
					return uuid.NewString()
				}
				return "1"
			})
			c := app(t, tg.url(), access)
			if who == "anyone" && row.may["player"] && (row.may["a key to read"] || row.may["a key to play"]) && !row.may["anyone"] {
				c.header.Set("Authorization", "Bearer x") // Otherwise a call that accepts guests would create one.
			}
			reason := c.do(row.method, path, nil).reason()
			refusedAccess := slices.Contains([]string{"CREDENTIALS_MISSING", "TOKEN_INVALID", "ROLE_NOT_ALLOWED", "SCOPE_NOT_ALLOWED", "CALLER_NOT_ALLOWED", "SESSION_ENDED"}, reason)
			if refresh := strings.HasSuffix(path, "sessions:refresh"); refusedAccess == row.may[who] && !refresh {
				t.Errorf("%s: %s %s answers %q, and the table says %v", who, row.method, row.path, reason, row.may[who])
			}
			if want := refusals[who]; !row.may[who] && reason != want && reason != "TOKEN_INVALID" && reason != "ROLE_NOT_ALLOWED" {
				t.Errorf("%s: %s %s is refused with %q, want %q", who, row.method, row.path, reason, want)
			}
		}
	}
}

// signer signs tokens with the platform's own key.
func signer(t *testing.T, tg *target) func(token.Bearer) string {
	t.Helper()
	key := signingKey(t, tg)
	return func(bearer token.Bearer) string {
		raw, err := key.Sign(bearer, time.Now(), time.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
}

// TestOperatorsChangeRoles makes a player an operator by the command line, who makes another player an auditor by REST.
func TestOperatorsChangeRoles(t *testing.T) {
	tg := ownTarget(t)
	boss, books := newPhone(t), newPhone(t)
	in := func(p phone) *response {
		c := app(t, tg.url(), "")
		return c.must(201, "POST", "/api/v1/sessions:device", p.requestProof(c))
	}
	before, auditor := in(boss), in(books)
	if out, err := run("role", before.str("player_id"), "operator", "--data-dir", tg.dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if reason := waitUntilRefused(t, tg, before.str("access_token")); reason != "SESSION_ENDED" {
		t.Errorf("the previous session: %s", reason)
	}
	operator := app(t, tg.url(), in(boss).str("access_token"))
	if role := operator.must(200, "GET", me, nil).str("role"); role != "ROLE_OPERATOR" {
		t.Errorf("the operator is %s", role)
	}
	path := "/api/v1/players/" + auditor.str("player_id") + "/role"
	operator.must(200, "PATCH", path, map[string]any{"role": "ROLE_AUDITOR"})
	waitUntilRefused(t, tg, auditor.str("access_token"))
	reader := app(t, tg.url(), in(books).str("access_token"))
	if audit := reader.must(200, "GET", "/api/v1/ledger/audit", nil); audit.at("balanced") != true {
		t.Errorf("the books: %s", audit.text)
	}
	if resp := reader.do("PATCH", path, map[string]any{"role": "ROLE_OPERATOR"}); resp.status != 403 || resp.reason() != "ROLE_NOT_ALLOWED" {
		t.Errorf("an auditor changes roles: %d %s", resp.status, resp.text)
	}
	if resp := reader.do("POST", "/api/v1/games", nil); resp.status != 403 || resp.reason() != "ROLE_NOT_ALLOWED" {
		t.Errorf("an auditor plays: %d %s", resp.status, resp.text)
	}
	for _, role := range []any{"ROLE_KING", "ROLE_UNSPECIFIED", 99, nil} {
		if resp := operator.do("PATCH", path, map[string]any{"role": role}); resp.status != 400 {
			t.Errorf("the role %v: %d %s", role, resp.status, resp.text)
		}
	}
	for _, args := range [][]string{{uuid.NewString(), "auditor"}, {"x", "auditor"}, {before.str("player_id"), "king"}} {
		if out, err := run(append([]string{"role", "--data-dir", tg.dir}, args...)...); err == nil {
			t.Errorf("role %v: %s", args, out)
		}
	}
}
