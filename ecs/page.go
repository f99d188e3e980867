package ecs

import (
	"cmp"

	"steady/awsapi"
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

// cut returns one page of the values and the token of the next one.
func (p paging) cut(entries []entry) ([]string, *string, error) {
	if p.max != nil {
		if most := cmp.Or(p.most, maxPage); *p.max < 1 || int(*p.max) > most {
			return nil, nil, invalid("maxResults should be between 1 and %d", most)
		}
		p.size = int(*p.max)
	}
	page, next, ok := awsapi.Page(awsapi.Paging{Operation: p.operation, Token: p.token, Size: p.size, Descending: p.desc}, entries, func(e entry) string { return e.key })
	if !ok {
		return nil, nil, invalid("Invalid token. Give the nextToken of the reply before, unchanged.")
	}
	values := []string{}
	for _, e := range page {
		values = append(values, e.value)
	}
	return values, next, nil
}
