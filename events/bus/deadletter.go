package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// ending is why a delivery was given up.
type ending struct {
	code      string // of the last failure
	exhausted string // the condition of the retry policy
	arn       string // of the target, where it is known
}

var (
	targetRemoved = ending{code: "TARGET_REMOVED", exhausted: "NonRetriable"}
	backlogFull   = ending{code: "BACKLOG_FULL", exhausted: "NonRetriable"}
)

// deadLetters writes the deliveries that were given up to files, one per target, a line
// of JSON each.
type deadLetters struct {
	dir string
	log *slog.Logger
	mu  sync.Mutex
	max int64 // for tests; 0 is maxDeadLetters
}

// letter is one line. Its upper-case members are those that EventBridge gives its
// dead letters.
type letter struct {
	Time      time.Time `json:"time"`
	Accepted  time.Time `json:"accepted"`
	EventID   string    `json:"eventId"`
	Rule      string    `json:"RULE_ARN"`
	Target    string    `json:"targetId"`
	TargetARN string    `json:"TARGET_ARN,omitempty"`
	Code      string    `json:"ERROR_CODE"`
	Message   string    `json:"ERROR_MESSAGE,omitempty"`
	Exhausted string    `json:"EXHAUSTED_RETRY_CONDITION"`
	Attempts  int       `json:"RETRY_ATTEMPTS"`
	Payload   string    `json:"payload"`
}

// add returns when the letter is on disk.
func (l *deadLetters) add(rule string, d Delivery, e ending) error {
	line, err := json.Marshal(letter{
		Time: time.Now().UTC(), Accepted: d.Accepted.UTC(), EventID: d.EventID, Rule: rule, Target: d.Target, TargetARN: e.arn,
		Code: e.code, Message: d.Failure, Exhausted: e.exhausted, Attempts: max(d.Attempts-1, 0), Payload: d.Payload,
	})
	if err != nil {
		return fmt.Errorf("write a dead letter: %w", err)
	}
	file := filepath.Join(l.dir, d.Rule+"_"+d.Target+".jsonl") // neither name has a slash
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.turn(file, len(line)); err != nil {
		return fmt.Errorf("write a dead letter: %w", err)
	}
	if err := appendLine(file, line); err != nil {
		return fmt.Errorf("write a dead letter: %w", err)
	}
	l.log.Warn("an event could not be delivered; it is in the dead-letter file", "rule", d.Rule, "target", d.Target, "event", d.EventID,
		"attempts", d.Attempts, "code", e.code, "exhausted", e.exhausted, "err", d.Failure, "file", file)
	return nil
}

// maxDeadLetters is how long a file of dead letters becomes. Then it is set aside under
// the name FILE.1, and the one that was there before is gone: so a target has twice as
// much at most, the newest.
const maxDeadLetters = 16 << 20

// turn sets a file aside that has no room for n more bytes.
func (l *deadLetters) turn(file string, n int) error {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || info.Size() == 0 || info.Size()+int64(n) < l.most() {
		return err
	}
	if _, err := os.Stat(file + ".1"); err == nil {
		l.log.Warn("the oldest dead letters of a target are removed to make room for new ones", "file", file+".1")
	}
	return os.Rename(file, file+".1")
}

func (l *deadLetters) most() int64 {
	if l.max > 0 {
		return l.max
	}
	return maxDeadLetters
}

// appendLine adds a line to a file that only its owner may read.
func appendLine(file string, line []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	if _, err := f.Write(append(line, '\n')); err != nil {
		return err
	}
	return f.Sync()
}
