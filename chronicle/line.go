package chronicle

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// event is what a line tells of an event of EventBridge.
type event struct {
	Kind      string `json:"detail-type"`
	Time      string `json:"time"`
	Resources []string
	Detail    struct {
		// Of tasks.
		Version                                             int64
		LastStatus, DesiredStatus, Group, TaskDefinitionArn string
		StopCode, StoppedReason                             string
		Containers                                          []container
		Attachments                                         []attachment
		ContainerInstanceArn, Connectivity                  string
		PullStartedAt, PullStoppedAt, ExecutionStoppedAt    string
		// Of container instances.
		Status, EC2InstanceID string
		AgentConnected        bool
		VersionInfo           struct{ AgentVersion string }
		RemainingResources    []resource
		// Of services and deployments.
		EventType, EventName, DeploymentID, Reason string
		ContainerInstanceArns, TaskArns            []string
	}
}

type container struct {
	Name, Reason            string
	LastStatus, ImageDigest string
	ExitCode                *int
	NetworkInterfaces       []struct{ PrivateIPv4Address string }
}

type attachment struct {
	Type, Status string
	Details      []struct{ Name, Value string }
}

// detail is what an attachment tells by that name.
func (a attachment) detail(name string) string {
	for _, d := range a.Details {
		if d.Name == name {
			return d.Value
		}
	}
	return ""
}

type resource struct {
	Name         string
	IntegerValue int
}

// taskChange is the detail-type of a task's events.
const taskChange = "ECS Task State Change"

// read reads an event. ok is false for what is no event in JSON.
func read(message string) (e event, ok bool) {
	err := json.Unmarshal([]byte(message), &e)
	return e, err == nil && len(e.Resources) > 0
}

// line tells an event by itself.
func (e *event) line() string {
	switch e.Kind {
	case taskChange:
		return e.task()
	case "ECS Container Instance State Change":
		return e.instance()
	case "ECS Deployment State Change":
		return fmt.Sprintf("service %s  deployment %s %s: %s", last(e.Resources[0]), e.Detail.DeploymentID,
			strings.TrimPrefix(e.Detail.EventName, "SERVICE_DEPLOYMENT_"), e.Detail.Reason)
	case "ECS Service Action":
		return e.action()
	}
	return e.Kind + "  " + e.Resources[0]
}

func (e *event) task() string {
	d := e.Detail
	line := fmt.Sprintf("task %s  %s of %s  %s", last(e.Resources[0]), last(d.TaskDefinitionArn), d.Group, d.LastStatus)
	why := ""
	if d.StopCode != "" || d.StoppedReason != "" {
		why = ": " + strings.Trim(d.StopCode+": "+d.StoppedReason, ": ")
	}
	switch {
	case d.LastStatus == "STOPPED":
		return line + why + exits(d.Containers)
	case d.DesiredStatus == "STOPPED":
		return line + ", to be STOPPED" + why
	}
	return line
}

// exits tells how the containers of a task ended, as far as they tell.
func exits(containers []container) string {
	var all []string
	for _, c := range containers {
		text := c.Reason
		if c.ExitCode != nil {
			text = strings.TrimSuffix(fmt.Sprintf("exit code %d, %s", *c.ExitCode, c.Reason), ", ")
		}
		if text != "" {
			all = append(all, c.Name+": "+text)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, "; ") + ")"
}

func (e *event) instance() string {
	d := e.Detail
	agent := "connected"
	if !d.AgentConnected {
		agent = "not connected"
	}
	line := fmt.Sprintf("container instance %s  %s, agent %s %s", last(e.Resources[0]), d.Status, cmp.Or(d.VersionInfo.AgentVersion, "of unknown version"), agent)
	for _, r := range d.RemainingResources {
		switch r.Name {
		case "CPU":
			line += fmt.Sprintf(", %d CPU units", r.IntegerValue)
		case "MEMORY":
			line += fmt.Sprintf(" and %d MiB free", r.IntegerValue)
		}
	}
	return line
}

func (e *event) action() string {
	d := e.Detail
	line := fmt.Sprintf("service %s  %s", last(e.Resources[0]), d.EventName)
	if d.EventType != "INFO" {
		line += " (" + d.EventType + ")"
	}
	if d.Reason != "" {
		line += ": " + d.Reason
	}
	for _, arn := range d.ContainerInstanceArns {
		line += " on container instance " + last(arn)
	}
	for i, arn := range d.TaskArns {
		if i == 0 {
			line += ":"
		}
		line += " " + last(arn)
	}
	return line
}

// last is the part of an ARN behind its last slash.
func last(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// stamp is how a line begins.
func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }
