package awsapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// MaxBody is how many bytes the body of a request may have, unless its service says
// otherwise.
const MaxBody = 1 << 20

// Options of Handler.
type Options struct {
	// Logger gets failures of the server as errors and every request at debug
	// level, never a body. Nil means slog.Default.
	Logger *slog.Logger
	// Keys gives the secret of an access key. If it is nil, any credentials or
	// none are accepted, which only a loopback address may do.
	Keys func(accessKeyID string) (secret string, ok bool)
	// Sessions knows the temporary credentials that Steady has issued. Nil: none.
	Sessions func(accessKeyID, token string) (s Session, issued bool, err error)
	// Authorize tells whether a caller that works under a role may do something. Nil:
	// whatever it likes.
	Authorize func(context.Context, Caller, Permission) error
	// Closing ends all event streams when it is closed. Nil: they end by themselves.
	Closing <-chan struct{}
}

// Handler serves all services at one endpoint, POST /, and routes by the
// X-Amz-Target header or the version of a form. It panics if two services share one.
func Handler(o Options, services ...Service) http.Handler {
	h := &handler{
		logger: o.Logger, keys: o.Keys, sessions: o.Sessions, authorize: o.Authorize, closing: o.Closing,
		routes: map[string]route{}, versions: map[string]route{},
	}
	if h.logger == nil {
		h.logger = slog.Default()
	}
	for _, s := range services {
		table, key := h.routes, s.Target
		if s.Version != "" {
			table, key = h.versions, s.Version
		}
		if _, twice := table[key]; twice {
			panic(fmt.Sprintf("awsapi: two services have the target %q", key))
		}
		table[key] = newRoute(s)
	}
	return h
}

type handler struct {
	logger    *slog.Logger
	keys      func(string) (string, bool)
	sessions  func(string, string) (Session, bool, error)
	authorize func(context.Context, Caller, Permission) error
	closing   <-chan struct{}
	routes    map[string]route // by Service.Target
	versions  map[string]route // by Service.Version
}

// route is a service, with its known operations as a set.
type route struct {
	Service
	known map[string]bool
}

func newRoute(s Service) route {
	r := route{Service: s, known: make(map[string]bool, len(s.Known))}
	if r.MaxBody == 0 {
		r.MaxBody = MaxBody
	}
	for _, name := range s.Known {
		r.known[name] = true
	}
	return r
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	id := uuid.NewString()
	// AWS's spelling; Go's would be X-Amzn-Requestid.
	w.Header()["x-amzn-RequestId"] = []string{id}
	query := isQuery(r)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if query {
		w.Header().Set("Content-Type", "text/xml")
	}
	log := h.logger.With("requestId", id, "target", clip(r.Header.Get("X-Amz-Target")))

	status := http.StatusOK
	var reply []byte
	var stream Stream
	var err error
	if query {
		reply, err = h.answerQuery(w, r, id)
	} else {
		reply, stream, err = h.answer(w, r)
	}
	if err != nil {
		status, reply = failure(log, r, err, id)
	} else if stream != nil {
		log.Debug("event stream begins")
		err = h.tell(w, r, log, stream)
		log.Debug("event stream ended", "took", time.Since(start), "err", err)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(reply)))
	w.WriteHeader(status)
	if _, werr := w.Write(reply); werr != nil {
		log.Debug("write the reply", "err", werr)
	}
	log.Debug("request", "status", status, "took", time.Since(start), "err", err)
}

// answer is what a request gets if all goes well, or why it does not.
func (h *handler) answer(w http.ResponseWriter, r *http.Request) ([]byte, Stream, error) {
	if err := h.admit(w, r); err != nil {
		return nil, nil, err
	}
	target := r.Header.Get("X-Amz-Target")
	body, err := readBody(w, r, h.maxBody(target))
	if err != nil {
		return nil, nil, err
	}
	caller, auth, err := h.authenticate(r, body)
	if err != nil {
		return nil, nil, err
	}
	op, err := h.operation(target, auth)
	if err != nil {
		return nil, nil, err
	}
	op.caller, op.allow = caller, h.authorize
	return perform(r.Context(), op, body)
}

// answerQuery is answer for a form.
func (h *handler) answerQuery(w http.ResponseWriter, r *http.Request, id string) (reply []byte, err error) {
	if err := h.admit(w, r); err != nil {
		return nil, err
	}
	body, err := readBody(w, r, MaxBody)
	if err != nil {
		return nil, err
	}
	caller, auth, err := h.authenticate(r, body)
	if err != nil {
		return nil, err
	}
	input, err := form(body)
	if err != nil {
		return nil, err
	}
	op, err := h.action(input, auth)
	if err != nil {
		return nil, err
	}
	op.caller, op.allow = caller, h.authorize
	defer recovered(&err)
	return performQuery(r.Context(), op, input, id)
}

// action finds what a form asks for. auth is nil if nothing is verified.
func (h *handler) action(input *node, auth *authorization) (admitted, error) {
	name, version := input.text("Action"), input.text("Version")
	route, ok := h.versions[version]
	if !ok {
		return admitted{}, Errorf("UnknownOperationException", "Could not find operation %s for version %s: it belongs to no API that Steady has.", clip(name), clip(version))
	}
	if auth != nil && auth.service != route.Name {
		return admitted{}, invalidSignature("Credential should be scoped to correct service: '%s'.", route.Name)
	}
	op, ok := route.Operations[name]
	if !ok {
		return admitted{}, Errorf("UnknownOperationException", "Could not find operation %s for version %s: if the API %s has it, it is not implemented by Steady.", clip(name), version, route.Name)
	}
	return admitted{Operation: op, name: name, service: &route}, nil
}

// maxBody is how large a body the service of a target takes.
func (h *handler) maxBody(target string) int64 {
	if route, ok := h.routes[target[:max(strings.LastIndexByte(target, '.'), 0)]]; ok {
		return route.MaxBody
	}
	return MaxBody
}

// admit refuses what is no call of an operation.
func (h *handler) admit(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Path != "/" {
		return &httpError{http.StatusNotFound, Errorf("UnknownOperationException",
			"There is nothing at %s; send AWS JSON 1.1 requests to POST /.", clip(r.URL.Path))}
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return &httpError{http.StatusMethodNotAllowed, Errorf("UnknownOperationException",
			"The method %s is not supported; send AWS JSON 1.1 requests to POST /.", clip(r.Method))}
	}
	// Without signatures, a web page that had its name resolved to this machine
	// could call us from its reader's browser. Browsers name the page's origin.
	if h.keys == nil && !localOrigin(r.Header.Get("Origin")) {
		return &httpError{http.StatusForbidden, Errorf("AccessDeniedException",
			"Web pages of %s may not call this endpoint.", clip(r.Header.Get("Origin")))}
	}
	return nil
}

func localOrigin(origin string) bool {
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	tooLarge := Errorf("RequestEntityTooLargeException", "The request body is larger than the %d bytes that are allowed.", limit)
	if r.ContentLength > limit {
		drain(w, r)
		return nil, tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		drain(w, r)
		return nil, tooLarge
	}
	if err != nil {
		return nil, Errorf("SerializationException", "The request body ended too early; send it again.")
	}
	return body, nil
}

// How much of a body that is too large is read, and for how long.
const (
	maxDrained = 64 << 20 // bytes
	drainTime  = 10 * time.Second
)

// drain passes over the rest of a body, so that a client that sends it to its end reads the
// answer: a connection that is closed with unread data is reset.
func drain(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	// A recorder of tests has no deadline; a body that ends too early is no loss.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(drainTime))
	_, _ = io.CopyN(io.Discard, r.Body, maxDrained)
}

// operation finds what X-Amz-Target asks for. auth is nil if nothing is verified.
func (h *handler) operation(target string, auth *authorization) (admitted, error) {
	if target == "" {
		return admitted{}, Errorf("UnknownOperationException",
			"The request has no X-Amz-Target header; Steady speaks AWS JSON 1.1 only.")
	}
	dot := strings.LastIndexByte(target, '.')
	route, ok := h.routes[target[:max(dot, 0)]]
	if !ok {
		return admitted{}, Errorf("UnknownOperationException", "The target %s belongs to no API that Steady has.", clip(target))
	}
	if auth != nil && auth.service != route.Name {
		return admitted{}, invalidSignature("Credential should be scoped to correct service: '%s'.", route.Name)
	}
	name := target[dot+1:]
	if op, ok := route.Operations[name]; ok {
		return admitted{Operation: op, name: name, service: &route}, nil
	}
	if why, ok := route.Unsupported[name]; ok {
		return admitted{}, Errorf("UnsupportedFeatureException", "%s is not supported by Steady, because %s.", name, why)
	}
	if route.known[name] {
		return admitted{}, Errorf("UnsupportedFeatureException", "%s is not implemented by Steady yet.", name)
	}
	return admitted{}, Errorf("UnknownOperationException", "The API %s has no operation %s.", route.Name, clip(name))
}

// perform decodes, calls and encodes; an event stream is still to be told. A panic on
// the way is a *panicError.
func perform(ctx context.Context, op admitted, body []byte) (reply []byte, stream Stream, err error) {
	defer recovered(&err)
	in := op.newInput()
	if err := Decode(body, in); err != nil {
		return nil, nil, err
	}
	out, err := op.run(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	if stream, ok := out.(Stream); ok {
		return nil, stream, nil
	}
	reply, err = Encode(out)
	return reply, nil, err
}

// recovered makes a panic of an operation its error.
func recovered(err *error) {
	p := recover()
	if p == http.ErrAbortHandler {
		panic(p)
	}
	if p != nil {
		*err = &panicError{value: p, stack: debug.Stack()}
	}
}

// panicError is a panic of an operation, to be logged.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }
