package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/moby/moby/client"
)

// shell is an image with a shell, in which a task can look at its own container.
var shell = sync.OnceValues(func() (string, error) {
	name := fmt.Sprintf("steady-e2e-shell:%d", os.Getpid())
	layer, err := busybox()
	if err != nil {
		return "", fmt.Errorf("pack busybox into an image: %w: install busybox-static, as `make test` does", err)
	}
	answer, err := engine.ImageImport(context.Background(), client.ImageImportSource{Source: layer, SourceName: "-"}, name,
		client.ImageImportOptions{Changes: []string{"ENV PATH=/bin"}})
	if err != nil {
		return "", err
	}
	defer answer.Close()
	var said bytes.Buffer
	_, err = said.ReadFrom(answer)
	return name, err
})

// needShell returns the name of the image.
func needShell(t *testing.T) string {
	t.Helper()
	name, err := shell()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// busybox is the file system of an image: the one binary under all of its names.
func busybox() (*bytes.Buffer, error) {
	file, err := exec.LookPath("busybox")
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	names, err := exec.Command(file, "--list").Output()
	if err != nil {
		return nil, err
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	put := func(h tar.Header, body []byte) {
		h.Size = int64(len(body))
		if err == nil {
			err = w.WriteHeader(&h)
		}
		if err == nil {
			_, err = w.Write(body)
		}
	}
	for _, dir := range []string{"bin/", "etc/"} {
		put(tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755}, nil)
	}
	put(tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777}, nil)
	put(tar.Header{Typeflag: tar.TypeReg, Name: "etc/passwd", Mode: 0o644}, []byte("root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"))
	put(tar.Header{Typeflag: tar.TypeReg, Name: "bin/busybox", Mode: 0o755}, program)
	for name := range strings.FieldsSeq(string(names)) {
		if name != "busybox" {
			put(tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/" + name, Linkname: "busybox", Mode: 0o777}, nil)
		}
	}
	if err == nil {
		err = w.Close()
	}
	return &layer, err
}
