package pause

import "encoding/binary"

// amd64 is the code for x86_64. Instructions that depend on where the data is are
// completed when the length of the code is known.
func amd64() []byte {
	const length = 82
	action, set := length, length+actionSize
	var c []byte
	lea := func(opcode byte, data int) { // lea reg, [rip+data]
		c = append(c, 0x48, 0x8d, opcode)
		c = binary.LittleEndian.AppendUint32(c, uint32(data-(len(c)+4)))
	}
	do := func(code ...byte) { c = append(c, code...) }
	const rsi, rdi = 0x35, 0x3d

	do(0xb8, 13, 0, 0, 0)      // mov eax, rt_sigaction
	do(0xbf, sigCHLD, 0, 0, 0) // mov edi, SIGCHLD
	lea(rsi, action)
	do(0x31, 0xd2)                   // xor edx, edx
	do(0x41, 0xba, setSize, 0, 0, 0) // mov r10d, 8
	do(0x0f, 0x05)                   // syscall

	do(0xb8, 14, 0, 0, 0) // mov eax, rt_sigprocmask
	do(0x31, 0xff)        // xor edi, edi: SIG_BLOCK
	lea(rsi, set)
	do(0x31, 0xd2) // xor edx, edx
	do(0x0f, 0x05) // syscall

	wait := len(c)
	do(0xb8, 128, 0, 0, 0) // mov eax, rt_sigtimedwait
	lea(rdi, set)
	do(0x31, 0xf6)                  // xor esi, esi
	do(0x31, 0xd2)                  // xor edx, edx: for ever
	do(0x0f, 0x05)                  // syscall
	do(0x85, 0xc0)                  // test eax, eax
	do(0x78, byte(wait-(len(c)+2))) // js wait

	do(0xb8, 231, 0, 0, 0) // mov eax, exit_group
	do(0x31, 0xff)         // xor edi, edi
	do(0x0f, 0x05)         // syscall
	for len(c) < length {
		do(0x90) // nop
	}
	return c
}

// arm64 is the code for arm64.
func arm64() []byte {
	const length = 20 * 4
	action, set := length, length+actionSize
	var c []byte
	do := func(instruction uint32) { c = binary.LittleEndian.AppendUint32(c, instruction) }
	mov := func(register, n uint32) { do(0xd2800000 | n<<5 | register) }
	adr := func(register uint32, data int) {
		at := uint32(data - len(c))
		do(0x10000000 | at&3<<29 | at>>2<<5 | register)
	}
	call := func(number uint32) {
		mov(8, number)
		do(0xd4000001) // svc 0
	}

	mov(0, sigCHLD)
	adr(1, action)
	mov(2, 0)
	mov(3, setSize)
	call(134) // rt_sigaction

	mov(0, 0) // SIG_BLOCK
	adr(1, set)
	mov(2, 0)
	call(135) // rt_sigprocmask

	wait := len(c)
	adr(0, set)
	mov(1, 0)
	mov(2, 0) // for ever
	call(137) // rt_sigtimedwait
	back := uint32(wait-len(c)) / 4 & 0x3fff
	do(0x37f80000 | back<<5) // tbnz w0, 31, wait

	mov(0, 0)
	call(94) // exit_group
	return c
}
