// Package pause is the program of the container that holds a task's network: it waits
// until it is told to end.
// It never does anything else, and knows nothing of tasks.
//
// Each task has one that runs as long as the task does, so it is made of a few machine
// instructions: a Go program of this module takes 13 MB of memory to wait, this one a page.
package pause

import (
	"encoding/binary"
	"fmt"
)

// Program is the executable file for an architecture by its ECS name, x86_64 or arm64.
func Program(arch string) ([]byte, error) {
	code, ok := map[string]func() []byte{"x86_64": amd64, "arm64": arm64}[arch]
	if !ok {
		return nil, fmt.Errorf("make a pause program for %q: there is one for x86_64 and one for arm64", arch)
	}
	machine := map[string]uint16{"x86_64": 62, "arm64": 183}[arch]
	return file(machine, append(code(), data()...)), nil
}

// The program, in the same steps for each architecture:
//
//	sigaction(SIGCHLD, {SIG_IGN})      // children that are left to it are no zombies
//	sigprocmask(SIG_BLOCK, {TERM,INT}) // kept pending: pid 1 has no default actions
//	do sigtimedwait({TERM,INT}) while it fails
//	exit_group(0)
//
// Its data follows the code: the action, 32 bytes, and the set of signals, 8 bytes.
const (
	sigINT, sigTERM, sigCHLD = 2, 15, 17
	actionSize               = 32
	setSize                  = 8
)

func data() []byte {
	var d [actionSize + setSize]byte
	d[0] = 1 // SIG_IGN, without flags, restorer and mask
	binary.LittleEndian.PutUint64(d[actionSize:], 1<<(sigTERM-1)|1<<(sigINT-1))
	return d[:]
}

// base is where the file is in memory, and entry where the code begins in the file: after
// the file's header and the one program header.
const (
	base       = 0x400000
	headerSize = 64
	entry      = headerSize + 56
)

// file is an ELF file with one segment that is the whole of it.
func file(machine uint16, content []byte) []byte {
	size := uint64(entry + len(content))
	h := append([]byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0}, make([]byte, 8)...) // 64 bits, little-endian
	le := binary.LittleEndian
	for _, n := range []uint16{2, machine} { // executable
		h = le.AppendUint16(h, n)
	}
	h = le.AppendUint32(h, 1)
	for _, n := range []uint64{base + entry, headerSize, 0} { // entry, program headers, no sections
		h = le.AppendUint64(h, n)
	}
	h = le.AppendUint32(h, 0)
	for _, n := range []uint16{headerSize, entry - headerSize, 1, 64, 0, 0} {
		h = le.AppendUint16(h, n)
	}
	for _, n := range []uint32{1, 4 | 1} { // to load, to read and run
		h = le.AppendUint32(h, n)
	}
	for _, n := range []uint64{0, base, base, size, size, 0x10000} {
		h = le.AppendUint64(h, n)
	}
	return append(h, content...)
}
