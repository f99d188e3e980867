package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
)

// Frame is what is written and read as a whole.
type Frame struct {
	Number  uint64 // the writer's own
	Payload []byte
}

// A frame on disk, all numbers little-endian:
//
//	0   4  "SJf1"
//	4   4  length of the payload
//	8   8  number
//	16  4  CRC-32C of the payload
//	20  4  CRC-32C of bytes 0 to 20
//	24     payload
const headerLen = 24

var (
	magic      = []byte("SJf1")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

func (f Frame) append(b []byte) []byte {
	start := len(b)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.Payload)))
	b = binary.LittleEndian.AppendUint64(b, f.Number)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(f.Payload, castagnoli))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
	return append(b, f.Payload...)
}

// parse reads the frame at the head of b. rest is what follows a frame that is whole or
// whose header is; ok says that all of it is sound.
func parse(b []byte) (f Frame, rest []byte, ok bool) {
	if len(b) < headerLen || !bytes.HasPrefix(b, magic) ||
		crc32.Checksum(b[:20], castagnoli) != binary.LittleEndian.Uint32(b[20:]) {
		return Frame{}, nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(b[4:]))
	if uint64(len(b)-headerLen) < n {
		return Frame{}, nil, false
	}
	f = Frame{Number: binary.LittleEndian.Uint64(b[8:]), Payload: b[headerLen : headerLen+n]}
	return f, b[headerLen+n:], crc32.Checksum(f.Payload, castagnoli) == binary.LittleEndian.Uint32(b[16:])
}

// replay reads the frames of a part and says where the last sound one ends. What is
// unsound is left out up to the next sound frame. Behind the last one it is a torn
// write when this is the last part, and damage else.
func replay(path string, last bool, read func(Frame) error) ([]Damage, int64, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, fmt.Errorf("read the journal: %w", err)
	}
	var damages []Damage
	at, sound := 0, 0
	for at < len(b) {
		f, rest, ok := parse(b[at:])
		if !ok {
			next := bytes.Index(b[at+1:], magic)
			if next < 0 {
				break
			}
			at += 1 + next
			continue
		}
		if at > sound {
			damages = append(damages, Damage{File: path, From: int64(sound), To: int64(at)})
		}
		if err := read(f); err != nil {
			return nil, 0, fmt.Errorf("journal part %s, byte %d: %w", path, at, err)
		}
		at = len(b) - len(rest)
		sound = at
	}
	if sound < len(b) {
		damages = append(damages, Damage{File: path, From: int64(sound), To: int64(len(b)), TornAtTail: last})
	}
	return damages, int64(sound), nil
}
