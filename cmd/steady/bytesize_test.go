package main

import "testing"

func TestByteSize(t *testing.T) {
	for text, want := range map[string]byteSize{"0": 0, "17": 17, "17B": 17, "10GiB": 10 << 30, "1.5 MiB": 3 << 19, "500m": 500 << 20} {
		var b byteSize
		if err := b.UnmarshalText([]byte(text)); err != nil || b != want {
			t.Errorf("%s is %d (%v), not %d", text, b, err, want)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "10 giraffes"} {
		var b byteSize
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %d", text, b)
		}
	}
}
