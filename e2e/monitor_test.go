package e2e

import (
	"strings"
	"syscall"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// A monitor says what happens to services, and keeps what the server forgets.
func TestMonitorTellsAndRecords(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim")
	c := s.caller(t)
	m := s.client(t, "monitor", "--data-dir", t.TempDir(), "--listen", "127.0.0.1:0", "--every", "200ms")
	m.until("query it with --endpoint ")
	_, url, _ := strings.Cut(m.said[0], "--endpoint ")

	c.service("shop", 1, types.ContainerDefinition{Name: awssdk.String("app"), Image: awssdk.String("shop:v1"), Memory: awssdk.Int32(64)})
	m.until("default/shop  deployment started. The deployment of shop:1 began.")
	m.until("default/shop  deployment completed. The deployment of shop:1 completed.")
	task := *c.onlyTask("shop").TaskArn
	c.stop(task)

	logs := cloudwatchlogs.New(cloudwatchlogs.Options{Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("any", "any", "")})
	eventually(t, func() string {
		out, err := logs.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{
			LogGroupName:  awssdk.String("/aws/events/ecs/containerinsights/default/performance"),
			FilterPattern: awssdk.String(`{ $.detail.lastStatus = "STOPPED" && $.detail.taskArn = "` + task + `" }`)})
		if err != nil {
			return err.Error()
		}
		if len(out.Events) != 1 || !strings.Contains(*out.Events[0].Message, `"stoppedReason":"Task stopped by user"`) {
			return "the end of the task is not on record"
		}
		return ""
	})
	m.process.Process.Signal(syscall.SIGTERM)
	if err := m.process.Wait(); err != nil {
		t.Errorf("the monitor ended with %v", err)
	}
}
