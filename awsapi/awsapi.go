// Package awsapi is the server side of the AWS wire protocols: it decodes a
// request into the SDK's own input type, calls the operation, and encodes the
// SDK's own output type. It never knows what a task is.
package awsapi

import (
	"context"
	"fmt"
)

// Error is a failure that the caller of an operation is told, with an AWS
// exception name such as ClusterNotFoundException.
type Error struct {
	Code    string
	Message string
	// Fields are further members of the exception, such as resourceIds.
	Fields map[string]any
	// Status is the HTTP status, where it is not the usual one.
	Status int
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes an Error.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Operation is one operation of a service, made by Op.
type Operation struct {
	newInput func() any
	call     func(ctx context.Context, in any) (any, error)
}

// Op makes an operation of a method whose input and output are the SDK's types.
func Op[In, Out any](call func(context.Context, *In) (*Out, error)) Operation {
	return Operation{
		newInput: func() any { return new(In) },
		call: func(ctx context.Context, in any) (any, error) {
			return call(ctx, in.(*In))
		},
	}
}

// Service is one AWS API: its name in the credential scope ("ecs"), the prefix of
// its X-Amz-Target header or, for AWS Query, its version, and its operations by name. Operations that exist in
// the API but not here are in Known: they answer that they are not implemented.
type Service struct {
	Name   string
	Target string
	// Version and Namespace are those of an API that speaks AWS Query.
	Version    string
	Namespace  string
	Operations map[string]Operation
	Known      []string
	// Unsupported says of operations that are in Known alone why they are not carried
	// out, and what does instead: half a sentence, which follows "because".
	Unsupported map[string]string
	// Refused names the members that operations refuse; it documents, and decides nothing.
	Refused map[string][]string
	// MaxBody is how many bytes the body of a request may have; 0 means MaxBody.
	MaxBody int64
	// Permissions says what a caller must be allowed for a request, where that is more
	// than the operation on "*". An empty Action is that of the operation; if none is
	// the operation's, it is asked for on "*" besides.
	Permissions func(operation string, in any) []Permission
	// Free are operations that everybody may call.
	Free map[string]bool
}
