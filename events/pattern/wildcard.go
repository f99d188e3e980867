package pattern

import "fmt"

// star stands for any characters in a wildcard; all else for the byte it is.
const star = -1

type wildcard []int

// parseWildcard reads a text with asterisks. "To match the asterisk character
// specifically, a wildcard character can be escaped with a backslash", and so can a
// backslash. Positions count from the quote before the text.
func parseWildcard(s string) (w wildcard, problem string) {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '*' && i+1 < len(s) && s[i+1] == '*':
			return nil, fmt.Sprintf("Consecutive wildcard characters at pos %d", i+1)
		case s[i] == '*':
			w = append(w, star)
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '*' || s[i+1] == '\\'):
			i++
			w = append(w, int(s[i]))
		case s[i] == '\\':
			return nil, fmt.Sprintf("Invalid escape character at pos %d", i+1)
		default:
			w = append(w, int(s[i]))
		}
	}
	return w, ""
}

func (w wildcard) condition() condition { return ofText(w.match) }

// match never needs more than len(w) times len(s) steps: of several stars only the
// last can be wrong about how much it stands for.
func (w wildcard) match(s string) bool {
	i, j := 0, 0           // in w and s
	retry, resume := -1, 0 // behind the last star, and where it may end next
	for j < len(s) {
		switch {
		case i < len(w) && w[i] == star:
			i++
			retry, resume = i, j
		case i < len(w) && w[i] == int(s[j]):
			i, j = i+1, j+1
		case retry >= 0:
			resume++
			i, j = retry, resume
		default:
			return false
		}
	}
	for i < len(w) && w[i] == star {
		i++
	}
	return i == len(w)
}
