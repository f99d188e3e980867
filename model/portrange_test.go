package model

import "testing"

func TestParsePortRange(t *testing.T) {
	for text, want := range map[string]PortRange{
		"8000-8010": {8000, 8010}, "1-65535": {1, 65535},
		"": {}, "80": {}, "80-80": {}, "81-80": {}, "0-9": {}, "1-65536": {}, "a-b": {}, "1-2-3": {}, "-1-5": {}, " 1-5": {}, "+1-5": {}, "1-+5": {},
	} {
		if got, err := ParsePortRange(text); got != want || (err == nil) != (want != PortRange{}) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	r := PortRange{8000, 8010}
	if r.Len() != 11 || r.String() != "8000-8010" || !r.Overlaps(PortRange{8010, 8020}) || r.Overlaps(PortRange{8011, 8020}) {
		t.Errorf("%v", r)
	}
}

func FuzzParsePortRange(f *testing.F) {
	f.Add("8000-8010")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParsePortRange(s)
		if err != nil {
			return
		}
		if again, err := ParsePortRange(r.String()); err != nil || again != r || r.First < 1 || r.Last > 65535 || r.First >= r.Last {
			t.Errorf("%q is %v, read again %v, %v", s, r, again, err)
		}
	})
}
