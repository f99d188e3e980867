package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"steady/runtime"
)

// scriptVariable is the environment variable that holds a container's script.
const scriptVariable = "STEADY_SIM"

// script is what a container does.
type script struct {
	startTakes                      time.Duration
	startFail, createFail, pullFail text
	ends                            bool // by itself, after so long, in that way
	after                           time.Duration
	end                             end
	graceful, ignoreTerm            bool
	stopTakes                       time.Duration
	lines                           []runtime.Line // their times are when they are written
	logEvery                        time.Duration
	use                             use
	healthy, unhealthy              moment // what its health checks say, from when on
}

// moment is an optional time after the start.
type moment struct {
	is bool
	at time.Duration
}

// text is an optional word with an optional value.
type text struct {
	is    bool
	value string
}

// or is the value, or what stands for none.
func (t text) or(otherwise string) string {
	if t.value == "" {
		return otherwise
	}
	return t.value
}

// noScript is shared by all containers without a script.
var noScript = &script{use: idle}

// scriptOf reads the script in a container's environment, the last one if there are
// several (as a process would see it).
func scriptOf(env []string) (*script, error) {
	found := ""
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, scriptVariable+"="); ok {
			found = v
		}
	}
	if strings.TrimSpace(found) == "" {
		return noScript, nil
	}
	s, err := parse(found)
	if err != nil {
		return nil, fmt.Errorf("read %s=%q: %w", scriptVariable, found, err)
	}
	return s, nil
}

// parse reads a script.
func parse(in string) (*script, error) {
	s := &script{use: idle}
	given := map[string]bool{}
	for {
		w, rest, err := nextWord(in)
		if err != nil {
			return nil, err
		}
		if w.name == "" {
			break
		}
		in = rest
		if given[w.name] && w.name != "log" && w.name != "err" {
			return nil, fmt.Errorf("%s is given twice: leave one out", w.name)
		}
		given[w.name] = true
		if err := s.set(w); err != nil {
			return nil, err
		}
	}
	if given["exit"] && given["oom"] {
		return nil, fmt.Errorf("both exit and oom are given: a container ends in one way")
	}
	if given["graceful"] && given["ignore-term"] {
		return nil, fmt.Errorf("both graceful and ignore-term are given: leave one out")
	}
	return s, nil
}

// set does what a word says.
func (s *script) set(w word) (err error) {
	switch w.name {
	case "start":
		s.startTakes, err = w.duration()
	case "stop":
		s.stopTakes, err = w.duration()
	case "after":
		s.ends = true
		s.after, err = w.duration()
	case "exit":
		s.ends = true
		s.end.code, err = w.exitCode()
	case "oom":
		s.ends, s.end = true, end{code: killed.code, oom: true}
		err = w.alone()
	case "healthy":
		s.healthy.is = true
		s.healthy.at, err = w.duration()
	case "unhealthy":
		s.unhealthy.is = true
		s.unhealthy.at, err = w.duration()
	case "graceful":
		s.graceful, err = true, w.alone()
	case "ignore-term":
		s.ignoreTerm, err = true, w.alone()
	case "start-fail":
		s.startFail = text{true, w.value}
	case "create-fail":
		s.createFail = text{true, w.value}
	case "pull-fail":
		s.pullFail = text{true, w.value}
	case "log", "err":
		for _, text := range splitLines(w.value) {
			s.lines = append(s.lines, runtime.Line{Stderr: w.name == "err", Text: text})
		}
	case "log-every":
		s.logEvery, err = w.duration()
	case "cpu", "memory", "network", "disk":
		err = s.use.set(w)
	default:
		err = fmt.Errorf("unknown word %q: use start, stop, after, exit, oom, graceful, ignore-term, start-fail, create-fail, pull-fail, healthy, unhealthy, log, err, log-every, cpu, memory, network or disk", w.name)
	}
	return err
}

// set does what a word says about the use of resources.
func (u *use) set(w word) error {
	n, err := strconv.ParseFloat(w.value, 64)
	if err != nil || n < 0 || n > 1e6 {
		return fmt.Errorf("%s=%s is not a number: use for example %s=0.5", w.name, w.value, w.name)
	}
	switch w.name {
	case "cpu":
		u.cpu = n
	case "memory":
		u.memory = int64(n * (1 << 20))
	case "network":
		u.network = int64(n)
	case "disk":
		u.disk = int64(n)
	}
	return nil
}

// word is NAME or NAME=VALUE.
type word struct {
	name, value string
	hasValue    bool
}

const blanks = " \t\r\n"

// nextWord cuts the first word from a script; a word without a name is its end.
func nextWord(in string) (w word, rest string, err error) {
	in = strings.TrimLeft(in, blanks)
	if in == "" {
		return word{}, "", nil
	}
	i := strings.IndexAny(in, blanks+"=")
	if i < 0 {
		return word{name: in}, "", nil
	}
	if i == 0 {
		return word{}, "", fmt.Errorf("%q has no word before the =", in)
	}
	w.name, rest = in[:i], in[i:]
	if rest[0] != '=' {
		return w, rest, nil
	}
	w.hasValue = true
	w.value, rest, err = nextValue(rest[1:])
	if err != nil {
		return word{}, "", fmt.Errorf("%s=: %w", w.name, err)
	}
	return w, rest, nil
}

// nextValue cuts a value, in quotes or up to a blank.
func nextValue(in string) (value, rest string, err error) {
	if in == "" || (in[0] != '\'' && in[0] != '"') {
		if i := strings.IndexAny(in, blanks); i >= 0 {
			return in[:i], in[i:], nil
		}
		return in, "", nil
	}
	i := strings.IndexByte(in[1:], in[0])
	if i < 0 {
		return "", "", fmt.Errorf("the quote %c is not closed", in[0])
	}
	value, rest = in[1:i+1], in[i+2:]
	if rest != "" && !strings.ContainsRune(blanks, rune(rest[0])) {
		return "", "", fmt.Errorf("%q follows the closing quote: put a blank between", rest[:1])
	}
	return value, rest, nil
}

func (w word) duration() (time.Duration, error) {
	d, err := time.ParseDuration(w.value)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%s=%s is not a duration: use for example %s=1.5s", w.name, w.value, w.name)
	}
	return d, nil
}

func (w word) exitCode() (int, error) {
	n, err := strconv.Atoi(w.value)
	if err != nil || n < 0 || n > 255 {
		return 0, fmt.Errorf("%s=%s is not an exit code: use 0 to 255", w.name, w.value)
	}
	return n, nil
}

func (w word) alone() error {
	if w.hasValue {
		return fmt.Errorf("%s=%s: %s has no value", w.name, w.value, w.name)
	}
	return nil
}
