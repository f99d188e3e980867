package awsapi

import (
	"context"
	"net"
	"net/http"
	"strings"
)

// Caller is who calls an operation.
type Caller struct {
	// ARN is that of the identity: of a session of a role, or empty of whoever has
	// credentials of the account itself.
	ARN    string
	UserID string
	// Role is the ARN of the role that the caller works under, or empty: what others
	// may do is not asked.
	Role string
	// Session is the session's name, for a task its id.
	Session   string
	AccessKey string
	// SourceIP is where the request comes from.
	SourceIP string
}

// Session is what temporary credentials stand for.
type Session struct {
	Secret string
	Caller Caller
}

// Permission is something that a caller needs for a request.
type Permission struct {
	Action   string // such as ecs:RunTask
	Resource string // an ARN, or "*"
	// Conditions are values of the action's own condition keys, such as ecs:cluster.
	Conditions map[string]string
}

type callerKey struct{}

// CallerOf is who calls the operation of a context.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// WithCaller is a context of an operation that c calls.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// authenticate finds out who sent a request, and checks the signature where it matters:
// everywhere beyond loopback, and of credentials that Steady has issued, since those
// stand for a role. auth is nil if nothing was verified.
func (h *handler) authenticate(r *http.Request, body []byte) (Caller, *authorization, error) {
	caller := Caller{SourceIP: sourceIP(r)}
	session, issued, err := h.session(r)
	if err != nil || !issued && h.keys == nil {
		return caller, nil, err
	}
	keys := h.keys
	if issued {
		keys = func(string) (string, bool) { return session.Secret, true }
	}
	a, err := verify(r, body, keys)
	if err != nil {
		return caller, nil, err
	}
	if issued {
		session.Caller.SourceIP = caller.SourceIP
		caller = session.Caller
	}
	caller.AccessKey = a.accessKey
	return caller, &a, nil
}

// session knows temporary credentials that Steady has issued.
func (h *handler) session(r *http.Request) (s Session, issued bool, err error) {
	token := r.Header.Get("X-Amz-Security-Token")
	if h.sessions == nil || token == "" {
		return s, false, nil
	}
	a, err := parseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		return s, false, nil // verify tells what is wrong, where it matters
	}
	return h.sessions(a.accessKey, token)
}

func sourceIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// admitted is an operation that a request asks for, and who asks.
type admitted struct {
	Operation
	name    string
	service *route
	caller  Caller
	allow   func(context.Context, Caller, Permission) error
}

// run calls the operation if the caller may.
func (op admitted) run(ctx context.Context, in any) (any, error) {
	ctx = WithCaller(ctx, op.caller)
	if op.caller.Role != "" && op.allow != nil {
		for _, p := range op.service.needs(op.name, in) {
			if err := op.allow(ctx, op.caller, p); err != nil {
				return nil, err
			}
		}
	}
	return op.call(ctx, in)
}

// needs lists what a caller must be allowed.
func (r *route) needs(operation string, in any) []Permission {
	var list []Permission
	if r.Permissions != nil {
		list = r.Permissions(operation, in)
	}
	own := r.Name + ":" + operation
	for _, p := range list {
		if strings.EqualFold(p.Action, own) || p.Action == "" {
			return named(list, own)
		}
	}
	if r.Free[operation] {
		return list
	}
	return append(list, Permission{Action: own, Resource: "*"})
}

// named gives permissions without an action that of the operation.
func named(list []Permission, own string) []Permission {
	for i := range list {
		if list[i].Action == "" {
			list[i].Action = own
		}
	}
	return list
}
