package sample

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	"github.com/tinylib/msgp/msgp"
)

// router plays the log router of a task: it prints its configuration, listens on a
// socket and prints what it receives, until ctx ends. Of the Fluent forward protocol it
// knows the Message mode, which the engine's log driver speaks.
type router struct {
	config, socket string
	mu             sync.Mutex
	out            io.Writer
}

func (r *router) run(ctx context.Context) int {
	config, err := os.ReadFile(r.config)
	if err != nil {
		r.say("router: %v", err)
		return 1
	}
	r.say("router: configured with %q", config)
	if err := os.Remove(r.socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		r.say("router: %v", err) // of a former run
		return 1
	}
	listener, err := net.Listen("unix", r.socket)
	if err != nil {
		r.say("router: %v", err)
		return 1
	}
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	r.say("router: listening on %s", r.socket)
	for {
		c, err := listener.Accept()
		if err != nil {
			r.say("router: stopped")
			return 0
		}
		go func() {
			defer c.Close()
			if err := r.receive(c); !errors.Is(err, io.EOF) {
				r.say("router: %v", err)
			}
		}()
	}
}

// receive prints the messages of a connection until it ends, which is an error: io.EOF.
func (r *router) receive(c io.Reader) error {
	in := msgp.NewReader(c)
	for {
		tag, record, err := message(in)
		if err != nil {
			return err
		}
		r.say("router: tag=%s log=%q container_name=%v source=%v", tag, record["log"], record["container_name"], record["source"])
	}
}

// message reads [tag, time, record] or [tag, time, record, option].
func message(in *msgp.Reader) (tag string, record map[string]any, err error) {
	n, err := in.ReadArrayHeader()
	if err != nil {
		return "", nil, err
	}
	if n != 3 && n != 4 {
		return "", nil, fmt.Errorf("a message has %d parts; tag, time, record and perhaps an option are known", n)
	}
	if tag, err = in.ReadString(); err != nil {
		return "", nil, err
	}
	if err = in.Skip(); err != nil {
		return "", nil, err
	}
	record = map[string]any{}
	if err = in.ReadMapStrIntf(record); err == nil && n == 4 {
		err = in.Skip()
	}
	return tag, record, err
}

func (r *router) say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.out, format+"\n", args...)
}
