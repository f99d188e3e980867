package endpoint

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/runtime"
)

var update = flag.Bool("update", false, "write the golden files anew")

const taskID = "0123456789abcdef0123456789abcdef"

var day = time.Date(2026, 3, 4, 5, 6, 7, 89, time.UTC)

// world is a server with one task of two containers, of which one runs.
type world struct {
	*Server
	t       *testing.T
	task    Task
	settled bool
	issued  int
	api     protector
	samples []string
	// healthExit is the exit code of the health check of app.
	healthExit int
}

// protector is the API in memory.
type protector struct {
	until   *time.Time
	failure *types.Failure
	err     error
	by      Credentials
}

func (p *protector) GetTaskProtection(_ context.Context, in *ecs.GetTaskProtectionInput, _ ...func(*ecs.Options)) (*ecs.GetTaskProtectionOutput, error) {
	if p.failure != nil {
		return &ecs.GetTaskProtectionOutput{Failures: []types.Failure{*p.failure}}, p.err
	}
	return &ecs.GetTaskProtectionOutput{ProtectedTasks: []types.ProtectedTask{{TaskArn: &in.Tasks[0], ProtectionEnabled: p.until != nil, ExpirationDate: p.until}}}, p.err
}

func (p *protector) UpdateTaskProtection(ctx context.Context, in *ecs.UpdateTaskProtectionInput, _ ...func(*ecs.Options)) (*ecs.UpdateTaskProtectionOutput, error) {
	p.until = nil
	if in.ProtectionEnabled {
		p.until = aws.Time(day.Add(time.Duration(aws.ToInt32(in.ExpiresInMinutes)) * time.Minute))
	}
	out, err := p.GetTaskProtection(ctx, &ecs.GetTaskProtectionInput{Tasks: in.Tasks})
	return &ecs.UpdateTaskProtectionOutput{ProtectedTasks: out.ProtectedTasks, Failures: out.Failures}, err
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, settled: true}
	w.task = Task{
		Task: &model.Task{
			ID: taskID, Cluster: "default", Service: "web", Desired: model.Running, Last: model.Running, LaunchType: types.LaunchTypeEc2,
			PullStartedAt: day, PullStoppedAt: day.Add(time.Second), Tags: []model.Tag{{Key: "team", Value: "blue"}},
			Containers: []model.Container{
				{ID: "c1", Name: "app", Image: "web:1", Digest: "sha256:1", RuntimeID: "d1", Last: model.Running, Checked: true, Health: model.Healthy, RestartCount: 2,
					Bindings: []model.Binding{{BindIP: "0.0.0.0", ContainerPort: 80, HostPort: 32768, Protocol: "tcp"}}},
				{ID: "c2", Name: "side", Image: "side:1", RuntimeID: "d2", Last: model.Stopped, Exit: model.Exit{Known: true, Code: 3}},
			},
		},
		Definition: &model.TaskDefinition{Family: "web", Revision: 7, CPU: 512, Memory: 128, Spec: types.TaskDefinition{
			TaskRoleArn: aws.String("arn:aws:iam::000000000000:role/web"),
			ContainerDefinitions: []types.ContainerDefinition{
				{Name: aws.String("app"), Cpu: 10, Memory: aws.Int32(64), PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80)}},
					RestartPolicy: &types.ContainerRestartPolicy{Enabled: aws.Bool(true)},
					LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
						"awslogs-group": "/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}}},
				{Name: aws.String("side")},
			},
		}},
		Instance: &model.Instance{AvailabilityZone: "us-east-1a", Tags: []model.Tag{{Key: "rack", Value: "4"}}},
	}
	w.Server = New(Config{
		Realm: model.Realm{Region: "us-east-1", Account: "000000000000"}, Port: 20001, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Key: func(about ...string) []byte {
			h := hmac.New(sha256.New, []byte("key"))
			h.Write([]byte(strings.Join(about, "\n")))
			return h.Sum(nil)
		},
		Task:       func(id string) (Task, bool) { return w.task, w.task.Task != nil && id == w.task.ID },
		TaskAt:     func(at string) (Task, bool) { return w.task, at == "172.20.0.2" },
		Settled:    func() bool { return w.settled },
		Inspect:    w.inspect,
		Statistics: w.statistics,
		Credentials: func(role, task string) (Credentials, error) {
			w.issued++
			if role == "" || task != taskID {
				return Credentials{}, errors.New("no such role")
			}
			return Credentials{role, "ASIAEXAMPLE", "secret", "token", time.Now().Add(6 * time.Hour)}, nil
		},
		ECS: func(c Credentials) ECS {
			w.api.by = c
			return &w.api
		},
	})
	return w
}

func (w *world) inspect(_ context.Context, id string) (runtime.Container, error) {
	c := runtime.Container{
		ID: id, Name: "ecs-web-7-" + id, ImageID: "sha256:2", Labels: map[string]string{"com.amazonaws.ecs.cluster": "default"},
		CreatedAt: day, StartedAt: day.Add(time.Second), State: runtime.Running, Address: "172.17.0.2", HealthOutput: "fine", HealthExitCode: w.healthExit,
		Mounts: []runtime.Mount{{Volume: "data", Source: "/var/lib/docker/volumes/data/_data", Target: "/data"}},
	}
	if id == "d2" {
		c.State, c.FinishedAt, c.Address = runtime.Exited, day.Add(2*time.Second), ""
	}
	return c, nil
}

func (w *world) statistics(_ context.Context, id string) (json.RawMessage, error) {
	if id != "d1" || len(w.samples) == 0 {
		return nil, &runtime.Error{Kind: runtime.NotFound, Name: "CannotGetContainerStatsError"}
	}
	s := w.samples[0]
	w.samples = w.samples[1:]
	return json.RawMessage(s), nil
}

// ask sends a request, in whose address EID, OTHER and CID stand for the ids.
func (w *world) ask(method, address, body string) (status int, answer string) {
	w.t.Helper()
	r := httptest.NewRequest(method, "http://"+Address+w.fill(address), strings.NewReader(body))
	r.RemoteAddr = "172.20.0.2:4711"
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec.Code, rec.Body.String()
}

func (w *world) fill(address string) string {
	return strings.NewReplacer("EID", w.newID(taskID, forContainer, "app"), "OTHER", w.newID(taskID, forContainer, "side"), "CID", w.newID(taskID, forCredentials)).Replace(address)
}

// golden compares an answer with the one in a file.
func golden(t *testing.T, name, answer string) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(answer), &v); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(b)+"\n" != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, b, want)
	}
}
