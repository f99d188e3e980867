package awsapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
)

// httpError is an Error whose HTTP status does not follow from its code.
type httpError struct {
	status int
	err    *Error
}

func (e *httpError) Error() string { return e.err.Error() }
func (e *httpError) Unwrap() error { return e.err }

// failure makes the reply for an error: a mistake of the caller is 400, one of the
// server 500. What is no *Error the caller is not told; it is logged.
func failure(log *slog.Logger, r *http.Request, err error, id string) (status int, reply []byte) {
	told, ok := errors.AsType[*Error](err)
	if !ok {
		logFailure(log, r, err)
		told = Errorf("ServerException", "Steady could not carry out the request; its log says why, under this request's id.")
	}
	if isQuery(r) {
		return queryError(told, id)
	}
	reply, encodeErr := encodeError(told)
	if encodeErr != nil {
		log.Error("encode the members of an exception", "exception", told.Code, "err", encodeErr)
		reply, _ = encodeError(&Error{Code: told.Code, Message: told.Message})
	}
	if e, ok := errors.AsType[*httpError](err); ok {
		return e.status, reply
	}
	if told.Code == "ServerException" {
		return http.StatusInternalServerError, reply
	}
	if told.Status != 0 {
		return told.Status, reply
	}
	return http.StatusBadRequest, reply
}

func logFailure(log *slog.Logger, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		log.Debug("the caller went away", "err", err)
		return
	}
	if p, ok := errors.AsType[*panicError](err); ok {
		log.Error("an operation panicked", "err", err, "stack", string(p.stack))
		return
	}
	log.Error("an operation failed", "err", err)
}

// encodeError writes the exception with its type first and its fields last.
func encodeError(e *Error) ([]byte, error) {
	b := appendQuoted([]byte(`{"__type":`), e.Code)
	b = appendQuoted(append(b, `,"message":`...), e.Message)
	if len(e.Fields) == 0 {
		return append(b, '}'), nil
	}
	fields, err := Encode(e.Fields)
	if err != nil {
		return nil, err
	}
	return append(append(b, ','), fields[1:]...), nil
}
