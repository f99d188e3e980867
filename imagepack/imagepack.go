// Package imagepack makes a container image out of one static binary, from nothing,
// and loads it into the Docker Engine.
// It never talks to a registry, and never builds a binary.
package imagepack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"
)

// Path is where the binary stands in the image.
const Path = "/steady"

// Load makes the image of the binary at that path, loads it into the engine at
// DOCKER_HOST (else the default socket) under name ("app" or "app:tag") and returns the
// engine's id of it. The same input gives the same id; an image that is there already
// is not loaded again. Entrypoint nil means the binary itself.
func Load(ctx context.Context, ref, binary string, entrypoint, cmd []string) (string, error) {
	img, err := Image(binary, entrypoint, cmd)
	if err != nil {
		return "", err
	}
	tag, err := name.NewTag(ref)
	if err != nil {
		return "", fmt.Errorf("name an image %q: %w", ref, err)
	}
	config, err := img.ConfigName()
	if err != nil {
		return "", fmt.Errorf("pack %s: %w", binary, err)
	}
	engine, err := client.New(client.FromEnv)
	if err != nil {
		return "", fmt.Errorf("load image %s into the Docker Engine: %w: check DOCKER_HOST", ref, err)
	}
	defer engine.Close()
	if found, err := engine.ImageInspect(ctx, ref); err == nil && found.ID == config.String() {
		return found.ID, nil
	}
	if err := load(ctx, engine, tag, img); err != nil {
		return "", fmt.Errorf("load image %s into the Docker Engine: %w", ref, err)
	}
	found, err := engine.ImageInspect(ctx, ref)
	if err != nil {
		return "", fmt.Errorf("look at image %s after loading it: %w", ref, err)
	}
	return found.ID, nil
}

// load streams the image to the engine, which reports failures in its answer's body.
func load(ctx context.Context, engine *client.Client, tag name.Tag, img v1.Image) error {
	r, w := io.Pipe()
	defer r.Close() // ends the writer if the engine stops reading
	go func() { w.CloseWithError(tarball.Write(tag, img, w)) }()
	answer, err := engine.ImageLoad(ctx, r, client.ImageLoadWithQuiet(true))
	if err != nil {
		return err
	}
	defer answer.Close()
	for messages := json.NewDecoder(answer); ; {
		var m jsonstream.Message
		if err := messages.Decode(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if m.Error != nil {
			return m.Error
		}
	}
}

// Image makes the image without loading it: one layer with the binary, an empty /tmp
// and names for root and nobody; no time of its own, so that it depends on nothing but
// its input.
func Image(binary string, entrypoint, cmd []string) (v1.Image, error) {
	arch, err := architecture(binary)
	if err != nil {
		return nil, err
	}
	// Stored, not compressed: it goes to an engine on this machine, which unpacks it.
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return files(binary) },
		tarball.WithCompressionLevel(gzip.NoCompression))
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", binary, err)
	}
	img, err := mutate.Append(empty.Image, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: "steady"}})
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", binary, err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", binary, err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", arch
	config.Config.Env = []string{"PATH=/"}
	config.Config.Entrypoint, config.Config.Cmd = entrypoint, cmd
	if entrypoint == nil {
		config.Config.Entrypoint = []string{Path}
	}
	return mutate.ConfigFile(img, config)
}

// machines are the architectures that ECS runs, by their names in an image.
var machines = map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}

// architecture reads what machine the binary is for. One that needs a dynamic linker
// would not start in an image that has none.
func architecture(binary string) (string, error) {
	f, err := elf.Open(binary)
	if err != nil {
		return "", fmt.Errorf("pack %s: %w: a Linux binary is needed (GOOS=linux go build)", binary, err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return "", fmt.Errorf("pack %s: it is linked dynamically and would not start in an image of its own: build it with CGO_ENABLED=0", binary)
		}
	}
	arch, ok := machines[f.Machine]
	if !ok {
		return "", fmt.Errorf("pack %s: it is for %s: build it for amd64 or arm64", binary, f.Machine)
	}
	return arch, nil
}

// files streams the layer.
func files(binary string) (io.ReadCloser, error) {
	f, err := os.Open(binary)
	if err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	go func() {
		defer f.Close()
		w.CloseWithError(writeFiles(w, f))
	}()
	return r, nil
}

const (
	passwd = "root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"
	group  = "root:x:0:\nnobody:x:65534:\n"
)

func writeFiles(out io.Writer, binary *os.File) error {
	info, err := binary.Stat()
	if err != nil {
		return err
	}
	t := tar.NewWriter(out)
	for _, e := range []struct {
		name string
		mode int64
		kind byte
		size int64
		body io.Reader
	}{
		{"etc/", 0o755, tar.TypeDir, 0, nil},
		{"etc/group", 0o644, tar.TypeReg, int64(len(group)), bytes.NewBufferString(group)},
		{"etc/passwd", 0o644, tar.TypeReg, int64(len(passwd)), bytes.NewBufferString(passwd)},
		{"tmp/", 0o1777, tar.TypeDir, 0, nil},
		{Path[1:], 0o755, tar.TypeReg, info.Size(), binary},
	} {
		h := &tar.Header{Name: e.name, Mode: e.mode, Typeflag: e.kind, Size: e.size, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if e.body == nil {
			continue
		}
		if _, err := io.Copy(t, e.body); err != nil {
			return err
		}
	}
	return t.Close()
}
