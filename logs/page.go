package logs

import "steady/awsapi"

// page gives the items of one page and the token of the next.
func page[T any](p awsapi.Paging, items []T, key func(T) string) ([]T, *string, error) {
	page, next, ok := awsapi.Page(p, items, key)
	if !ok {
		return nil, nil, invalidToken()
	}
	return page, next, nil
}

func invalidToken() error { return invalid("The specified nextToken is invalid.") }
