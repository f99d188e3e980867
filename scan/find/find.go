// Package find looks for the same text in many others. It never allocates.
package find

import "strings"

// Finder finds one text.
type Finder struct {
	text string
	at   int  // of the byte that is the rarest in logs
	rare byte // that byte
	// fold ignores the case of ASCII letters; text is lower then.
	fold bool
}

// New makes a finder of a text as it is.
func New(text string) Finder {
	f := Finder{text: text}
	for i := range len(text) {
		if commonness(text[i]) < commonness(text[f.at]) {
			f.at = i
		}
	}
	if text != "" {
		f.rare = text[f.at]
	}
	return f
}

// NewFold makes a finder that ignores the case of ASCII letters.
func NewFold(text string) Finder {
	f := New(strings.ToLower(text))
	f.fold = true
	return f
}

// Index is where the text first begins in s, or -1.
func (f *Finder) Index(s string) int {
	if f.text == "" {
		return 0
	}
	if f.fold {
		return f.indexFold(s)
	}
	last := len(s) - len(f.text) // where it may begin at the latest
	for from := 0; from <= last; {
		i := strings.IndexByte(s[from+f.at:last+f.at+1], f.rare)
		if i < 0 {
			return -1
		}
		if from += i; s[from:from+len(f.text)] == f.text {
			return from
		}
		from++
	}
	return -1
}

// In tells whether s has the text.
func (f *Finder) In(s string) bool { return f.Index(s) >= 0 }

// indexFold goes along both cases of the rarest byte.
func (f *Finder) indexFold(s string) int {
	upper := f.rare
	if isLower(upper) {
		upper -= 'a' - 'A'
	}
	last := len(s) - len(f.text)
	lowers, uppers := 0, 0 // where the next of each stands, seen from f.at on
	next := func(from int, c byte) int {
		if from > last {
			return last + 1
		}
		if i := strings.IndexByte(s[from+f.at:last+f.at+1], c); i >= 0 {
			return from + i
		}
		return last + 1
	}
	lowers = next(0, f.rare)
	if uppers = last + 1; upper != f.rare {
		uppers = next(0, upper)
	}
	for lowers <= last || uppers <= last {
		from := min(lowers, uppers)
		if equalFold(s[from:from+len(f.text)], f.text) {
			return from
		}
		if from == lowers {
			lowers = next(from+1, f.rare)
		} else {
			uppers = next(from+1, upper)
		}
	}
	return -1
}

// equalFold compares with a text that is lower.
func equalFold(s, lower string) bool {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

// common are bytes from the most common in logs and JSON to the rarest; what does not
// stand here is rarer still.
const common = `"e:ta,nsirocl- 0d1p2/um3.4f5g6789hyb_kvwETASRIN{}CODLPUMxjqzGFHBYVWK[]()XJQZ=@;%&+#<>?!$*'|~^`

var ranks = func() (r [256]uint8) {
	for i := range len(common) {
		r[common[i]] = uint8(len(common) - i)
	}
	return r
}()

func commonness(c byte) uint8 { return ranks[c] }
