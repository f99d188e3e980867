package iam

import (
	"encoding/base64"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// page is one page of items, which are in the order of their keys, and the marker of
// the next. A marker holds the last key, so that a list may change between its pages.
func page[T any](items []T, key func(T) string, marker *string, maxItems *int32) ([]T, *string, error) {
	size := 100
	if maxItems != nil {
		size = int(*maxItems)
	}
	if size < 1 || size > 1000 {
		return nil, nil, invalid("1 validation error detected: Value '%d' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 1000", size)
	}
	if marker != nil {
		after, err := base64.RawURLEncoding.DecodeString(*marker)
		if err != nil {
			return nil, nil, invalid("Invalid Marker.")
		}
		for len(items) > 0 && key(items[0]) <= string(after) {
			items = items[1:]
		}
	}
	if len(items) <= size {
		return items, nil, nil
	}
	items = items[:size]
	return items, aws.String(base64.RawURLEncoding.EncodeToString([]byte(key(items[size-1])))), nil
}

// stringField is the value of a field of an input that is a pointer to a text.
func stringField(in any, name string) string {
	f := reflect.Indirect(reflect.ValueOf(in)).FieldByName(name)
	if !f.IsValid() {
		return ""
	}
	s, _ := f.Interface().(*string)
	return aws.ToString(s)
}
