// Package seal encrypts what must not be readable on disk, with a key that lies in a
// file beside it. It never keeps anything but that key.
//
// A sealed text is a nonce of 12 bytes, then AES-256-GCM's output. What the text is
// about (the ARN of a secret and the id of a version, say) is authenticated with it: a
// sealed text that is moved to another place does not open there.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// keyBytes is the length of the key in its file.
const keyBytes = 32

// Box seals and opens.
type Box struct {
	master []byte
	aead   cipher.AEAD
}

// Open reads the key of a file, or makes both. Only the file's owner can read it.
func Open(file string) (*Box, error) {
	key, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		key = make([]byte, keyBytes)
		rand.Read(key)
		err = writeKey(file, key)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of what is encrypted: %w", err)
	}
	if len(key) != keyBytes {
		return nil, fmt.Errorf("the key file %s holds %d bytes instead of %d: put the right one back; what is encrypted cannot be read without it", file, len(key), keyBytes)
	}
	return New(key), nil
}

// New makes a box of a key of 32 bytes.
func New(key []byte) *Box {
	b := &Box{master: key}
	block, err := aes.NewCipher(b.Derive("values at rest"))
	if err == nil {
		b.aead, err = cipher.NewGCM(block)
	}
	if err != nil {
		panic(err) // the key has AES-256's length
	}
	return b
}

// writeKey writes a new file so that it is there as a whole and lasts: whatever is
// sealed with the key is lost with it.
func writeKey(file string, key []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), file); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Derive makes a key of 32 bytes for another purpose.
func (b *Box) Derive(purpose string) []byte {
	key, err := hkdf.Key(sha256.New, b.master, nil, "steady: "+purpose, keyBytes)
	if err != nil {
		panic(err) // hkdf gives far more bytes than these
	}
	return key
}

// MAC is the HMAC-SHA256 of a text under a key of that purpose.
func (b *Box) MAC(purpose, text string) []byte {
	h := hmac.New(sha256.New, b.Derive(purpose))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// Seal encrypts a text that is about these things.
func (b *Box) Seal(plain []byte, about ...string) []byte {
	nonce := make([]byte, b.aead.NonceSize(), b.aead.NonceSize()+len(plain)+b.aead.Overhead())
	rand.Read(nonce)
	return b.aead.Seal(nonce, nonce, plain, identity(about))
}

// ErrDamaged says that a sealed text was changed, moved, or sealed with another key.
var ErrDamaged = errors.New("what is encrypted does not open: it was changed, or the key file is another")

// Open decrypts what Seal has made about the same things.
func (b *Box) Open(sealed []byte, about ...string) ([]byte, error) {
	n := b.aead.NonceSize()
	if len(sealed) < n {
		return nil, ErrDamaged
	}
	plain, err := b.aead.Open(nil, sealed[:n], sealed[n:], identity(about))
	if err != nil {
		return nil, ErrDamaged
	}
	return plain, nil
}

// identity joins texts so that no two lists of them are alike.
func identity(about []string) []byte {
	var id []byte
	for _, a := range about {
		id = binary.AppendUvarint(id, uint64(len(a)))
		id = append(id, a...)
	}
	return id
}
