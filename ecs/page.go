package ecs

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
)

// entry is one item of a list. Items are listed in the order of their keys.
type entry struct {
	key   string
	value string
}

// paging is what a list operation was asked for.
type paging struct {
	operation string
	max       *int32
	token     *string
	size      int // of a page when max is not given
	most      int // that max can be, maxPage unless given
	desc      bool
}

const maxPage = 100

// cut returns one page of the values and the token of the next one. A token names
// the last key that was listed, so a list may change between its pages.
func (p paging) cut(entries []entry) ([]string, *string, error) {
	if p.max != nil {
		if most := cmp.Or(p.most, maxPage); *p.max < 1 || int(*p.max) > most {
			return nil, nil, invalid("maxResults should be between 1 and %d", most)
		}
		p.size = int(*p.max)
	}
	after, err := p.after()
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(entries, func(a, b entry) int { return p.order(a.key, b.key) })
	values := []string{}
	last := ""
	for _, e := range entries {
		if p.token != nil && p.order(e.key, after) <= 0 {
			continue
		}
		if len(values) == p.size {
			return values, p.next(last), nil
		}
		values, last = append(values, e.value), e.key
	}
	return values, nil, nil
}

func (p paging) order(a, b string) int {
	if p.desc {
		return strings.Compare(b, a)
	}
	return strings.Compare(a, b)
}

// next makes a token. It carries the operation, so that the token of another one
// is recognised.
func (p paging) next(key string) *string {
	t := base64.RawURLEncoding.EncodeToString([]byte(p.operation + "\n" + key))
	return &t
}

// after is the key behind which the page begins.
func (p paging) after() (string, error) {
	if p.token == nil {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(*p.token)
	operation, key, found := strings.Cut(string(b), "\n")
	if err != nil || !found || operation != p.operation {
		return "", invalid("Invalid token. Give the nextToken of the reply before, unchanged.")
	}
	return key, nil
}
