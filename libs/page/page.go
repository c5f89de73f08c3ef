// Package page implements the pagination of lists: pages, whose size the contracts bound, and tokens, each of which leads to the next
// page of one list and is refused for any other.
package page

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

const defaultSize = 20

// Page is the page that a caller requested.
type Page struct {
	// Size is the maximum number of items.
	Size int
	// After is the last item that the caller has; empty on the first page.
	After string

	scope string
}

// New parses a request's page_size and page_token. The scope identifies the list and its filters; a token of another scope is refused
// with the reason PAGE_TOKEN_INVALID.
func New(size int32, token string, scope ...string) (Page, error) {
	p := Page{scope: strings.Join(scope, "/"), Size: int(size)}
	if p.Size == 0 {
		p.Size = defaultSize
	}
	if token == "" {
		return p, nil
	}
	decoded, err := base64.RawURLEncoding.DecodeString(token)
	after, ours := strings.CutPrefix(string(decoded), p.scope+"|")
	if err != nil || !ours || after == "" {
		return Page{}, InvalidToken()
	}
	p.After = after
	return p, nil
}

// InvalidToken returns the error for a token that names no item of the list.
func InvalidToken() error {
	return errs.New(errorsv1.Reason_REASON_PAGE_TOKEN_INVALID, "the page token belongs to another list; start again without it").
		Field("page_token", "must come from the same list")
}

// Token returns the token of the page after the item.
func (p Page) Token(item string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(p.scope + "|" + item))
}

// Cut removes the extra item, one more than Size, that was queried to find out whether there is a next page, and returns that page's
// token.
func Cut[T any](p Page, items []T, key func(T) string) ([]T, string) {
	if len(items) <= p.Size {
		return items, ""
	}
	items = items[:p.Size]
	return items, p.Token(key(items[p.Size-1]))
}

// ID returns After in a list that is ordered by ids; uuid.Nil on the first page.
func (p Page) ID() (uuid.UUID, error) {
	if p.After == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(p.After)
	if err != nil {
		return uuid.Nil, InvalidToken()
	}
	return id, nil
}

// Number returns After in a list that is ordered by numbers; 0 on the first page.
func (p Page) Number() (int64, error) {
	if p.After == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(p.After, 10, 64)
	if err != nil || n <= 0 {
		return 0, InvalidToken()
	}
	return n, nil
}
