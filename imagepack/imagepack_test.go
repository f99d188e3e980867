package imagepack

import (
	"archive/tar"
	"context"
	"debug/elf"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// build compiles the program of testdata.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "app")
	c := exec.Command("go", "build", "-o", binary, "./testdata/app")
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// buildFor gives the binary another machine in its header, which is all that is read
// of it; compiling for that machine takes half a minute.
func buildFor(t *testing.T, m elf.Machine) string {
	t.Helper()
	binary := build(t)
	f, err := os.OpenFile(binary, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(binary16(m), 18); err != nil {
		t.Fatal(err)
	}
	return binary
}

func binary16(m elf.Machine) []byte { return []byte{byte(m), byte(m >> 8)} }

func TestImageHoldsTheBinaryAndLittleElse(t *testing.T) {
	binary := build(t)
	img, err := Image(binary, []string{Path, "sample"}, []string{"-version", "v2"})
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(config.Config.Entrypoint, []string{Path, "sample"}) || !slices.Equal(config.Config.Cmd, []string{"-version", "v2"}) {
		t.Errorf("entrypoint %q, command %q", config.Config.Entrypoint, config.Config.Cmd)
	}
	want, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]int64{}
	for files := tar.NewReader(mutate.Extract(img)); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		modes[h.Name] = h.Mode
		if body, _ := io.ReadAll(files); "/"+h.Name == Path && string(body) != string(want) {
			t.Errorf("the binary in the image has %d bytes, not the %d of the one packed", len(body), len(want))
		}
	}
	for name, mode := range map[string]int64{"steady": 0o755, "tmp": 0o1777, "etc/passwd": 0o644} {
		if modes[name] != mode {
			t.Errorf("%s has mode %o, want %o (all: %v)", name, modes[name], mode, modes)
		}
	}
}

func TestSameInputSameImage(t *testing.T) {
	binary := build(t)
	id := func(cmd ...string) string {
		img, err := Image(binary, nil, cmd)
		if err != nil {
			t.Fatal(err)
		}
		h, err := img.ConfigName()
		if err != nil {
			t.Fatal(err)
		}
		return h.String()
	}
	if a, b := id("x"), id("x"); a != b {
		t.Errorf("ids %s and %s", a, b)
	}
	if a, b := id("x"), id("y"); a == b {
		t.Errorf("another command, but the same id %s", a)
	}
}

func TestArchitectureIsTheBinarys(t *testing.T) {
	for machine, arch := range map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"} {
		img, err := Image(buildFor(t, machine), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if config, _ := img.ConfigFile(); config.Architecture != arch || config.OS != "linux" {
			t.Errorf("image for %s/%s, want linux/%s", config.OS, config.Architecture, arch)
		}
	}
}

func TestWhatCannotBePacked(t *testing.T) {
	text := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(text, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ binary, want string }{
		{"/bin/sh", "CGO_ENABLED=0"},
		{text, "a Linux binary is needed"},
		{buildFor(t, elf.EM_RISCV), "amd64 or arm64"},
		{"/nowhere", "no such file"},
	} {
		_, err := Image(c.binary, nil, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.binary, err, c.want)
		}
	}
}

func TestLoadedImageRuns(t *testing.T) {
	ctx := t.Context()
	engine, err := client.New(client.FromEnv)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	if _, err := engine.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true}); err != nil {
		if os.Getenv("CI") == "" {
			t.Skipf("needs a Docker Engine: %v", err)
		}
		t.Fatal(err)
	}
	const name = "steady-imagepack-test:1"
	id, err := Load(ctx, name, build(t), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.ImageRemove(context.Background(), name, client.ImageRemoveOptions{Force: true}) })
	if again, err := Load(ctx, name, build(t), nil, nil); err != nil || again != id {
		t.Errorf("loaded again: %s, %v; want %s", again, err, id)
	}
	c, err := engine.ContainerCreate(ctx, client.ContainerCreateOptions{
		Config: &container.Config{Image: name, Labels: map[string]string{"dev.steady.test": t.Name()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		engine.ContainerRemove(context.Background(), c.ID, client.ContainerRemoveOptions{Force: true})
	})
	done := engine.ContainerWait(ctx, c.ID, client.ContainerWaitOptions{Condition: container.WaitConditionNextExit})
	if _, err := engine.ContainerStart(ctx, c.ID, client.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
	select {
	case r := <-done.Result:
		if r.StatusCode != 0 {
			t.Errorf("exit code %d", r.StatusCode)
		}
	case err := <-done.Error:
		t.Fatal(err)
	}
}
