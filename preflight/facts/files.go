package facts

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"steady/preflight"
)

// Limits of what is read to look into an image.
const (
	fetchedBytes   = 256 << 20 // of layers in a registry
	inspectedFiles = 500_000
	linksFollowed  = 40 // as the kernel
)

// defaultPath is where the engine looks for programs of an image that says nothing.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// inspect looks for programs in an image's files.
func inspect(image v1.Image, programs []string, most int64) (map[string]preflight.Presence, error) {
	found := map[string]preflight.Presence{}
	if len(programs) == 0 {
		return found, nil
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	if config.OS == "windows" {
		return nil, errors.New("it is for Windows")
	}
	if err := small(image, most); err != nil {
		return nil, err
	}
	files, err := list(image)
	if err != nil {
		return nil, err
	}
	for _, p := range programs {
		found[p] = preflight.Missing
		for _, at := range candidates(p, config.Config) {
			if files.has(at) {
				found[p] = preflight.There
			}
		}
	}
	return found, nil
}

func small(image v1.Image, most int64) error {
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	total := int64(0)
	for _, l := range layers {
		size, err := l.Size()
		if err != nil {
			return err
		}
		total += size
	}
	if total > most {
		return fmt.Errorf("its layers have %d MiB, more than the %d MiB that are read for this", total>>20, most>>20)
	}
	return nil
}

// candidates are the files that a program's name can stand for.
func candidates(program string, c v1.Config) (all []string) {
	switch {
	case path.IsAbs(program):
		return []string{program}
	case strings.Contains(program, "/"):
		return []string{path.Join("/", c.WorkingDir, program)}
	}
	where := defaultPath
	for _, v := range c.Env {
		if own, is := strings.CutPrefix(v, "PATH="); is {
			where = own
		}
	}
	for _, dir := range strings.Split(where, ":") {
		all = append(all, path.Join("/", dir, program))
	}
	return all
}

// tree is the files of an image: by absolute path, the target where it is a link.
type tree map[string]string

// list reads the names of an image's files, as a container of it would see them.
func list(image v1.Image) (tree, error) {
	flat := mutate.Extract(image)
	defer flat.Close()
	files := tree{}
	for r := tar.NewReader(flat); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if len(files) >= inspectedFiles {
			return nil, fmt.Errorf("it has more than %d files", inspectedFiles)
		}
		target := ""
		if h.Typeflag == tar.TypeSymlink {
			target = h.Linkname
		}
		if h.Typeflag != tar.TypeDir {
			files[path.Join("/", h.Name)] = target
		}
	}
}

// has tells whether a path leads to a file, through links of files and directories.
func (t tree) has(file string) bool {
	rest, at := strings.Split(strings.TrimPrefix(path.Clean(file), "/"), "/"), "/"
	for links := 0; len(rest) > 0; {
		next := path.Join(at, rest[0])
		target, known := t[next]
		switch {
		case known && target == "":
			return len(rest) == 1
		case known:
			if links++; links > linksFollowed {
				return false
			}
			if !path.IsAbs(target) {
				target = path.Join(at, target)
			}
			rest, at = slices.Concat(strings.Split(strings.TrimPrefix(path.Clean(target), "/"), "/"), rest[1:]), "/"
		default:
			at, rest = next, rest[1:]
		}
	}
	return false
}
