package awsapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const target = "AmazonEC2ContainerServiceV20141113"

// shop is a service with one operation for each way that a call can go.
func shop() Service {
	created := time.UnixMilli(1700000000123)
	return Service{
		Name:   "ecs",
		Target: target,
		Known:  OperationNames((*ecs.Client)(nil)),
		Operations: map[string]Operation{
			"CreateService": Op(func(_ context.Context, in *ecs.CreateServiceInput) (*ecs.CreateServiceOutput, error) {
				return &ecs.CreateServiceOutput{Service: &types.Service{
					ServiceName: in.ServiceName, Status: aws.String("ACTIVE"), DesiredCount: aws.ToInt32(in.DesiredCount),
					CreatedAt: &created, Events: []types.ServiceEvent{}, NetworkConfiguration: in.NetworkConfiguration,
				}}, nil
			}),
			"DescribeServices": Op(func(_ context.Context, in *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error) {
				return &ecs.DescribeServicesOutput{
					Failures: []types.Failure{},
					Services: []types.Service{{ServiceName: &in.Services[0], EnableECSManagedTags: false, LaunchType: types.LaunchTypeEc2}},
				}, nil
			}),
			"DeleteCluster": Op(func(context.Context, *ecs.DeleteClusterInput) (*ecs.DeleteClusterOutput, error) {
				return nil, fmt.Errorf("delete a cluster: %w", Errorf("ClusterNotFoundException", "Cluster not found."))
			}),
			"CreateCluster": Op(func(context.Context, *ecs.CreateClusterInput) (*ecs.CreateClusterOutput, error) {
				return nil, &Error{Code: "ConflictException", Message: "Taken.", Fields: map[string]any{"resourceIds": []string{"a", "b"}}}
			}),
			"ListClusters": Op(func(context.Context, *ecs.ListClustersInput) (*ecs.ListClustersOutput, error) {
				return nil, Errorf("ServerException", "The state cannot be read.")
			}),
			"ListServices": Op(func(context.Context, *ecs.ListServicesInput) (*ecs.ListServicesOutput, error) {
				return nil, errors.New("open /secret/path: no such file")
			}),
			"ListTasks": Op(func(_ context.Context, in *ecs.ListTasksInput) (*ecs.ListTasksOutput, error) {
				return &ecs.ListTasksOutput{NextToken: aws.String(*in.NextToken)}, nil
			}),
			"TagResource": Op(func(context.Context, *ecs.TagResourceInput) (*ecs.TagResourceOutput, error) {
				return nil, nil
			}),
			"StopTask": Op(func(context.Context, *ecs.StopTaskInput) (*ecs.StopTaskOutput, error) {
				return nil, &Error{Code: "ClientException", Message: "No.", Fields: map[string]any{"bad": make(chan int)}}
			}),
		},
	}
}

var uuidPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// Requests and replies as they stand on the wire.
func TestHandler(t *testing.T) {
	const generic = `{"__type":"ServerException","message":"Steady could not carry out the request; its log says why, under this request's id."}`
	for name, c := range map[string]struct {
		method, path, target, body string
		status                     int
		want                       string
	}{
		"an operation, zeros and all": {"POST", "/", target + ".CreateService",
			`{"serviceName":"web","desiredCount":0,"networkConfiguration":{"awsvpcConfiguration":{"subnets":["s"],"assignPublicIp":"DISABLED"}},"somethingNew":1}`, 200,
			`{"service":{"createdAt":1700000000.123,"desiredCount":0,"enableECSManagedTags":false,"enableExecuteCommand":false,"events":[],` +
				`"networkConfiguration":{"awsvpcConfiguration":{"subnets":["s"],"assignPublicIp":"DISABLED"}},"pendingCount":0,"runningCount":0,"serviceName":"web","status":"ACTIVE"}}`},
		"empty body":         {"POST", "/", target + ".TagResource", "", 200, `{}`},
		"a modelled error":   {"POST", "/", target + ".DeleteCluster", `{}`, 400, `{"__type":"ClusterNotFoundException","message":"Cluster not found."}`},
		"an error's members": {"POST", "/", target + ".CreateCluster", `{}`, 400, `{"__type":"ConflictException","message":"Taken.","resourceIds":["a","b"]}`},
		"bad error members":  {"POST", "/", target + ".StopTask", `{}`, 400, `{"__type":"ClientException","message":"No."}`},
		"ServerException":    {"POST", "/", target + ".ListClusters", `{}`, 500, `{"__type":"ServerException","message":"The state cannot be read."}`},
		"any other error":    {"POST", "/", target + ".ListServices", `{}`, 500, generic},
		"a panic":            {"POST", "/", target + ".ListTasks", `{}`, 500, generic},
		"wrong type": {"POST", "/", target + ".CreateService", `{"desiredCount":"1"}`, 400,
			`{"__type":"SerializationException","message":"STRING_VALUE cannot be converted to Integer","member":"desiredCount"}`},
		"known, but not here": {"POST", "/", target + ".RunTask", `{}`, 400,
			`{"__type":"UnsupportedFeatureException","message":"RunTask is not implemented by Steady yet."}`},
		"no such operation": {"POST", "/", target + ".RunTusk", `{}`, 400,
			`{"__type":"UnknownOperationException","message":"The API ecs has no operation RunTusk."}`},
		"no such API": {"POST", "/", "DynamoDB_20120810.GetItem", `{}`, 400,
			`{"__type":"UnknownOperationException","message":"The target DynamoDB_20120810.GetItem belongs to no API that Steady has."}`},
		"a target without a dot": {"POST", "/", target, `{}`, 400,
			`{"__type":"UnknownOperationException","message":"The target ` + target + ` belongs to no API that Steady has."}`},
		"no target": {"POST", "/", "", `Action=RunTask`, 400,
			`{"__type":"UnknownOperationException","message":"The request has no X-Amz-Target header; Steady speaks AWS JSON 1.1 only."}`},
		"another path": {"POST", "/ping", target + ".TagResource", `{}`, 404,
			`{"__type":"UnknownOperationException","message":"There is nothing at /ping; send AWS JSON 1.1 requests to POST /."}`},
		"another method": {"GET", "/", target + ".TagResource", "", 405,
			`{"__type":"UnknownOperationException","message":"The method GET is not supported; send AWS JSON 1.1 requests to POST /."}`},
		"a body of a byte too much": {"POST", "/", target + ".TagResource", strings.Repeat(" ", MaxBody+1), 400,
			`{"__type":"RequestEntityTooLargeException","message":"The request body is larger than the 1048576 bytes that are allowed."}`},
		"the largest body": {"POST", "/", target + ".TagResource", strings.Repeat(" ", MaxBody-2) + `{}`, 200, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			h := Handler(Options{Logger: slog.New(slog.DiscardHandler)}, shop())
			r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
			r.Header.Set("X-Amz-Target", c.target)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status || w.Body.String() != c.want {
				t.Errorf("got  %d %s\nwant %d %s", w.Code, w.Body, c.status, c.want)
			}
			if got := w.Header().Get("Content-Type"); got != "application/x-amz-json-1.1" {
				t.Errorf("Content-Type %q", got)
			}
			if ids := requestIDs(w); len(ids) != 1 || !uuidPattern.MatchString(ids[0]) {
				t.Errorf("x-amzn-RequestId %q", ids)
			}
			if c.status == 405 && w.Header().Get("Allow") != "POST" {
				t.Errorf("Allow %q", w.Header().Get("Allow"))
			}
		})
	}
}

// requestIDs are the values of x-amzn-RequestId, spelled as AWS does.
func requestIDs(w *httptest.ResponseRecorder) []string {
	for name, values := range w.Header() {
		if name == "x-amzn-RequestId" {
			return values
		}
	}
	return nil
}

// endless is a body that never ends.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func TestAnEndlessBodyIsNotReadToItsEnd(t *testing.T) {
	body := &endless{}
	r := httptest.NewRequest("POST", "/", body)
	r.ContentLength = -1
	w := httptest.NewRecorder()
	Handler(Options{}, shop()).ServeHTTP(w, r)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "RequestEntityTooLargeException") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if body.read > 2*maxDrained {
		t.Errorf("read %d bytes", body.read)
	}
}

// A client that sends a body to its end before it reads is told what is wrong with it.
func TestABodyThatIsTooLargeIsAnswered(t *testing.T) {
	server := httptest.NewServer(Handler(Options{}, shop()))
	defer server.Close()
	for _, length := range []int{MaxBody + 1, 20 << 20} {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: %s.TagResource\r\nContent-Length: %d\r\n\r\n", target, length)
		if _, err := c.Write(make([]byte, length)); err != nil {
			t.Fatalf("%d bytes: %v", length, err)
		}
		reply, err := io.ReadAll(c)
		if err != nil || !bytes.Contains(reply, []byte("RequestEntityTooLargeException")) {
			t.Errorf("%d bytes: %v, %s", length, err, reply)
		}
	}
}

func TestACutOffBodyIsNotCarriedOut(t *testing.T) {
	r := httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader(`{}`), cutOff{}))
	r.Header.Set("X-Amz-Target", target+".TagResource")
	w := httptest.NewRecorder()
	Handler(Options{}, shop()).ServeHTTP(w, r)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "SerializationException") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// What the caller is not told is in the log, with the id that the caller has.
func TestServerFailuresAreLogged(t *testing.T) {
	for op, want := range map[string][]string{
		"ListServices": {"level=ERROR", "open /secret/path: no such file"},
		"ListTasks":    {"level=ERROR", "nil pointer dereference", "handler_test.go"},
		"StopTask":     {"level=ERROR", "chan int"},
	} {
		t.Run(op, func(t *testing.T) {
			var log bytes.Buffer
			h := Handler(Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, shop())
			r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
			r.Header.Set("X-Amz-Target", target+"."+op)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			for _, s := range append(want, requestIDs(w)[0]) {
				if !strings.Contains(log.String(), s) {
					t.Errorf("%q is not in the log:\n%s", s, &log)
				}
			}
		})
	}
}

func TestACallerWhoLeftIsNoFailure(t *testing.T) {
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(context.Background())
	s := Service{Name: "ecs", Target: target, Operations: map[string]Operation{
		"StopTask": Op(func(ctx context.Context, _ *ecs.StopTaskInput) (*ecs.StopTaskOutput, error) {
			cancel()
			return nil, fmt.Errorf("stop: %w", ctx.Err())
		}),
	}}
	h := Handler(Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, s)
	r := httptest.NewRequestWithContext(ctx, "POST", "/", nil)
	r.Header.Set("X-Amz-Target", target+".StopTask")
	h.ServeHTTP(httptest.NewRecorder(), r)
	if log.Len() > 0 {
		t.Errorf("logged %s", &log)
	}
}

// A page on another site must not reach an endpoint that asks for no signature.
func TestBrowserOrigins(t *testing.T) {
	for origin, status := range map[string]int{
		"": 200, "http://localhost:4566": 200, "http://127.0.0.1:1": 200, "http://[::1]:1": 200,
		"http://evil.example": 403, "http://localhost.evil.example": 403, "null": 403, "::": 403,
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
		r.Header.Set("X-Amz-Target", target+".TagResource")
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		Handler(Options{}, shop()).ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("origin %q: %d %s, want %d", origin, w.Code, w.Body, status)
		}
	}
}

func TestTwoServicesCannotHaveOneTarget(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Handler(Options{}, shop(), shop())
}

func TestOperationNames(t *testing.T) {
	names := OperationNames((*ecs.Client)(nil))
	for _, want := range []string{"CreateCluster", "DescribeServices", "RunTask", "UpdateTaskSet"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s in %q", want, names)
		}
	}
	if slices.Contains(names, "Options") {
		t.Error("Options is no operation")
	}
	if !slices.IsSorted(names) {
		t.Errorf("not in order: %q", names)
	}
}

// sdkClient is a real client of a server with our handler.
func sdkClient(t *testing.T, o Options, creds aws.CredentialsProviderFunc) *ecs.Client {
	t.Helper()
	server := httptest.NewServer(Handler(o, shop()))
	t.Cleanup(server.Close)
	return ecs.New(ecs.Options{
		BaseEndpoint: &server.URL,
		Region:       "eu-central-1",
		Credentials:  creds,
		HTTPClient:   server.Client(),
		Retryer:      aws.NopRetryer{},
	})
}

func anyone(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "session"}, nil
}

func TestSDKClientRoundTrip(t *testing.T) {
	client := sdkClient(t, Options{}, anyone)
	created, err := client.CreateService(t.Context(), &ecs.CreateServiceInput{ServiceName: aws.String("wéb"), DesiredCount: aws.Int32(0)})
	if err != nil {
		t.Fatal(err)
	}
	s := created.Service
	if *s.ServiceName != "wéb" || s.DesiredCount != 0 || s.Events == nil || s.CreatedAt.UnixMilli() != 1700000000123 {
		t.Errorf("created %+v", s)
	}
	described, err := client.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Services: []string{"web"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := described.Services[0]; *got.ServiceName != "web" || got.RunningCount != 0 || got.LaunchType != types.LaunchTypeEc2 {
		t.Errorf("described %+v", got)
	}
	if described.Failures == nil {
		t.Error("an empty list arrived as none")
	}
}

func TestSDKClientErrors(t *testing.T) {
	client := sdkClient(t, Options{Logger: slog.New(slog.DiscardHandler)}, anyone)

	_, err := client.DeleteCluster(t.Context(), &ecs.DeleteClusterInput{Cluster: aws.String("c")})
	var notFound *types.ClusterNotFoundException
	if !errors.As(err, &notFound) || notFound.ErrorMessage() != "Cluster not found." {
		t.Errorf("DeleteCluster: %v", err)
	}

	_, err = client.CreateCluster(t.Context(), &ecs.CreateClusterInput{})
	var conflict *types.ConflictException
	if !errors.As(err, &conflict) || !slices.Equal(conflict.ResourceIds, []string{"a", "b"}) {
		t.Errorf("CreateCluster: %v", err)
	}

	_, err = client.ListTasks(t.Context(), &ecs.ListTasksInput{})
	var server *types.ServerException
	if !errors.As(err, &server) {
		t.Errorf("ListTasks: %v", err)
	}

	_, err = client.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("web")})
	var unsupported *types.UnsupportedFeatureException
	if !errors.As(err, &unsupported) || unsupported.ErrorMessage() != "RunTask is not implemented by Steady yet." {
		t.Errorf("RunTask: %v", err)
	}
}

func BenchmarkHandlerDescribeServices(b *testing.B) {
	out := describedService(100)
	h := Handler(Options{Logger: slog.New(slog.DiscardHandler)}, Service{Name: "ecs", Target: target, Operations: map[string]Operation{
		"DescribeServices": Op(func(context.Context, *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error) {
			return out, nil
		}),
	}})
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"services":["web"]}`))
		r.Header.Set("X-Amz-Target", target+".DescribeServices")
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}
