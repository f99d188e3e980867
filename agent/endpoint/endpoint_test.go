package endpoint

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

func TestMetadata(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ name, address string }{
		{"v4-container", "/v4/EID"}, {"v4-stopped", "/v4/OTHER"}, {"v4-task", "/v4/EID/task"}, {"v4-task-with-tags", "/v4/OTHER/taskWithTags"},
		{"v3-container", "/v3/EID"}, {"v3-task", "/v3/EID/task"}, {"v4-task", "/v4/OTHER/task"}, {"v3-task", "/v2/metadata"}, {"v3-container", "/v2/metadata/d1"},
	} {
		status, answer := w.ask("GET", c.address, "")
		if status != http.StatusOK {
			t.Errorf("%s: %d %s", c.address, status, answer)
		}
		golden(t, c.name, answer)
	}
}

// Of a health check that fails the exit code is told, as the ECS agent does.
func TestMetadataOfAFailingHealthCheck(t *testing.T) {
	w := newWorld(t)
	w.healthExit = 7
	if _, answer := w.ask("GET", "/v4/EID", ""); !strings.Contains(answer, `"Health":{"status":"HEALTHY","exitCode":7,"output":"fine"}`) {
		t.Errorf("got %s", answer)
	}
}

func TestMetadataOfAnInterface(t *testing.T) {
	w := newWorld(t)
	w.task.Definition.Spec.NetworkMode = types.NetworkModeAwsvpc
	w.task.Attachments = []model.Attachment{{Address: "172.20.0.2", MAC: "02:42:ac:14:00:02", PrivateDNSName: "ip-172-20-0-2.ec2.internal"}}
	_, answer := w.ask("GET", "/v4/EID", "")
	golden(t, "v4-container-awsvpc", answer)
}

// What is not known is refused with the statuses and texts of the ECS agent.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	const (
		noContainer = "metadata handler: unable to get container ID from request: unable to get docker ID from v3 endpoint ID: x"
		noTask      = "unable to get task arn from request: unable to get task Arn from v3 endpoint ID: x"
	)
	for _, c := range []struct {
		address string
		status  int
		text    string
	}{
		{"/v4/x", 404, "V4 container " + noContainer},
		{"/v4/x/task", 404, "V4 task metadata handler: " + noTask},
		{"/v4/x/stats", 404, "V4 container stats handler: " + noTask},
		{"/v4/x/task/stats", 404, "V4 task stats handler: " + noTask},
		{"/v3/x", 500, "V3 container " + noContainer},
		{"/v3/x/task", 500, "V3 task metadata handler: " + noTask},
		{"/v3/x/stats", 400, "V3 container stats handler: " + noTask},
		{"/v4/OTHER/stats", 500, "Unable to get container stats for: d2"},
		{"/v3/OTHER/stats", 400, "Unable to get container stats for: d2"},
		{"/v2/metadata/other", 400, "Unable to generate metadata for container 'other'"},
		{"/v4/CID", 404, "V4 container " + strings.TrimSuffix(noContainer, "x") + w.fill("CID")},
	} {
		status, answer := w.ask("GET", c.address, "")
		want, _ := json.Marshal(c.text)
		if status != c.status || answer != string(want) {
			t.Errorf("%s: %d %s, want %d %s", c.address, status, answer, c.status, want)
		}
	}
	if status, answer := w.ask("POST", "/api/EID/fault/v1/network-latency/start", "{}"); status != 400 || !strings.Contains(answer, "enableFaultInjection is not enabled for task: arn:aws:ecs:us-east-1:000000000000:task/default/"+taskID) {
		t.Errorf("fault injection: %d %s", status, answer)
	}
	if status, _ := w.ask("GET", "/latest/meta-data", ""); status != 404 {
		t.Errorf("another address: %d", status)
	}
}

// What is told of a task's limits is what bounds it.
func TestTheLimitsOfATaskAreThoseOfItsOverrides(t *testing.T) {
	w := newWorld(t)
	w.task.Task.Overrides = types.TaskOverride{Cpu: aws.String("256"), Memory: aws.String("96")}
	status, answer := w.ask("GET", "/v4/EID/task", "")
	var told struct{ Limits struct{ CPU, Memory float64 } }
	if err := json.Unmarshal([]byte(answer), &told); err != nil || status != 200 {
		t.Fatalf("%d %s: %v", status, answer, err)
	}
	if told.Limits.CPU != 0.25 || told.Limits.Memory != 96 {
		t.Errorf("the limits are %+v", told.Limits)
	}
}

func TestCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for _, address := range []string{"/v2/credentials/CID", "/v1/credentials?id=CID"} {
			status, answer := w.ask("GET", address, "")
			if want := `{"RoleArn":"arn:aws:iam::000000000000:role/web","AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"secret","Token":"token","Expiration":"2000-01-01T06:00:00Z"}`; status != 200 || answer != want {
				t.Errorf("%s: %d %s", address, status, answer)
			}
		}
		if w.issued != 1 {
			t.Errorf("issued %d times", w.issued)
		}
		time.Sleep(5 * time.Hour) // less than two hours are left
		if w.ask("GET", "/v2/credentials/CID", ""); w.issued != 2 {
			t.Errorf("issued %d times", w.issued)
		}
	})
}

func TestNoCredentials(t *testing.T) {
	w := newWorld(t)
	unknown := `{"code":"InvalidIdInRequest","message":"CredentialsV2Request: Credentials not found","HTTPErrorCode":400}`
	refused := func(address string, status int, want string) {
		t.Helper()
		if got, answer := w.ask("GET", address, ""); got != status || answer != want {
			t.Errorf("%s: %d %s, want %d %s", address, got, answer, status, want)
		}
	}
	refused("/v2/credentials/x", 400, unknown)
	refused("/v2/credentials/EID", 400, unknown) // an id of a container is none of credentials
	forged := taskID + "-" + strings.Repeat("0", 2*secretBytes) + "-20001"
	refused("/v2/credentials/"+forged, 400, unknown)
	refused("/v1/credentials", 400, `{"code":"NoIdInRequest","message":"CredentialsV1Request: No Credential ID in the request","HTTPErrorCode":400}`)
	task := w.task
	w.task, w.settled = Task{Task: &model.Task{}}, false
	address := strings.Replace("/v2/credentials/CID", "CID", w.newID(taskID, forCredentials), 1)
	refused(address, 503, `{"code":"CredentialsUninitialized","message":"CredentialsV2Request: Credentials uninitialized for ID","HTTPErrorCode":503}`)
	w.settled = true
	refused(address, 400, unknown)
	w.task = task
	w.task.Definition.Spec.TaskRoleArn = nil
	refused(address, 400, unknown)
	if w.issued != 0 {
		t.Errorf("issued %d times", w.issued)
	}
}

func TestStatistics(t *testing.T) {
	w := newWorld(t)
	w.samples = []string{
		`{"read":"2026-03-04T05:06:07Z","cpu_stats":{"n":1},"precpu_stats":{},"preread":"0001-01-01T00:00:00Z","networks":{"eth0":{"rx_bytes":100,"tx_bytes":10}}}`,
		`{"read":"2026-03-04T05:06:09Z","cpu_stats":{"n":2},"precpu_stats":{},"preread":"0001-01-01T00:00:00Z","networks":{"eth0":{"rx_bytes":300,"tx_bytes":20}}}`,
	}
	_, answer := w.ask("GET", "/v4/EID/stats", "")
	golden(t, "stats-first", answer)
	_, answer = w.ask("GET", "/v4/EID/task/stats", "")
	golden(t, "stats-of-task", answer)
}

func TestProtection(t *testing.T) {
	w := newWorld(t)
	const state = "/api/EID/task-protection/v1/state"
	arn := "arn:aws:ecs:us-east-1:000000000000:task/default/" + taskID
	check := func(method, body string, status int, want string) {
		t.Helper()
		if got, answer := w.ask(method, state, body); got != status || answer != want {
			t.Errorf("%s %s: %d %s, want %d %s", method, body, got, answer, status, want)
		}
	}
	on := `{"protection":{"ExpirationDate":"2026-03-04T05:16:07.000000089Z","ProtectionEnabled":true,"TaskArn":"` + arn + `"}}`
	off := `{"protection":{"ExpirationDate":null,"ProtectionEnabled":false,"TaskArn":"` + arn + `"}}`
	check("GET", "", 200, off)
	check("PUT", `{"ProtectionEnabled":true,"ExpiresInMinutes":10}`, 200, on)
	check("GET", "", 200, on)
	check("PUT", `{"ProtectionEnabled":false}`, 200, off)
	if w.api.by.AccessKeyID != "ASIAEXAMPLE" {
		t.Errorf("called by %+v", w.api.by)
	}
	check("PUT", `{`, 400, `{"error":{"Code":"InvalidParameterException","Message":"UpdateTaskProtection: failed to decode request"}}`)
	check("PUT", `{"Enabled":true}`, 400, `{"error":{"Code":"InvalidParameterException","Message":"UpdateTaskProtection: failed to decode request"}}`)
	check("PUT", `{}`, 400, `{"error":{"Arn":"`+arn+`","Code":"InvalidParameterException","Message":"Invalid request: does not contain 'ProtectionEnabled' field"}}`)
	w.api.failure = &types.Failure{Arn: &arn, Reason: aws.String("TASK_NOT_VALID")}
	check("GET", "", 200, `{"failure":{"Arn":"`+arn+`","Detail":null,"Reason":"TASK_NOT_VALID"}}`)
	w.api.err = &types.AccessDeniedException{Message: aws.String("no")}
	check("GET", "", 500, `{"error":{"Arn":"`+arn+`","Code":"AccessDeniedException","Message":"no"}}`)
	w.task.Definition.Spec.TaskRoleArn = nil
	check("GET", "", 403, `{"error":{"Arn":"`+arn+`","Code":"AccessDeniedException","Message":"Invalid Request: no task IAM role credentials available for task"}}`)
	if status, answer := w.ask("GET", "/api/x/task-protection/v1/state", ""); status != 404 || answer != `{"error":{"Code":"ResourceNotFoundException","Message":"Failed to find a task for the request"}}` {
		t.Errorf("an unknown id: %d %s", status, answer)
	}
}

// "40 requests per second, with a burst of 60", for each task by itself.
func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ask := func(address string, times int) (answered int) {
			for range times {
				if status, _ := w.ask("GET", address, ""); status != http.StatusTooManyRequests {
					answered++
				}
			}
			return answered
		}
		if n := ask("/v4/EID", 70); n != 60 {
			t.Errorf("%d of a burst are answered", n)
		}
		if n := ask("/v4/OTHER", 5); n != 0 { // of the same task
			t.Errorf("%d more are answered", n)
		}
		if n := ask("/v4/guess", 70); n != 60 { // counted by where they come from
			t.Errorf("%d guesses are answered", n)
		}
		time.Sleep(time.Second)
		if n := ask("/v4/EID", 70); n != 40 {
			t.Errorf("a second later %d are answered", n)
		}
	})
}

func TestLimitForgets(t *testing.T) {
	var l limit
	now := day
	for i := range mostBuckets + 10 {
		l.allow(strconv.Itoa(i), now)
		now = now.Add(time.Millisecond)
	}
	if len(l.buckets) > mostBuckets {
		t.Errorf("%d are remembered", len(l.buckets))
	}
}

// A question that belongs to another server of the machine is handed on to that, once.
func TestForward(t *testing.T) {
	w := newWorld(t)
	asked := 0
	other := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked++
		rw.Write([]byte("other " + r.Method + " " + r.URL.Path))
	}))
	other.Start()
	defer other.Close()
	u, err := url.Parse(other.URL)
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddrPort(u.Host)
	path := func(port int) string {
		return "/v4/ffffffffffffffffffffffffffffffff-" + strings.Repeat("0", 2*secretBytes) + "-" + strconv.Itoa(port)
	}
	w.Neighbours(at.Addr())
	if status, _ := w.ask("GET", path(int(at.Port())), ""); status != 404 || asked != 0 {
		t.Errorf("a port that no server of ours has: %d, asked %d times", status, asked)
	}
	w.neighbour = func(int) string { return u.Host }
	if status, answer := w.ask("GET", path(FirstPort+2), ""); status != 200 || answer != "other GET "+path(FirstPort+2) {
		t.Errorf("%d %s", status, answer)
	}
	if status, _ := w.ask("GET", path(w.Port), ""); status != 404 || asked != 1 {
		t.Errorf("its own: %d, asked %d times", status, asked)
	}
	w.neighbour = func(int) string { return "127.0.0.1:1" }
	if status, _ := w.ask("GET", path(FirstPort+2), ""); status != http.StatusServiceUnavailable {
		t.Errorf("of a server that is gone: %d", status)
	}
}

// A client that has sent its question and closed its side is answered through another
// server too.
func TestForwardForOneThatHasClosedItsSide(t *testing.T) {
	w := newWorld(t)
	closed := make(chan struct{})
	other := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		<-closed // so that the first server has noticed
		fmt.Fprintf(rw, "%s %v", body, err)
	}))
	defer other.Close()
	w.neighbour = func(int) string { return strings.TrimPrefix(other.URL, "http://") }
	first := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		context.AfterFunc(r.Context(), func() { close(closed) })
		w.ServeHTTP(rw, r)
	}))
	defer first.Close()
	c, err := net.Dial("tcp", strings.TrimPrefix(first.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	path := "/api/ffffffffffffffffffffffffffffffff-" + strings.Repeat("0", 2*secretBytes) + "-" + strconv.Itoa(FirstPort+2) + "/task-protection/v1/state"
	fmt.Fprintf(c, "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 2\r\n\r\n{}", path, Address)
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	reply, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if body, err := io.ReadAll(reply.Body); reply.StatusCode != http.StatusOK || string(body) != "{} <nil>" {
		t.Errorf("%s: %s, %v", reply.Status, body, err)
	}
}

func TestEnvironment(t *testing.T) {
	w := newWorld(t)
	w.Reached("bridge", true)
	w.Reached("host", true)
	env := func(own ...string) []string {
		return w.Environment(w.task.Task, w.task.Definition, "app", own)
	}
	check := func(got []string, want ...string) {
		t.Helper()
		for i := range want {
			want[i] = w.fill(want[i])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q\nwant\n%q", got, want)
		}
	}
	uris := func(base string) []string {
		return []string{"ECS_CONTAINER_METADATA_URI=" + base + "/v3/EID", "ECS_CONTAINER_METADATA_URI_V4=" + base + "/v4/EID", "ECS_AGENT_URI=" + base + "/api/EID"}
	}
	region := []string{"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_EXECUTION_ENV=AWS_ECS_EC2"}
	bridge := uris("http://169.254.170.2")
	check(env("A=1"), slices.Concat(region, bridge, []string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/CID", "A=1"})...)
	check(env("AWS_REGION=eu-west-1"), slices.Concat(region[1:], bridge, []string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/CID", "AWS_REGION=eu-west-1"})...)
	w.task.Definition.Spec.NetworkMode = types.NetworkModeHost
	check(env(), slices.Concat(region, uris("http://127.0.0.1:20001"), []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:20001/v2/credentials/CID"})...)
	w.task.Definition.Spec.TaskRoleArn = nil
	check(env(), slices.Concat(region, uris("http://127.0.0.1:20001"))...)
	w.task.Definition.Spec.NetworkMode = types.NetworkModeAwsvpc // which does not lead here
	check(env(), region...)
	w.task.Definition.Spec.NetworkMode = types.NetworkModeBridge
	w.task.Definition.Spec.ContainerDefinitions[0].DisableNetworking = aws.Bool(true)
	w.task.LaunchType = types.LaunchTypeFargate
	w.TaskURL = "http://172.17.0.1:3270"
	check(env(), region[0], region[1], "AWS_EXECUTION_ENV=AWS_ECS_FARGATE", "AWS_ENDPOINT_URL=http://172.17.0.1:3270")
}

func FuzzAddress(f *testing.F) {
	for _, a := range []string{"/v4/EID/task", "/v2/credentials/CID", "/v1/credentials?id=CID", "/api/EID/task-protection/v1/state", "/v3//stats", "/v2/metadata/"} {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, address string) {
		u, err := url.ParseRequestURI(address)
		if err != nil {
			t.Skip()
		}
		w := newWorld(t)
		if i := idOf(u); w.genuine(i) { // none that was not made here
			t.Errorf("%s has the id %+v", address, i)
		}
	})
}
