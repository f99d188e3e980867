package model

import "strings"

// Link reads a link of a container definition, "name" or "name:alias".
func Link(link string) (container, alias string) {
	container, alias, given := strings.Cut(link, ":")
	if !given {
		alias = container
	}
	return container, alias
}
