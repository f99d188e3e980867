package flatten

import "testing"

// TestOrdinary tries every byte at every place, beside bytes that could carry over.
func TestOrdinary(t *testing.T) {
	for _, beside := range []byte{' ', 'a', 0x7f, 0x80, 0xff, '!', '#', '[', ']'} {
		for place := range 8 {
			for b := range 256 {
				text := []byte{beside, beside, beside, beside, beside, beside, beside, beside}
				text[place] = byte(b)
				want := b >= ' ' && b != '"' && b != '\\'
				if got := ordinary(string(text)); got != want {
					t.Fatalf("ordinary(%q) is %v", text, got)
				}
			}
		}
	}
}
