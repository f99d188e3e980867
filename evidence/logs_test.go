package evidence

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestLogLocation(t *testing.T) {
	log := func(driver types.LogDriver, options ...string) *types.TaskDefinition {
		l := &types.LogConfiguration{LogDriver: driver, Options: map[string]string{}}
		for i := 0; i < len(options); i += 2 {
			l.Options[options[i]] = options[i+1]
		}
		return &types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), LogConfiguration: l}}}
	}
	task := types.Task{
		TaskArn: aws.String("arn:aws:ecs:eu-1:1:task/prod/task1"), TaskDefinitionArn: aws.String("arn:aws:ecs:eu-1:1:task-definition/web:7"),
		Containers: []types.Container{{Name: aws.String("app"), RuntimeId: aws.String("beef")}},
	}
	for _, c := range []struct {
		name string
		def  *types.TaskDefinition
		want string // "group stream"
	}{
		{"no definition known", nil, "/steady/prod web/app/task1"},
		{"no log configuration", &types.TaskDefinition{}, "/steady/prod web/app/task1"},
		{"awslogs", log("awslogs", "awslogs-group", "g", "awslogs-stream-prefix", "p"), "g p/app/task1"},
		{"awslogs without a prefix", log("awslogs", "awslogs-group", "g"), "g beef"},
		{"another driver", log("json-file"), "/steady/prod web/app/task1"},
		{"awslogs without a group", log("awslogs"), "/steady/prod web/app/task1"},
	} {
		got := ""
		col := &Collector{cluster: "arn:aws:ecs:eu-1:1:cluster/prod", definition: c.def}
		if group, stream, ok := col.logLocation(task, task.Containers[0]); ok {
			got = group + " " + stream
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
