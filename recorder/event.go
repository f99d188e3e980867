package recorder

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
	"steady/monitor"
)

// observed is an event in the form of EventBridge that was made from what the API told,
// not sent by ECS.
type observed struct {
	model.Envelope
	Observed string `json:"observed"`
}

func wrap(id, kind, resource string, at time.Time, detail any) (string, error) {
	e := observed{Observed: "by asking the API", Envelope: model.Envelope{
		Version: "0", ID: id, DetailType: kind, Source: "aws.ecs", Time: model.EventTime(at), Resources: []string{resource}, Detail: detail,
	}}
	if parts := strings.SplitN(resource, ":", 6); len(parts) == 6 {
		e.Region, e.Account = parts[3], parts[4]
	}
	b, err := json.Marshal(e)
	return string(b), err
}

// stableID names an observation, so that the same one, made again, is known.
func stableID(parts ...string) string {
	h := sha1.Sum([]byte(strings.Join(parts, "\n")))
	h[6], h[8] = h[6]&0x0f|0x50, h[8]&0x3f|0x80 // a UUID of version 5
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// taskEvent is a task as a task state change tells it. "Event is not API": times are
// text, an elastic network interface is an eni, and a managed agent has a status.
func taskEvent(t types.Task, at time.Time) (id, event string, err error) {
	arn := aws.ToString(t.TaskArn)
	id = stableID(arn, fmt.Sprint(t.Version), aws.ToString(t.LastStatus), aws.ToString(t.DesiredStatus))
	encoded, err := awsapi.Encode(&t)
	if err != nil {
		return "", "", fmt.Errorf("encode task %s: %w", arn, err)
	}
	var detail map[string]any
	if err := json.Unmarshal(encoded, &detail); err != nil {
		return "", "", fmt.Errorf("encode task %s: %w", arn, err)
	}
	for name, value := range detail {
		if seconds, is := value.(float64); is && strings.HasSuffix(name, "At") {
			detail[name] = instant(time.UnixMicro(int64(seconds * 1e6)))
		}
	}
	rename(detail["attachments"], func(m map[string]any) {
		if m["type"] == "ElasticNetworkInterface" {
			m["type"] = "eni"
		}
	})
	rename(detail["containers"], func(m map[string]any) {
		rename(m["managedAgents"], func(a map[string]any) {
			a["status"] = a["lastStatus"]
			delete(a, "lastStatus")
		})
	})
	detail["updatedAt"] = instant(at)
	event, err = wrap(id, taskKind, arn, at, detail)
	return id, event, err
}

func rename(list any, change func(map[string]any)) {
	members, _ := list.([]any)
	for _, m := range members {
		if object, is := m.(map[string]any); is {
			change(object)
		}
	}
}

// instant is a time in the form of details.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// eventNames are ECS's names for what happens to deployments.
var eventNames = map[monitor.Kind][2]string{
	monitor.DeploymentStarted:   {"INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"},
	monitor.DeploymentCompleted: {"INFO", "SERVICE_DEPLOYMENT_COMPLETED"},
	monitor.DeploymentFailed:    {"ERROR", "SERVICE_DEPLOYMENT_FAILED"},
}

// happeningEvent is what happened to a service: a deployment state change, or, for what
// ECS has no event for, one of Steady's own.
func happeningEvent(s types.Service, h monitor.Happening) (id, event string, err error) {
	arn := aws.ToString(s.ServiceArn)
	id = stableID(arn, string(h.Kind), h.Deployment)
	kind, names := "ECS Deployment State Change", eventNames[h.Kind]
	if names[0] == "" {
		kind, names = "Steady Service State Change", [2]string{"INFO", strings.ToUpper(strings.ReplaceAll(string(h.Kind), " ", "_"))}
		if h.Kind != monitor.DeploymentStalled { // which is told once of each
			id = stableID(arn, string(h.Kind), instant(h.At))
		}
	}
	event, err = wrap(id, kind, arn, h.At, map[string]any{
		"eventType": names[0], "eventName": names[1], "clusterArn": aws.ToString(s.ClusterArn),
		"deploymentId": h.Deployment, "updatedAt": instant(h.At), "reason": h.Text, "taskDefinition": h.Revision,
	})
	return id, event, err
}

// taskKind is the detail-type of a task's state change.
const taskKind = "ECS Task State Change"

// messageKind is the detail-type of a service's message, which ECS has no event for.
const messageKind = "Steady Service Message"

// messageEvent is a message of a service's event list, which ECS keeps a hundred of.
func messageEvent(s types.Service, e types.ServiceEvent) (id, event string, err error) {
	id, arn := aws.ToString(e.Id), aws.ToString(s.ServiceArn)
	event, err = wrap(id, messageKind, arn, aws.ToTime(e.CreatedAt), map[string]any{
		"clusterArn": aws.ToString(s.ClusterArn), "createdAt": instant(aws.ToTime(e.CreatedAt)), "message": aws.ToString(e.Message),
	})
	return id, event, err
}
