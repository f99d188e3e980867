package runtime

// Credentials are what a registry asks for.
type Credentials struct {
	Username string
	Password string
}

// First is the first of credentials that may be given, or none.
func First(given []Credentials) (c Credentials, ok bool) {
	if len(given) == 0 {
		return c, false
	}
	return given[0], true
}
