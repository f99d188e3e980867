package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const ecsTarget = "AmazonEC2ContainerServiceV20141113."

// A request that is wrong gets ECS's exception and HTTP 400, and changes nothing.
func TestWrongRequestsChangeNothing(t *testing.T) {
	t.Parallel()
	s := up(t)
	c := s.caller(t)
	c.service("web", 1, app())
	s.stable(t)
	before := c.everything()

	const task = `"taskDefinition":"web"`
	const container = `{"name":"a","image":"b","memory":64}`
	for _, x := range []struct {
		name, target, body string
		exception, message string
	}{
		{"no JSON at all", ecsTarget + "CreateCluster", `clusterName=web`, "SerializationException", ""},
		{"JSON that ends too early", ecsTarget + "CreateCluster", `{"clusterName":"x"`, "SerializationException", ""},
		{"JSON with something behind it", ecsTarget + "CreateCluster", `{"clusterName":"x"} {}`, "SerializationException", ""},
		{"JSON that is no structure", ecsTarget + "CreateCluster", `["x"]`, "SerializationException", ""},
		{"JSON of great depth", ecsTarget + "CreateCluster", strings.Repeat(`{"x":`, 200_000), "SerializationException", ""},
		{"no target", "", `{}`, "UnknownOperationException", "X-Amz-Target"},
		{"the target of no API", "AmazonNothing_20200101.CreateCluster", `{}`, "UnknownOperationException", ""},
		{"a target of no operation", ecsTarget + "CreateMoon", `{}`, "UnknownOperationException", "CreateMoon"},
		{"an operation that is not built", ecsTarget + "UpdateContainerAgent", `{"containerInstance":"x"}`, "UnsupportedFeatureException", "UpdateContainerAgent is not supported by Steady, because "},
		{"a number for a string", ecsTarget + "CreateCluster", `{"clusterName":7}`, "SerializationException", "NUMBER_VALUE cannot be converted to String"},
		{"a string for a number", ecsTarget + "UpdateService", `{"service":"web","desiredCount":"2"}`, "SerializationException", "STRING_VALUE cannot be converted to Integer"},
		{"a fraction for a whole number", ecsTarget + "UpdateService", `{"service":"web","desiredCount":1.5}`, "SerializationException", "NUMBER_VALUE cannot be converted to Integer"},
		{"a number out of range", ecsTarget + "UpdateService", `{"service":"web","desiredCount":5000000000}`, "SerializationException", "out of range of Integer"},
		{"a structure for a list", ecsTarget + "DescribeClusters", `{"clusters":{}}`, "SerializationException", ""},
		{"a wrong type deep inside", ecsTarget + "RegisterTaskDefinition", `{"family":"x","containerDefinitions":[{"name":"a","essential":"yes"}]}`, "SerializationException", "STRING_VALUE cannot be converted to Boolean"},
		{"a body over 1 MiB", ecsTarget + "CreateCluster", `{"clusterName":"` + strings.Repeat("x", 1<<20) + `"}`, "RequestEntityTooLargeException", ""},

		{"a cluster's name with a space", ecsTarget + "CreateCluster", `{"clusterName":"my cluster"}`, "InvalidParameterException", "my cluster"},
		{"a cluster's name of 256 letters", ecsTarget + "CreateCluster", `{"clusterName":"` + strings.Repeat("x", 256) + `"}`, "InvalidParameterException", ""},
		{"a service's name with a slash", ecsTarget + "CreateService", `{"serviceName":"a/b",` + task + `,"desiredCount":1}`, "InvalidParameterException", ""},
		{"a family's name with a colon", ecsTarget + "RegisterTaskDefinition", `{"family":"a:b","containerDefinitions":[` + container + `]}`, "ClientException", "Family contains invalid characters."},
		{"a container's name with a dot", ecsTarget + "RegisterTaskDefinition", `{"family":"x","containerDefinitions":[{"name":"a.b","image":"b","memory":64}]}`, "ClientException", "Container.name contains invalid characters."},
		{"a cluster by a name with a space", ecsTarget + "ListTasks", `{"cluster":"a b"}`, "InvalidParameterException", "Cluster must match ^[a-zA-Z0-9\\-_]{1,255}$, but was a b"},

		{"no service's name", ecsTarget + "CreateService", `{` + task + `,"desiredCount":1}`, "InvalidParameterException", ""},
		{"no task definition", ecsTarget + "RunTask", `{}`, "InvalidParameterException", ""},
		{"no containers", ecsTarget + "RegisterTaskDefinition", `{"family":"x"}`, "ClientException", "Container definitions should not be empty"},
		{"no memory", ecsTarget + "RegisterTaskDefinition", `{"family":"x","containerDefinitions":[{"name":"a","image":"b"}]}`, "ClientException", "At least one of 'memory' or 'memoryReservation' must be specified."},
		{"no essential container", ecsTarget + "RegisterTaskDefinition", `{"family":"x","containerDefinitions":[{"name":"a","image":"b","memory":64,"essential":false}]}`, "ClientException", ""},
		{"a member that is not carried out", ecsTarget + "RegisterTaskDefinition", `{"family":"x","enableFaultInjection":true,"containerDefinitions":[` + container + `]}`, "ClientException", "enableFaultInjection"},
		{"a task definition over 64 KiB", ecsTarget + "RegisterTaskDefinition", `{"family":"x","containerDefinitions":[{"name":"a","image":"b","memory":64,"command":["` + strings.Repeat("x", 70<<10) + `"]}]}`, "ClientException", "Max allowed length is '65536' bytes."},
		{"both percents 100", ecsTarget + "UpdateService", `{"service":"web","deploymentConfiguration":{"minimumHealthyPercent":100,"maximumPercent":100}}`, "InvalidParameterException", "Both maximumPercent and minimumHealthyPercent cannot be 100"},
		{"a negative desiredCount", ecsTarget + "UpdateService", `{"service":"web","desiredCount":-1}`, "InvalidParameterException", ""},
		{"too many tasks at once", ecsTarget + "RunTask", `{` + task + `,"count":11}`, "InvalidParameterException", ""},
		{"the group of a service", ecsTarget + "RunTask", `{` + task + `,"group":"service:web"}`, "InvalidParameterException", "Invalid namespace for group."},
		{"an override of no container", ecsTarget + "RunTask", `{` + task + `,"overrides":{"containerOverrides":[{"name":"other"}]}}`, "InvalidParameterException", "Override for container named other is not a container in the TaskDefinition."},
		{"an enumeration's wrong value", ecsTarget + "ListTasks", `{"desiredStatus":"DEAD"}`, "InvalidParameterException", ""},
		{"a page of 101", ecsTarget + "ListTasks", `{"maxResults":101}`, "InvalidParameterException", ""},
		{"a token that nobody gave", ecsTarget + "ListTasks", `{"nextToken":"abc"}`, "InvalidParameterException", ""},
		{"a query that does not parse", ecsTarget + "ListContainerInstances", `{"filter":"attribute:a =="}`, "InvalidParameterException", ""},

		{"an unknown cluster", ecsTarget + "CreateService", `{"cluster":"none","serviceName":"x",` + task + `,"desiredCount":1}`, "ClusterNotFoundException", "Cluster not found."},
		{"an unknown service", ecsTarget + "UpdateService", `{"service":"none","desiredCount":1}`, "ServiceNotFoundException", "Service not found."},
		{"an unknown service to list tasks of", ecsTarget + "ListTasks", `{"serviceName":"none"}`, "ServiceNotFoundException", "Service not found."},
		{"an unknown revision to run", ecsTarget + "RunTask", `{"taskDefinition":"web:99"}`, "ClientException", "TaskDefinition not found."},
		{"an unknown revision to deploy", ecsTarget + "UpdateService", `{"service":"web","taskDefinition":"web:99"}`, "ClientException", "TaskDefinition not found."},
		{"an unknown revision to see", ecsTarget + "DescribeTaskDefinition", `{"taskDefinition":"web:99"}`, "ClientException", "Unable to describe task definition."},
		{"a revision that is no number", ecsTarget + "DescribeTaskDefinition", `{"taskDefinition":"web:latest"}`, "InvalidParameterException", "Invalid revision number. Number: latest"},
		{"an unknown instance", ecsTarget + "ListTasks", `{"containerInstance":"0123456789abcdef0123456789abcdef"}`, "InvalidParameterException", ""},
		{"an unknown task", ecsTarget + "StopTask", `{"task":"0123456789abcdef0123456789abcdef"}`, "InvalidParameterException", "The referenced task was not found."},
		{"the ARN of something else", ecsTarget + "DeleteService", `{"service":"` + arn + `cluster/default"}`, "InvalidParameterException", ""},
		{"a running service to delete", ecsTarget + "DeleteService", `{"service":"web"}`, "InvalidParameterException", "The service cannot be stopped while it is scaled above 0."},
	} {
		t.Run(x.name, func(t *testing.T) {
			status, exception, message := post(t, s.url, x.target, x.body)
			if status != http.StatusBadRequest || exception != x.exception || !strings.Contains(message, x.message) {
				t.Errorf("HTTP %d, %s: %q; want 400, %s: %q", status, exception, message, x.exception, x.message)
			}
			if message == "" {
				t.Error("the exception has no message")
			}
		})
	}
	if after := c.everything(); after != before {
		t.Errorf("wrong requests changed something.\nbefore: %s\nafter:  %s", before, after)
	}
}

// post sends a request as it is and reads the exception that it gets.
func post(t *testing.T, url, target, body string) (status int, exception, message string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var reply struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.NewDecoder(res.Body).Decode(&reply); err != nil {
		t.Fatalf("HTTP %d, and the reply is no JSON: %v", res.StatusCode, err)
	}
	return res.StatusCode, reply.Type, reply.Message
}

// everything is all that the API shows, as text.
func (c *caller) everything() string {
	c.t.Helper()
	ctx := c.t.Context()
	var all []any
	add := func(v any, err error) {
		c.t.Helper()
		if err != nil {
			c.t.Fatal(err)
		}
		all = append(all, v)
	}
	clusters, err := c.api.ListClusters(ctx, &ecs.ListClustersInput{})
	add(clusters.ClusterArns, err)
	described, err := c.api.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: clusters.ClusterArns})
	add(described.Clusters, err)
	for _, status := range []types.TaskDefinitionStatus{types.TaskDefinitionStatusActive, types.TaskDefinitionStatusInactive} {
		definitions, err := c.api.ListTaskDefinitions(ctx, &ecs.ListTaskDefinitionsInput{Status: status})
		add(definitions.TaskDefinitionArns, err)
	}
	services, err := c.api.ListServices(ctx, &ecs.ListServicesInput{})
	add(services.ServiceArns, err)
	for _, service := range services.ServiceArns {
		add(c.describe(service), nil)
	}
	for _, status := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		tasks, err := c.api.ListTasks(ctx, &ecs.ListTasksInput{DesiredStatus: status})
		add(tasks.TaskArns, err)
		for _, task := range tasks.TaskArns {
			add(c.task(task), nil)
		}
	}
	b, err := json.Marshal(all)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(b)
}

func TestHealthz(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim")
	res, err := http.Get(s.url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("GET /healthz answers %s", res.Status)
	}
}

// What keeps a command from its work is told in one line that says what to do.
func TestACommandThatCannotWorkSaysWhy(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim")
	taken := strings.TrimPrefix(s.url, "http://")
	empty := t.TempDir()
	file := filepath.Join(empty, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(empty, "docker.sock")

	for _, x := range []struct {
		name string
		env  string
		args []string
		says []string // what is wrong, and what to do
	}{
		{name: "the data directory is held", args: []string{"up", "--listen", "127.0.0.1:0", "--data-dir", s.dataDir},
			says: []string{s.dataDir, "held by another process", "choose another --data-dir"}},
		{name: "the port is in use", args: []string{"up", "--listen", taken, "--data-dir", t.TempDir()},
			says: []string{taken, "in use by another process", "--listen"}},
		{name: "no Docker Engine answers", env: "DOCKER_HOST=unix://" + socket, args: []string{"up", "--listen", "127.0.0.1:0", "--data-dir", t.TempDir()},
			says: []string{socket, "apt-get install docker.io", "--runtime sim"}},
		{name: "the data directory is a file", args: []string{"up", "--listen", "127.0.0.1:0", "--data-dir", file},
			says: []string{file, "choose another --data-dir"}},
		{name: "the address is none", args: []string{"up", "--listen", "nonsense", "--data-dir", t.TempDir()},
			says: []string{"nonsense", "such as 127.0.0.1:3270"}},
		{name: "no instances", args: []string{"up", "--instances", "0", "--data-dir", t.TempDir()},
			says: []string{"--instances is 0", "1 to 10000"}},
		{name: "a negative duration", args: []string{"up", "--settle=-1s", "--data-dir", t.TempDir()},
			says: []string{"--settle is -1s", "such as 3s"}},
		{name: "an account that is no number", args: []string{"up", "--account", "me", "--data-dir", t.TempDir()},
			says: []string{`--account is "me"`, "12 digits"}},
		{name: "an unknown flag", args: []string{"up", "--nonsense"},
			says: []string{"--nonsense", `see "steady up --help"`}},
		{name: "a flag's wrong type", args: []string{"up", "--instances", "many"},
			says: []string{"--instances", "many", `see "steady up --help"`}},
		{name: "an unknown runtime", args: []string{"up", "--runtime", "podman"},
			says: []string{`"docker","sim"`, "podman", `see "steady up --help"`}},
		{name: "an unknown command", args: []string{"fly"},
			says: []string{"fly", `see "steady --help"`}},
		{name: "no command", says: []string{`"up"`, `see "steady --help"`}},
		{name: "watch without a service", args: []string{"watch"},
			says: []string{"<service>", `see "steady watch --help"`}},
		{name: "down while a server runs", args: []string{"down", "--data-dir", s.dataDir},
			says: []string{s.dataDir, "stop it first"}},
		{name: "down where nothing is", args: []string{"down", "--data-dir", empty},
			says: []string{empty, "give the --data-dir"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			stdout, stderr, code := command(t, x.env, x.args...)
			if code != 1 || stdout != "" {
				t.Errorf("exit code %d with %q on stdout; want 1 and nothing", code, stdout)
			}
			if strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "steady: ") {
				t.Errorf("stderr is not one line: %q", stderr)
			}
			for _, text := range x.says {
				if !strings.Contains(stderr, text) {
					t.Errorf("%q does not say %q", stderr, text)
				}
			}
		})
	}
}

// command runs the binary, which must end by itself.
func command(t *testing.T, env string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, binary, args...)
	c.Env = append(os.Environ(), env)
	var out, errOut bytes.Buffer
	c.Stdout, c.Stderr = &out, &errOut
	if err := c.Run(); ctx.Err() != nil {
		t.Fatalf("steady %s did not end: %v; stderr: %s", strings.Join(args, " "), err, &errOut)
	}
	return out.String(), errOut.String(), c.ProcessState.ExitCode()
}

// Who has read the ready line can run a task: it means that every agent is there.
func TestReadyMeansThatTheAgentsAreConnected(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim", "--instances", "100")
	c := s.caller(t)
	for range 5 {
		list, err := c.api.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{})
		if err != nil {
			t.Fatal(err)
		}
		all, err := c.api.DescribeContainerInstances(t.Context(), &ecs.DescribeContainerInstancesInput{ContainerInstances: list.ContainerInstanceArns})
		if err != nil {
			t.Fatal(err)
		}
		if len(all.ContainerInstances) != 100 {
			t.Fatalf("there are %d container instances, not 100", len(all.ContainerInstances))
		}
		for _, i := range all.ContainerInstances {
			if !i.AgentConnected {
				t.Fatalf("%s is not connected", *i.ContainerInstanceArn)
			}
		}
		s.stop()
		s.start()
		c = s.caller(t)
	}
}

// The only words of up on stdout are those by which a script knows that it can go on.
func TestUpSaysReadyAndNothingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := exec.Command(binary, "up", "--listen", "127.0.0.1:0", "--data-dir", dir, "--runtime", "sim", "--settle", "100ms", "--log-level", "debug")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	all := make(chan string, 1)
	first := make([]byte, 512)
	n, err := out.Read(first)
	if err != nil {
		t.Fatal(err)
	}
	go func() { b, _ := io.ReadAll(out); all <- string(first[:n]) + string(b) }()

	s := &server{t: t, dataDir: dir, url: strings.TrimSpace(strings.TrimPrefix(string(first[:n]), "ready: "))}
	caller := s.caller(t)
	caller.service("web", 1, app())
	s.stable(t)
	c.Process.Signal(os.Interrupt)
	said := <-all
	if err := c.Wait(); err != nil {
		t.Errorf("up ended with %v after SIGINT", err)
	}
	if host := strings.TrimPrefix(s.url, "http://"); said != "ready: http://"+host+"\n" || !strings.HasPrefix(host, "127.0.0.1:") {
		t.Errorf("stdout is %q", said)
	}
}

// Beyond loopback every request must carry a signature that verifies.
func TestBeyondLoopbackRequestsMustBeSigned(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim", "--listen", "0.0.0.0:0") // the last --listen counts
	if !strings.HasPrefix(s.url, "http://127.0.0.1:") {
		t.Fatalf("ready at %s: nobody can call that", s.url)
	}
	file := filepath.Join(s.dataDir, "credentials")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the credentials file has mode %v", info.Mode())
	}

	status, exception, _ := post(t, s.url, ecsTarget+"ListClusters", `{}`)
	if status != http.StatusBadRequest || exception != "MissingAuthenticationTokenException" {
		t.Errorf("an unsigned request gets HTTP %d, %s", status, exception)
	}
	if _, err := s.tryAWS("ecs", "list-clusters"); err == nil || !strings.Contains(err.Error(), "(UnrecognizedClientException)") {
		t.Errorf("a request of a stranger's key gets %v", err)
	}
	c := s.caller(t)
	c.api = ecs.New(ecs.Options{
		Region: "us-east-1", BaseEndpoint: awssdk.String(s.url),
		Credentials: awssdk.CredentialsProviderFunc(func(context.Context) (awssdk.Credentials, error) {
			return awssdk.Credentials{AccessKeyID: issuedKey(t, file), SecretAccessKey: "guessed"}, nil
		}),
	})
	if _, err := c.api.CreateCluster(t.Context(), &ecs.CreateClusterInput{}); err == nil || !strings.Contains(err.Error(), "InvalidSignatureException") {
		t.Errorf("a request with a wrong secret gets %v", err)
	}

	cli := exec.Command("aws", "--endpoint-url", s.url, "--output", "json", "ecs", "list-clusters")
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") {
			cli.Env = append(cli.Env, v)
		}
	}
	cli.Env = append(cli.Env, "AWS_SHARED_CREDENTIALS_FILE="+file, "AWS_DEFAULT_REGION=us-east-1", "AWS_PAGER=")
	out, err := cli.CombinedOutput()
	if err != nil || !strings.Contains(string(out), arn+"cluster/default") {
		t.Errorf("the CLI with the issued key: %v: %s", err, out)
	}
	if out, code := s.steady("watch", "web"); code != 1 || !strings.Contains(out, "UnrecognizedClientException") && !strings.Contains(out, "security token") {
		t.Errorf("watch with a stranger's key ends with %d: %s", code, out)
	}

	// The key stays when the server starts again.
	before := issuedKey(t, file)
	s.stop()
	s.start()
	if after := issuedKey(t, file); after != before {
		t.Errorf("the access key became %s from %s", after, before)
	}
}

// issuedKey reads the access key's id.
func issuedKey(t *testing.T, file string) string {
	t.Helper()
	return issued(t, file, "aws_access_key_id")
}

// issued reads what a file of credentials says under a name.
func issued(t *testing.T, file, name string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if id, ok := strings.CutPrefix(line, name+" = "); ok {
			return strings.TrimSpace(id)
		}
	}
	t.Fatalf("there is no %s in %s", name, file)
	return ""
}

// On loopback no page of the web may call: a name may have been pointed here.
func TestPagesOfTheWebMayNotCall(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim")
	r, _ := http.NewRequest(http.MethodPost, s.url, strings.NewReader(`{}`))
	r.Header.Set("X-Amz-Target", ecsTarget+"ListClusters")
	r.Header.Set("Origin", "http://example.test")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("a page's request gets %s", res.Status)
	}
}
