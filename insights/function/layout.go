package function

import "strings"

// letters are the fields of a date pattern in Java's manner, with Go's layout of each.
var letters = map[string]string{
	"yyyy": "2006", "yy": "06", "y": "2006",
	"MMMM": "January", "MMM": "Jan", "MM": "01", "M": "1",
	"dd": "02", "d": "2", "DDD": "002",
	"EEEE": "Monday", "EEE": "Mon", "E": "Mon",
	"HH": "15", "hh": "03", "h": "3", "a": "PM",
	"mm": "04", "m": "4", "ss": "05", "s": "5",
	"SSS": "000", "SSSSSS": "000000", "SSSSSSSSS": "000000000",
	"z": "MST", "Z": "-0700", "X": "Z07", "XX": "Z0700", "XXX": "Z07:00",
}

// percents are strftime's.
var percents = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'B': "January", 'b': "Jan", 'd': "02", 'e': "_2", 'j': "002",
	'A': "Monday", 'a': "Mon", 'H': "15", 'I': "03", 'p': "PM", 'M': "04", 'S': "05", 'L': "000", 'f': "000000",
	'z': "-0700", 'Z': "MST", 'F': "2006-01-02", 'T': "15:04:05", 'D': "01/02/06", '%': "%",
}

// IsLayout tells whether a pattern of dates has fields only that are known.
func IsLayout(pattern string) bool {
	_, ok := layoutOf(pattern)
	return ok
}

// layoutOf is Go's layout for a pattern, unless it has a field that is not known.
func layoutOf(pattern string) (string, bool) {
	if strings.Contains(pattern, "%") {
		return layoutOfPercents(pattern)
	}
	var b strings.Builder
	for i := 0; i < len(pattern); {
		c := pattern[i]
		j := i + 1
		switch {
		case c == '\'': // quoted: 'T'
			end := strings.IndexByte(pattern[j:], '\'')
			if end < 0 {
				return "", false
			}
			b.WriteString(pattern[j : j+end])
			i = j + end + 1
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			for j < len(pattern) && pattern[j] == c {
				j++
			}
			layout, known := letters[pattern[i:j]]
			if !known {
				return "", false
			}
			b.WriteString(layout)
			i = j
		default:
			b.WriteByte(c)
			i = j
		}
	}
	return b.String(), true
}

func layoutOfPercents(pattern string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' {
			b.WriteByte(pattern[i])
			continue
		}
		if i++; i == len(pattern) {
			return "", false
		}
		layout, known := percents[pattern[i]]
		if !known {
			return "", false
		}
		b.WriteString(layout)
	}
	return b.String(), true
}
