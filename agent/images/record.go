// Package images remembers which images the agents of a machine brought to it, and
// removes those that are of no use any more. It never removes an image that was here
// before, that a container of anybody uses, or to which somebody gave another name.
package images

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/distribution/reference"

	"steady/runtime"
)

// Brought is an image that an agent pulled and that was not on the machine before.
type Brought struct {
	Names    []string // under which tasks asked for it
	PulledAt time.Time
	UsedAt   time.Time // when it was last wanted by a task, or seen in use
}

// Record is what is remembered of a machine's images, in a file. A nil one remembers
// nothing. It is safe for concurrent use.
type Record struct {
	file string
	log  *slog.Logger

	mu       sync.Mutex
	kept     kept
	dirty    bool
	held     map[string]map[string]bool // images by task
	wanted   map[string]int             // pulls under way, by repository
	removing map[string]chan struct{}   // closed when it is done, by repository
}

// kept is the file.
type kept struct {
	Images map[string]Brought   `json:"images"` // by id
	Names  map[string]time.Time `json:"names"`  // when a registry last gave it
}

// Open reads a record, or begins one.
func Open(file string, log *slog.Logger) (*Record, error) {
	r := &Record{file: file, log: log, held: map[string]map[string]bool{}, wanted: map[string]int{}, removing: map[string]chan struct{}{},
		kept: kept{Images: map[string]Brought{}, Names: map[string]time.Time{}}}
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r, nil
	case err != nil:
		return nil, fmt.Errorf("read the record of images: %w", err)
	}
	if err := r.kept.decode(b); err != nil {
		return nil, fmt.Errorf("read the record of images %s: %w: remove the file; images that it names are then no longer cleaned up", file, err)
	}
	return r, nil
}

func (k *kept) decode(b []byte) error {
	if err := json.Unmarshal(b, k); err != nil {
		return err
	}
	if k.Images == nil {
		k.Images = map[string]Brought{}
	}
	if k.Names == nil {
		k.Names = map[string]time.Time{}
	}
	return nil
}

// Pulled tells whether a registry gave an image of that name to a task, and it was not
// removed since.
func (r *Record) Pulled(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.kept.Names[familiar(name)]
	return ok
}

// Pull pulls an image for a task and remembers it. The image is not removed while that
// goes on, nor until Release of the task.
func (r *Record) Pull(ctx context.Context, task, name string, pull func(context.Context) (runtime.Pulled, error)) (runtime.Pulled, error) {
	if r == nil {
		return pull(ctx)
	}
	done, err := r.want(ctx, repository(name))
	if err != nil {
		return runtime.Pulled{}, err
	}
	defer done()
	p, err := pull(ctx)
	if err == nil {
		r.took(task, familiar(name), p)
	}
	return p, err
}

// want waits until no image of the repository is being removed, and keeps it so.
func (r *Record) want(ctx context.Context, repository string) (done func(), err error) {
	for {
		r.mu.Lock()
		gone, removed := r.removing[repository]
		if !removed {
			r.wanted[repository]++
			r.mu.Unlock()
			return func() {
				r.mu.Lock()
				defer r.mu.Unlock()
				if r.wanted[repository]--; r.wanted[repository] == 0 {
					delete(r.wanted, repository)
				}
			}, nil
		}
		r.mu.Unlock()
		select {
		case <-gone:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// took notes a pull. What is new is on disk before a task uses it; a time alone is
// written with the next clean-up.
func (r *Record) took(task, name string, p runtime.Pulled) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held[task] == nil {
		r.held[task] = map[string]bool{}
	}
	r.held[task][p.ID] = true
	now := time.Now()
	b, known := r.kept.Images[p.ID]
	news := false
	if p.New && !known {
		b, known, news = Brought{PulledAt: now}, true, true
	}
	if known {
		if !slices.Contains(b.Names, name) {
			b.Names, news = append(slices.Clone(b.Names), name), true
		}
		b.UsedAt = now
		r.kept.Images[p.ID] = b
		r.dirty = true
	}
	if _, had := r.kept.Names[name]; p.Fetched && !had {
		r.kept.Names[name], news = now, true
	}
	if news {
		r.save()
	}
}

// Release says that a task needs its images no more than its containers do.
func (r *Record) Release(task string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.held[task] {
		r.usedNow(id)
	}
	delete(r.held, task)
}

func (r *Record) usedNow(id string) {
	if b, ok := r.kept.Images[id]; ok {
		b.UsedAt = time.Now()
		r.kept.Images[id] = b
		r.dirty = true
	}
}

// look brings the record in line with the images that are here: what is in use is used
// now, and what is gone was removed by somebody.
func (r *Record) look(here []runtime.Image) (known map[string]Brought, held map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	there := map[string]bool{}
	for _, i := range here {
		there[i.ID] = true
		if i.Used {
			r.usedNow(i.ID)
		}
	}
	held = map[string]bool{}
	for _, ids := range r.held {
		maps.Copy(held, ids)
	}
	for id := range r.kept.Images {
		if !there[id] && !held[id] {
			r.forget(id)
		}
	}
	if r.dirty {
		r.save()
	}
	return maps.Clone(r.kept.Images), held
}

// forget drops an image, and those of its names that no other image has.
func (r *Record) forget(id string) {
	gone := r.kept.Images[id].Names
	delete(r.kept.Images, id)
	for _, n := range gone {
		if !slices.ContainsFunc(slices.Collect(maps.Values(r.kept.Images)), func(b Brought) bool { return slices.Contains(b.Names, n) }) {
			delete(r.kept.Names, n)
		}
	}
	r.dirty = true
}

// remove has an image removed, unless a task wants it or one of its repository.
func (r *Record) remove(id string, do func() error) (removed bool, err error) {
	r.mu.Lock()
	b, ok := r.kept.Images[id]
	repositories := map[string]bool{}
	for _, n := range b.Names {
		repositories[repository(n)] = true
		ok = ok && r.wanted[repository(n)] == 0
	}
	for _, ids := range r.held {
		ok = ok && !ids[id]
	}
	if !ok {
		r.mu.Unlock()
		return false, nil
	}
	gone := make(chan struct{})
	for n := range repositories {
		r.removing[n] = gone
	}
	r.mu.Unlock()
	err = do()
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := range repositories {
		delete(r.removing, n)
	}
	close(gone)
	if err != nil {
		return false, err
	}
	r.forget(id)
	r.save()
	return true, nil
}

// save writes the file as a whole. An image that could not be noted stays on the machine.
func (r *Record) save() {
	b, err := json.Marshal(r.kept)
	if err == nil {
		err = replace(r.file, b)
	}
	if err != nil {
		r.log.Warn("write the record of images, trying again later", "error", err)
	}
	r.dirty = err != nil
}

func replace(file string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".images-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

// familiar is a name as the engine tells it, "web:latest" for "docker.io/library/web".
func familiar(name string) string {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return name
	}
	return reference.FamiliarString(reference.TagNameOnly(named))
}

// repository is what stands before the tag and the digest.
func repository(name string) string {
	name, _, _ = strings.Cut(name, "@")
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return name
	}
	return reference.FamiliarName(named)
}
