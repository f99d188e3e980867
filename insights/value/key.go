package value

import "encoding/binary"

// AppendKey writes a value so that no other combination of values reads the same.
func AppendKey(key []byte, v Value) []byte {
	if v.IsMissing() {
		return append(key, 0)
	}
	s := v.String()
	return append(binary.AppendUvarint(key, uint64(len(s))+1), s...)
}
