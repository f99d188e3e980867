package logs

import (
	"encoding/base64"
	"slices"
	"strings"
)

// paging cuts a list whose items have an order and a key each. A token names the last
// key that was listed, so that a list may change between its pages.
type paging struct {
	operation string
	token     *string
	size      int
	desc      bool
}

// page gives the items of one page and the token of the next.
func page[T any](p paging, items []T, key func(T) string) ([]T, *string, error) {
	slices.SortFunc(items, func(x, y T) int { return p.order(key(x), key(y)) })
	if p.token != nil {
		after, err := p.after()
		if err != nil {
			return nil, nil, err
		}
		items = items[sortedAfter(items, func(i T) bool { return p.order(key(i), after) > 0 }):]
	}
	if len(items) <= p.size {
		return items, nil, nil
	}
	items = items[:p.size]
	next := base64.RawURLEncoding.EncodeToString([]byte(p.operation + "\n" + key(items[p.size-1])))
	return items, &next, nil
}

// sortedAfter is the place of the first item for which is holds; it does for all after.
func sortedAfter[T any](items []T, is func(T) bool) int {
	i, _ := slices.BinarySearchFunc(items, true, func(item T, _ bool) int {
		if is(item) {
			return 1
		}
		return -1
	})
	return i
}

func (p paging) order(a, b string) int {
	if p.desc {
		return strings.Compare(b, a)
	}
	return strings.Compare(a, b)
}

func (p paging) after() (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(*p.token)
	operation, key, found := strings.Cut(string(b), "\n")
	if err != nil || !found || operation != p.operation {
		return "", invalidToken()
	}
	return key, nil
}

func invalidToken() error { return invalid("The specified nextToken is invalid.") }
