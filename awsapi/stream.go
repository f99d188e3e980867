package awsapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/aws/smithy-go/eventstream"
)

// Stream is an answer that is told bit by bit, as an event stream: it calls send with
// the name of each event and its structure, until ctx ends or there is no more to say.
// An *Error that it returns is told to the caller as the stream's last event. send
// fails when the caller has gone away.
type Stream func(ctx context.Context, send func(event string, value any) error) error

// StreamOp makes an operation that answers with an event stream. What call itself
// refuses is an ordinary error.
func StreamOp[In any](call func(context.Context, *In) (Stream, error)) Operation {
	return Operation{
		newInput: func() any { return new(In) },
		call: func(ctx context.Context, in any) (any, error) {
			return call(ctx, in.(*In))
		},
	}
}

// sendTimeout is how long a caller may leave an event unread that the network no
// longer buffers.
const sendTimeout = 30 * time.Second

// teller writes the messages of one event stream.
type teller struct {
	encoder *eventstream.Encoder
	w       http.ResponseWriter
	control *http.ResponseController
}

// tell answers with an event stream. Its error is for the log.
func (h *handler) tell(w http.ResponseWriter, r *http.Request, log *slog.Logger, stream Stream) error {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	if h.closing != nil {
		go func() {
			select {
			case <-h.closing:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	t := &teller{encoder: eventstream.NewEncoder(), w: w, control: http.NewResponseController(w)}
	// AWS JSON 1.1 puts the operation's output before all events, even if it is empty.
	if err := t.send("initial-response", &struct{}{}); err != nil {
		return err
	}
	err := run(ctx, stream, t.send)
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	told, ok := errors.AsType[*Error](err)
	if !ok {
		logFailure(log, r, err)
		told = Errorf("InternalFailure", "Steady could not go on with the stream; its log says why, under this request's id.")
	}
	return errors.Join(err, t.fail(told))
}

// run tells the stream; a panic on the way is a *panicError.
func run(ctx context.Context, stream Stream, send func(string, any) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{value: p, stack: debug.Stack()}
		}
	}()
	return stream(ctx, send)
}

func (t *teller) send(event string, value any) error {
	payload, err := Encode(value)
	if err != nil {
		return fmt.Errorf("encode the event %s: %w", event, err)
	}
	return t.write(eventstream.EventMessageType, eventstream.EventTypeHeader, event, payload)
}

func (t *teller) fail(e *Error) error {
	payload, err := encodeError(e)
	if err != nil {
		return err
	}
	return t.write(eventstream.ExceptionMessageType, eventstream.ExceptionTypeHeader, e.Code, payload)
}

func (t *teller) write(kind, header, name string, payload []byte) error {
	m := eventstream.Message{Payload: payload}
	m.Headers.Set(eventstream.MessageTypeHeader, eventstream.StringValue(kind))
	m.Headers.Set(header, eventstream.StringValue(name))
	m.Headers.Set(eventstream.ContentTypeHeader, eventstream.StringValue("application/json"))
	// A writer without deadlines, as in tests, goes on without.
	if err := t.control.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if err := t.encoder.Encode(t.w, m); err != nil {
		return err
	}
	return t.control.Flush()
}
