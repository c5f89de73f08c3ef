package game

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

const (
	defaultPageSize = 20
	maxPageSize     = 100
)

// page is one list's way through its items: the scope says which list with which filters, so that a token of another
// list is refused.
type page struct {
	scope string
	size  int
	// behind is the last item that the caller has; empty on the first page.
	behind string
}

func newPage(size int32, token string, scope ...string) (page, error) {
	p := page{scope: strings.Join(scope, "/"), size: int(size)}
	if p.size == 0 {
		p.size = defaultPageSize
	}
	p.size = min(p.size, maxPageSize)
	if token == "" {
		return p, nil
	}
	decoded, err := base64.RawURLEncoding.DecodeString(token)
	behind, ours := strings.CutPrefix(string(decoded), p.scope+"|")
	if err != nil || !ours || behind == "" {
		return page{}, invalidToken()
	}
	p.behind = behind
	return p, nil
}

func invalidToken() error {
	return errs.New(errorsv1.Reason_REASON_PAGE_TOKEN_INVALID, "the page token belongs to another list; start again without it").
		Field("page_token", "must come from the same list")
}

// token leads to the page behind the item.
func (p page) token(item string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(p.scope + "|" + item))
}

// cut takes the one item too many that was asked for to know whether there is a next page, and returns that page's token.
func cut[T any](p page, items []T, key func(T) string) ([]T, string) {
	if len(items) <= p.size {
		return items, ""
	}
	items = items[:p.size]
	return items, p.token(key(items[p.size-1]))
}

// id is the last item of a list that goes by ids; uuid.Nil on the first page.
func (p page) id() (uuid.UUID, error) {
	if p.behind == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(p.behind)
	if err != nil {
		return uuid.Nil, invalidToken()
	}
	return id, nil
}

// number is the last item of a list that goes by numbers; 0 on the first page.
func (p page) number() (int64, error) {
	if p.behind == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(p.behind, 10, 64)
	if err != nil || n <= 0 {
		return 0, invalidToken()
	}
	return n, nil
}
