package pause

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

func TestEachProgramIsAnExecutable(t *testing.T) {
	for arch, machine := range map[string]elf.Machine{"x86_64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		f, err := elf.Open(write(t, arch))
		if err != nil {
			t.Fatalf("%s: %v", arch, err)
		}
		if f.Machine != machine || f.Type != elf.ET_EXEC || len(f.Progs) != 1 || f.Entry != base+entry {
			t.Errorf("%s: %+v", arch, f.FileHeader)
		}
		f.Close()
	}
	if _, err := Program("riscv"); err == nil {
		t.Error("no error for an architecture without a program")
	}
}

func TestTheDataFollowsTheCode(t *testing.T) {
	if n := len(amd64()); n != 82 {
		t.Errorf("amd64: %d bytes", n)
	}
	if n := len(arm64()); n != 80 {
		t.Errorf("arm64: %d bytes", n)
	}
}

// It waits, children do not end it, and SIGTERM does, without a failure.
func TestTheProgramWaitsForSIGTERM(t *testing.T) {
	arch := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	if runtime.GOOS != "linux" || arch == "" {
		t.Skip("the program is for Linux on amd64 or arm64")
	}
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		c := exec.Command(write(t, arch))
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		waits(t, c.Process.Pid)
		c.Process.Signal(syscall.SIGCHLD)
		c.Process.Signal(syscall.SIGSTOP) // interrupts the wait
		c.Process.Signal(syscall.SIGCONT)
		waits(t, c.Process.Pid)
		c.Process.Signal(s)
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%v: %v", s, err)
			}
		case <-time.After(time.Minute):
			c.Process.Kill()
			t.Fatalf("%v does not end it", s)
		}
	}
}

// waits returns when the process sleeps in sigtimedwait.
func waits(t *testing.T, pid int) {
	t.Helper()
	path := filepath.Join("/proc", strconv.Itoa(pid), "syscall")
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		number := "128 "
		if runtime.GOARCH == "arm64" {
			number = "137 "
		}
		if len(b) > 4 && string(b[:4]) == number {
			return
		}
	}
	t.Fatal("it never waits")
}

// write puts a program into a file.
func write(t *testing.T, arch string) string {
	t.Helper()
	program, err := Program(arch)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "pause")
	if err := os.WriteFile(path, program, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}
