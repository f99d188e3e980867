package awsapi

import (
	"encoding/base64"
	"slices"
	"strings"
)

// Paging is what a list operation was asked for. Token is the one that the reply before
// had; it names the operation and the last key that was listed, so that the list may
// change between its pages and the token of another operation is recognised.
type Paging struct {
	Operation  string
	Token      *string
	Size       int
	Descending bool
}

// Page sorts a list by its keys, and gives one page of it and the token of the next. It
// is not ok when the token is none of this operation.
func Page[T any](p Paging, items []T, key func(T) string) (page []T, next *string, ok bool) {
	slices.SortFunc(items, func(x, y T) int { return p.order(key(x), key(y)) })
	if p.Token != nil {
		after, ok := p.after()
		if !ok {
			return nil, nil, false
		}
		first := slices.IndexFunc(items, func(i T) bool { return p.order(key(i), after) > 0 })
		if first < 0 {
			first = len(items)
		}
		items = items[first:]
	}
	if len(items) <= p.Size {
		return items, nil, true
	}
	items = items[:p.Size]
	token := base64.RawURLEncoding.EncodeToString([]byte(p.Operation + "\n" + key(items[p.Size-1])))
	return items, &token, true
}

func (p Paging) order(a, b string) int {
	if p.Descending {
		return strings.Compare(b, a)
	}
	return strings.Compare(a, b)
}

// after is the key behind which the page begins.
func (p Paging) after() (string, bool) {
	b, err := base64.RawURLEncoding.DecodeString(*p.Token)
	operation, key, found := strings.Cut(string(b), "\n")
	return key, err == nil && found && operation == p.Operation
}
