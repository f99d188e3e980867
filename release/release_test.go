package release

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// account is an ECS with one service, as far as a release sees it.
type account struct {
	running   string   // family:revision that the service runs
	revisions []string // of family web, "image" by number from 1; empty: INACTIVE
	completed []string // revisions whose deployments succeeded, newest first
	asked     []string // what was called that changes something
}

func arn(revision string) string {
	return "arn:aws:ecs:us-east-1:000000000000:task-definition/" + revision
}

func (a *account) DescribeServices(_ context.Context, in *ecs.DescribeServicesInput, _ ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	if in.Services[0] != "web" {
		return &ecs.DescribeServicesOutput{}, nil
	}
	return &ecs.DescribeServicesOutput{Services: []types.Service{{TaskDefinition: aws.String(arn(a.running))}}}, nil
}

func (a *account) UpdateService(_ context.Context, in *ecs.UpdateServiceInput, _ ...func(*ecs.Options)) (*ecs.UpdateServiceOutput, error) {
	a.running = name(*in.TaskDefinition)
	a.asked = append(a.asked, fmt.Sprintf("update to %s, forced %v, desired %d", a.running, in.ForceNewDeployment, aws.ToInt32(in.DesiredCount)))
	return &ecs.UpdateServiceOutput{Service: &types.Service{Deployments: []types.Deployment{
		{Id: aws.String("ecs-svc/2"), Status: aws.String("PRIMARY"), TaskDefinition: aws.String(arn(a.running))},
		{Id: aws.String("ecs-svc/1"), Status: aws.String("ACTIVE")},
	}}}, nil
}

func (a *account) DescribeTaskDefinition(_ context.Context, in *ecs.DescribeTaskDefinitionInput, _ ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	var number int
	if _, err := fmt.Sscanf(name(*in.TaskDefinition), "web:%d", &number); err != nil || number > len(a.revisions) {
		return nil, fmt.Errorf("Unable to describe task definition.")
	}
	d := &types.TaskDefinition{Family: aws.String("web"), Status: types.TaskDefinitionStatusActive, ContainerDefinitions: []types.ContainerDefinition{
		{Name: aws.String("app"), Image: aws.String(a.revisions[number-1])}}}
	if a.revisions[number-1] == "" {
		d.Status = types.TaskDefinitionStatusInactive
	}
	return &ecs.DescribeTaskDefinitionOutput{TaskDefinition: d}, nil
}

func (a *account) RegisterTaskDefinition(_ context.Context, in *ecs.RegisterTaskDefinitionInput, _ ...func(*ecs.Options)) (*ecs.RegisterTaskDefinitionOutput, error) {
	image := aws.ToString(in.ContainerDefinitions[0].Image)
	a.revisions = append(a.revisions, image)
	a.asked = append(a.asked, "register "+image)
	return &ecs.RegisterTaskDefinitionOutput{TaskDefinition: &types.TaskDefinition{
		TaskDefinitionArn: aws.String(arn(fmt.Sprintf("web:%d", len(a.revisions))))}}, nil
}

func (a *account) ListServiceDeployments(context.Context, *ecs.ListServiceDeploymentsInput, ...func(*ecs.Options)) (*ecs.ListServiceDeploymentsOutput, error) {
	out := new(ecs.ListServiceDeploymentsOutput)
	for _, revision := range a.completed {
		out.ServiceDeployments = append(out.ServiceDeployments, types.ServiceDeploymentBrief{TargetServiceRevisionArn: aws.String("sr/" + revision)})
	}
	return out, nil
}

func (a *account) DescribeServiceRevisions(_ context.Context, in *ecs.DescribeServiceRevisionsInput, _ ...func(*ecs.Options)) (*ecs.DescribeServiceRevisionsOutput, error) {
	return &ecs.DescribeServiceRevisionsOutput{ServiceRevisions: []types.ServiceRevision{
		{TaskDefinition: aws.String(arn(name(in.ServiceRevisionArns[0])))}}}, nil
}

var web = Service{"default", "web"}

func TestDeploy(t *testing.T) {
	for _, story := range []struct {
		name  string
		r     Request
		asked string
		as    Released
		err   string
	}{
		{"another image", Request{Service: web, Change: Change{Images: map[string]string{"": "app:v3"}}},
			"register app:v3 · update to web:3, forced true, desired 0", Released{"ecs-svc/2", "web:3", true, "web:2"}, ""},
		{"another tag", Request{Service: web, Change: Change{ImageTag: "v4"}},
			"register app:v4 · update to web:3, forced true, desired 0", Released{"ecs-svc/2", "web:3", true, "web:2"}, ""},
		{"the image that it has", Request{Service: web, Change: Change{ImageTag: "v2"}},
			"update to web:2, forced true, desired 0", Released{"ecs-svc/2", "web:2", false, "web:2"}, ""},
		{"nothing but tags", Request{Service: web, Change: Change{Tags: map[string]string{"commit": "1f3"}}},
			"register app:v2 · update to web:3, forced true, desired 0", Released{"ecs-svc/2", "web:3", true, "web:2"}, ""},
		{"a revision", Request{Service: web, TaskDefinition: "web:1", Desired: aws.Int32(5)},
			"update to web:1, forced true, desired 5", Released{"ecs-svc/2", "web:1", false, "web:2"}, ""},
		{"a definition", Request{Service: web, Definition: &ecs.RegisterTaskDefinitionInput{Family: aws.String("web"), ContainerDefinitions: []types.ContainerDefinition{{Image: aws.String("new")}}}},
			"register new · update to web:3, forced true, desired 0", Released{"ecs-svc/2", "web:3", true, "web:2"}, ""},
		{"anew", Request{Service: web}, "update to web:2, forced true, desired 0", Released{"ecs-svc/2", "web:2", false, "web:2"}, ""},
		{"no such container", Request{Service: web, Change: Change{Images: map[string]string{"db": "x"}}}, "", Released{},
			`make a new revision of web: it has no container "db"; it has app`},
		{"no such service", Request{Service: Service{"default", "api"}}, "", Released{},
			"describe service api: no such service in cluster default; check the name and the cluster"},
	} {
		t.Run(story.name, func(t *testing.T) {
			a := &account{running: "web:2", revisions: []string{"app:v1", "app:v2"}}
			got, err := Deploy(t.Context(), a, story.r)
			if says(err) != story.err || err == nil && got != story.as {
				t.Errorf("released %+v, %v", got, err)
			}
			if asked := strings.Join(a.asked, " · "); asked != story.asked {
				t.Errorf("it asked: %s", asked)
			}
		})
	}
}

func TestRollBack(t *testing.T) {
	for _, story := range []struct {
		name      string
		running   string
		completed []string
		to        string
		asked     string
		err       string
	}{
		{"from one that completed", "web:3", []string{"web:3", "web:3", "web:2", "web:1"}, "", "update to web:2, forced true, desired 0", ""},
		{"from one that failed", "web:3", []string{"web:1"}, "", "update to web:1, forced true, desired 0", ""},
		{"to one that is named", "web:3", nil, "web:1", "update to web:1, forced true, desired 0", ""},
		{"to nothing", "web:3", []string{"web:3"}, "", "", "roll back service web: no earlier deployment of it has succeeded with another revision than web:3; name one with --to"},
		{"to one whose image is gone", "web:3", []string{"web:1"}, "", "", "roll back service web: web:1 could not run: there is no image app:v1; mend that, name another revision with --to, or go back all the same with steady rollback --force"},
		{"to one that was deregistered", "web:3", []string{"web:4"}, "", "", "roll back service web: web:4 is INACTIVE: no task of it can be started; name another revision with --to"},
	} {
		t.Run(story.name, func(t *testing.T) {
			a := &account{running: story.running, revisions: []string{"app:v1", "app:v2", "app:v3", ""}, completed: story.completed}
			_, err := RollBack(t.Context(), a, web, story.to, func(_ context.Context, d types.TaskDefinition) error {
				if strings.Contains(story.name, "is gone") {
					return fmt.Errorf("there is no image %s", *d.ContainerDefinitions[0].Image)
				}
				return nil
			})
			if asked := strings.Join(a.asked, " · "); asked != story.asked || says(err) != story.err {
				t.Errorf("it asked: %s; %v", asked, err)
			}
		})
	}
}

func says(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A new revision differs from the old one in nothing but what was to change, whatever
// members ECS adds.
func TestReviseKeepsAllElse(t *testing.T) {
	in, from := reflect.TypeFor[ecs.RegisterTaskDefinitionInput](), reflect.TypeFor[types.TaskDefinition]()
	for _, member := range reflect.VisibleFields(in) {
		d, there := from.FieldByName(member.Name)
		if member.IsExported() && member.Name != "Tags" && (!there || d.Type != member.Type) {
			t.Errorf("%s would be lost", member.Name)
		}
	}
	old := types.TaskDefinition{
		Family: aws.String("web"), Cpu: aws.String("256"), NetworkMode: types.NetworkModeBridge,
		ContainerDefinitions: []types.ContainerDefinition{
			{Name: aws.String("app"), Image: aws.String("r:5000/app:v1"), Cpu: 3},
			{Name: aws.String("side"), Image: aws.String("side@sha256:1"), Essential: aws.Bool(false)}},
	}
	tags := []types.Tag{{Key: aws.String("aws:cloudformation:stack-name"), Value: aws.String("s")}, {Key: aws.String("team"), Value: aws.String("a")}, {Key: aws.String("commit"), Value: aws.String("0")}}
	got, err := Revise(old, tags, Change{Images: map[string]string{"": "r:5000/app:v2"}, ImageTag: "v9", Tags: map[string]string{"commit": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	want := &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("web"), Cpu: aws.String("256"), NetworkMode: types.NetworkModeBridge,
		ContainerDefinitions: []types.ContainerDefinition{
			{Name: aws.String("app"), Image: aws.String("r:5000/app:v2"), Cpu: 3},
			{Name: aws.String("side"), Image: aws.String("side:v9"), Essential: aws.Bool(false)}},
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}, {Key: aws.String("commit"), Value: aws.String("1")}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if *old.ContainerDefinitions[0].Image != "r:5000/app:v1" {
		t.Error("the old revision was changed")
	}
}

func TestRetag(t *testing.T) {
	for image, want := range map[string]string{
		"app": "app:v2", "app:v1": "app:v2", "r:5000/app": "r:5000/app:v2", "r:5000/a/app:v1": "r:5000/a/app:v2", "app:v1@sha256:00": "app:v2",
	} {
		if got := retag(image, "v2"); got != want {
			t.Errorf("%s became %s", image, got)
		}
	}
}

func TestRead(t *testing.T) {
	const good = `"family": "web", "containerDefinitions": [{"name": "app", "image": "i", "portMappings": [{"containerPort": 80}]}]`
	for _, story := range []struct{ text, err string }{
		{`{` + good + `, "tags": [{"key": "a", "value": "b"}]}`, ""},
		{`{"taskDefinition": {` + good + `, "revision": 3, "status": "ACTIVE", "registeredAt": 1.5, "requiresAttributes": [{"name": "x"}]}, "tags": [{"key": "a", "value": "b"}]}`, ""},
		{`{` + good + `, "networkmode_": "host"}`, `read the task definition: json: unknown field "networkmode_"`},
		{`{"family": "web"}`, "read the task definition: it needs a family and containerDefinitions"},
		{`[]`, "read the task definition: json: cannot unmarshal array into Go value of type map[string]json.RawMessage"},
		{``, "read the task definition: unexpected end of JSON input"},
	} {
		in, err := Read(strings.NewReader(story.text))
		if says(err) != story.err {
			t.Errorf("%s: %v", story.text, err)
		}
		if err == nil && (*in.Family != "web" || *in.ContainerDefinitions[0].PortMappings[0].ContainerPort != 80 ||
			!slices.ContainsFunc(in.Tags, func(g types.Tag) bool { return *g.Key == "a" })) {
			t.Errorf("%s was read as %+v", story.text, in)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"taskDefinition": {"family": "web", "containerDefinitions": [{}]}, "tags": []}`)
	f.Fuzz(func(t *testing.T, text string) {
		if in, err := Read(strings.NewReader(text)); err == nil && in.Family == nil {
			t.Error("a definition without a family was read")
		}
	})
}
