package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestSealedTextsOpenOnlyWhereTheyBelong(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	b, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	sealed := b.Seal([]byte("hunter2"), "arn", "v1")
	if bytes.Contains(sealed, []byte("hunter2")) {
		t.Fatal("the text is readable")
	}
	again, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Open(sealed, "arn", "v1"); err != nil || string(plain) != "hunter2" {
		t.Fatalf("opened with the key of the file: %q, %v", plain, err)
	}
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another version":    func() ([]byte, error) { return b.Open(sealed, "arn", "v2") },
		"the same text":      func() ([]byte, error) { return b.Open(sealed, "arnv", "1") },
		"a changed byte":     func() ([]byte, error) { return b.Open(flipped, "arn", "v1") },
		"too few bytes":      func() ([]byte, error) { return b.Open(sealed[:5], "arn", "v1") },
		"another key":        func() ([]byte, error) { return New(make([]byte, 32)).Open(sealed, "arn", "v1") },
		"without any tokens": func() ([]byte, error) { return b.Open(sealed) },
	} {
		if _, err := open(); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeyFileIsItsOwnersOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if _, err := Open(file); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != keyBytes {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.WriteFile(file, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); err == nil {
		t.Error("a key file of five bytes was taken")
	}
}

func TestKeysOfPurposesDiffer(t *testing.T) {
	b := New(make([]byte, 32))
	if bytes.Equal(b.Derive("a"), b.Derive("b")) || bytes.Equal(b.MAC("a", "x"), b.MAC("b", "x")) {
		t.Error("two purposes share a key")
	}
}
