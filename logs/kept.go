package logs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/insights"
)

// kept is the folder of queries and their results, a file ID.json each: written when a
// query begins, and again when it has ended, before anybody is told so. An empty name
// keeps nothing.
type kept struct {
	dir string
	log *slog.Logger
}

// record is a query as it is kept. One without a result had not ended.
type record struct {
	ID                 string
	Text               string
	Groups             []string
	CreatedAt, EndedAt time.Time
	Status             types.QueryStatus
	Result             *insights.Result
}

const recordSuffix = ".json"

func (k kept) path(id string) string { return filepath.Join(k.dir, id+recordSuffix) }

// save keeps a record. A query whose results cannot be kept is answered all the same,
// until Steady ends.
func (k kept) save(r record) {
	if k.dir == "" {
		return
	}
	if err := k.write(r); err != nil {
		k.log.Warn("a query and its results will be lost when Steady ends", "query", r.ID, "err", err)
	}
}

func (k kept) write(r record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	part := k.path(r.ID) + ".part"
	if err := os.WriteFile(part, b, 0o600); err != nil {
		os.Remove(part)
		return err
	}
	return os.Rename(part, k.path(r.ID))
}

// remove forgets a query.
func (k kept) remove(id string) {
	if k.dir == "" {
		return
	}
	if err := os.Remove(k.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		k.log.Warn("the results of an old query cannot be removed", "query", id, "err", err)
	}
}

// load returns the queries that are kept, oldest first. What is no query is removed and
// said; what the disk does not give now stays for the next start.
func (k kept) load() (all []*job) {
	if k.dir == "" {
		return nil
	}
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		k.log.Warn("queries and their results will be lost when Steady ends", "err", err)
		return nil
	}
	files, err := os.ReadDir(k.dir)
	if err != nil {
		k.log.Warn("the results of queries cannot be read", "err", err)
	}
	for _, f := range files {
		j, err := k.read(f.Name())
		var disk *fs.PathError
		if errors.As(err, &disk) {
			k.log.Warn("the results of a query cannot be read now", "err", err)
			continue
		}
		if err != nil {
			k.log.Warn("the results of a query cannot be read; they are removed", "file", f.Name(), "err", err)
			os.Remove(filepath.Join(k.dir, f.Name()))
			continue
		}
		all = append(all, j)
	}
	slices.SortFunc(all, func(a, b *job) int { return a.createdAt.Compare(b.createdAt) })
	return all
}

// errInterrupted is why a query failed that Steady did not see to its end.
var errInterrupted = errors.New("Steady ended while the query ran: start it again") //lint:ignore ST1005 a name begins it

func (k kept) read(name string) (*job, error) {
	id, ok := strings.CutSuffix(name, recordSuffix)
	if !ok {
		return nil, errors.New("it was not written to its end")
	}
	b, err := os.ReadFile(filepath.Join(k.dir, name))
	if err != nil {
		return nil, err
	}
	var r record
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, err
	}
	if r.ID != id || r.CreatedAt.IsZero() {
		return nil, fmt.Errorf("it is no query %s", id)
	}
	j := &job{id: id, text: r.Text, groups: r.Groups, createdAt: r.CreatedAt, endedAt: r.EndedAt, status: r.Status, result: r.Result}
	if j.result == nil {
		j.status, j.endedAt, j.result = types.QueryStatusFailed, r.CreatedAt, failed(errInterrupted, nil)
	}
	j.size = sizeOf(j.result)
	return j, nil
}
