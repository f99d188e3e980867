package supply

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Files says which files of this machine may be environment files. The zero value
// allows none.
type Files struct {
	Anywhere bool
	Under    []string // directories
}

// read reads a file that is allowed.
func (f Files) read(name string) ([]byte, error) {
	file, err := f.open(filepath.Clean(name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: it is no file", name)
	}
	return io.ReadAll(io.LimitReader(file, maxEnvFile+1))
}

// noWait: a pipe that nobody writes to does not hold up a task.
const noWait = os.O_RDONLY | syscall.O_NONBLOCK

func (f Files) open(name string) (*os.File, error) {
	if f.Anywhere {
		return os.OpenFile(name, noWait, 0)
	}
	if len(f.Under) == 0 {
		return nil, fmt.Errorf("the file %s may not be read: the server is reached from beyond this machine; name its directory with --environment-files of steady up", name)
	}
	for _, dir := range f.Under {
		file, err := openUnder(dir, name)
		if !errors.Is(err, errOutside) {
			return file, err
		}
	}
	return nil, fmt.Errorf("the file %s may not be read: it is under none of the directories of --environment-files (%s)", name, strings.Join(f.Under, ", "))
}

var errOutside = errors.New("outside")

// openUnder opens a file of a directory; links count as what they lead to. os.Root sees
// to it that a link which is laid meanwhile does not lead out either. What is outside is
// not even told to be missing.
func openUnder(dir, name string) (*os.File, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, fmt.Errorf("read the directory of --environment-files: %w", err)
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		if _, lexical := below(dir, name); !lexical {
			return nil, errOutside
		}
		return nil, err
	}
	rel, ok := below(dir, real)
	if !ok {
		return nil, errOutside
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.OpenFile(rel, noWait, 0)
}

// below is a file's path in a directory that it is in.
func below(dir, name string) (string, bool) {
	rel, err := filepath.Rel(dir, name)
	return rel, err == nil && filepath.IsLocal(rel)
}
