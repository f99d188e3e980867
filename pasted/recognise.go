package pasted

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"steady/diagnose"
)

// object is a JSON object.
type object = map[string]any

// recognise takes a JSON value for what its members say that it is.
func (p *Pile) recognise(name string, value any) {
	switch v := value.(type) {
	case object:
		p.recogniseObject(name, v)
	case []any:
		for i, element := range v {
			p.recognise(fmt.Sprintf("%s[%d]", name, i), element)
		}
	case string:
		for line := range strings.Lines(v) {
			p.addLine(name, line)
		}
	}
}

// A shape is something that is recognised by a member of it.
type shape struct {
	has  string
	also string // another member that it has to have; empty: none
	take func(p *Pile, name string, o object) error
}

// shapes are tried in their order: single things, as --query cuts them out, and
// events; then answers of the AWS CLI, which hold them.
func shapes() []shape {
	return []shape{
		{"detail-type", "detail", (*Pile).addEvent},
		{"taskArn", "lastStatus", (*Pile).addTask},
		{"serviceName", "deployments", (*Pile).addService},
		{"containerInstanceArn", "registeredResources", (*Pile).addInstance},
		{"serviceDeploymentArn", "status", (*Pile).addRollout},
		{"containerDefinitions", "", (*Pile).addDefinition},
		{"TargetHealth", "Target", (*Pile).addTarget},
		{"TargetGroupArn", "HealthCheckIntervalSeconds", (*Pile).addTargetGroup},
		{"GroupId", "IpPermissions", (*Pile).addSecurityGroup},
		{"message", "timestamp", (*Pile).addLog},
		{"message", "createdAt", (*Pile).addServiceEvent},

		{"tasks", "", (*Pile).addAnswer},
		{"services", "", (*Pile).addAnswer},
		{"containerInstances", "", (*Pile).addAnswer},
		{"serviceDeployments", "", (*Pile).addAnswer},
		{"task", "", (*Pile).addDescribed},
		{"service", "", (*Pile).addDescribed},
		{"taskDefinition", "", (*Pile).addDescribed},
		{"TargetHealthDescriptions", "", (*Pile).addTargets},
		{"TargetGroups", "", (*Pile).addTargetGroups},
		{"SecurityGroups", "", (*Pile).addSecurityGroups},
		{"events", "", (*Pile).addLogs},
		{"failures", "", (*Pile).addFailures},
		{"__type", "", (*Pile).addException},
		{"Records", "", (*Pile).addWrapped},
		{"Messages", "", (*Pile).addWrapped},
		{"body", "", (*Pile).addWrapped},
		{"Body", "", (*Pile).addWrapped},
	}
}

func (p *Pile) recogniseObject(name string, o object) {
	for _, s := range shapes() {
		if o[s.has] == nil || s.also != "" && o[s.also] == nil {
			continue
		}
		if err := s.take(p, name, o); err != nil {
			p.unread = append(p.unread, fmt.Sprintf("%s holds %q, but not as the AWS CLI prints it: %v.", name, s.has, err))
		}
		return
	}
	// A program's log line may be JSON as well.
	for _, key := range []string{"message", "msg", "log", "error", "reason", "stoppedReason"} {
		if text, ok := o[key].(string); ok {
			p.addLine(name, text)
			return
		}
	}
	p.unread = append(p.unread, name+" holds JSON that is nothing known: the answers of describe-services, describe-tasks, describe-task-definition, describe-container-instances, describe-target-health, and EventBridge events are.")
}

// addAnswer takes an answer with a list of things and of failures.
func (p *Pile) addAnswer(name string, o object) error {
	for _, key := range []string{"tasks", "services", "containerInstances", "serviceDeployments"} {
		if o[key] != nil {
			p.recognise(name, o[key])
		}
	}
	return p.addFailures(name, o)
}

// addDescribed takes what stands alone in an answer.
func (p *Pile) addDescribed(name string, o object) error {
	for _, key := range []string{"taskDefinition", "service", "task"} {
		if inner, ok := o[key].(object); ok {
			p.recognise(name, inner)
		}
	}
	return nil
}

func (p *Pile) addFailures(_ string, o object) error {
	failures, _ := o["failures"].([]any)
	for _, f := range failures {
		if failure, ok := f.(object); ok {
			if reason, ok := failure["reason"].(string); ok {
				p.answers = append(p.answers, reason)
			}
		}
	}
	return nil
}

func (p *Pile) addException(_ string, o object) error {
	message, _ := o["message"].(string)
	if message == "" {
		message, _ = o["Message"].(string)
	}
	kind, _ := o["__type"].(string)
	p.answers = append(p.answers, strings.TrimSpace(kind+": "+message))
	return nil
}

func (p *Pile) addTask(_ string, o object) error {
	t, err := as[types.Task](o)
	if err != nil {
		return err
	}
	p.keepTask(t, t.Version)
	return nil
}

func (p *Pile) keepTask(t types.Task, number int64) {
	arn := aws.ToString(t.TaskArn)
	if old, ok := p.tasks[arn]; ok && old.number > number {
		return
	}
	if p.tasks == nil {
		p.tasks = map[string]version[types.Task]{}
	}
	p.tasks[arn] = version[types.Task]{number, t}
	p.saw(t.CreatedAt, t.StartedAt, t.StoppingAt, t.StoppedAt)
}

func (p *Pile) addService(_ string, o object) error {
	s, err := as[types.Service](o)
	if err != nil {
		return err
	}
	p.services = append(p.services, s)
	for _, e := range s.Events {
		p.saw(e.CreatedAt)
	}
	for _, d := range s.Deployments {
		p.saw(d.CreatedAt, d.UpdatedAt)
	}
	return nil
}

func (p *Pile) addInstance(_ string, o object) error {
	i, err := as[types.ContainerInstance](o)
	if err != nil {
		return err
	}
	arn := aws.ToString(i.ContainerInstanceArn)
	if old, ok := p.instances[arn]; ok && old.number > i.Version {
		return nil
	}
	if p.instances == nil {
		p.instances = map[string]version[types.ContainerInstance]{}
	}
	p.instances[arn] = version[types.ContainerInstance]{i.Version, i}
	return nil
}

func (p *Pile) addRollout(_ string, o object) error {
	r, err := as[types.ServiceDeployment](o)
	if err == nil {
		p.rollouts = append(p.rollouts, r)
	}
	return err
}

func (p *Pile) addDefinition(_ string, o object) error {
	d, err := as[types.TaskDefinition](o)
	if err != nil {
		return err
	}
	if p.definitions == nil {
		p.definitions = map[string]types.TaskDefinition{}
	}
	p.definitions[aws.ToString(d.TaskDefinitionArn)] = d
	return nil
}

// addTargets takes an answer of describe-target-health, which does not name its
// target group.
func (p *Pile) addTargets(name string, o object) error {
	all, _ := o["TargetHealthDescriptions"].([]any)
	p.recognise(name, all)
	return nil
}

func (p *Pile) addTarget(_ string, o object) error {
	t, err := as[elb.TargetHealthDescription](o)
	if err != nil {
		return err
	}
	if p.targets == nil {
		p.targets = map[string][]elb.TargetHealthDescription{}
	}
	p.targets[""] = append(p.targets[""], t)
	return nil
}

func (p *Pile) addTargetGroups(name string, o object) error {
	p.recognise(name, o["TargetGroups"])
	return nil
}

func (p *Pile) addTargetGroup(_ string, o object) error {
	g, err := as[elb.TargetGroup](o)
	if err == nil {
		p.targetGroups = append(p.targetGroups, g)
	}
	return err
}

func (p *Pile) addSecurityGroups(name string, o object) error {
	p.recognise(name, o["SecurityGroups"])
	return nil
}

// addSecurityGroup keeps the TCP ports that a group lets in. "-1: all protocols".
func (p *Pile) addSecurityGroup(_ string, o object) error {
	g, err := as[struct {
		GroupID       string `json:"GroupId"`
		IPPermissions []struct {
			IPProtocol       string `json:"IpProtocol"`
			FromPort, ToPort int
		} `json:"IpPermissions"`
	}](o)
	if err != nil {
		return err
	}
	group := diagnose.SecurityGroup{ID: g.GroupID}
	for _, permission := range g.IPPermissions {
		switch permission.IPProtocol {
		case "-1":
			group.Ingress = append(group.Ingress, diagnose.PortRange{From: 0, To: 65535})
		case "tcp", "6":
			group.Ingress = append(group.Ingress, diagnose.PortRange{From: permission.FromPort, To: permission.ToPort})
		}
	}
	p.groups = append(p.groups, group)
	return nil
}

func (p *Pile) addServiceEvent(_ string, o object) error {
	e, err := as[types.ServiceEvent](o)
	if err == nil {
		p.keepEvent("", e)
	}
	return err
}

func (p *Pile) keepEvent(service string, e types.ServiceEvent) {
	if p.events == nil {
		p.events = map[string][]types.ServiceEvent{}
	}
	p.events[service] = append(p.events[service], e)
	p.saw(e.CreatedAt)
}

// addWrapped takes what Lambda and SQS put around events.
func (p *Pile) addWrapped(name string, o object) error {
	for _, key := range []string{"Records", "Messages"} {
		if o[key] != nil {
			p.recognise(name, o[key])
			return nil
		}
	}
	for _, key := range []string{"body", "Body"} {
		if text, ok := o[key].(string); ok {
			p.Add(name, []byte(text))
		}
	}
	return nil
}

// saw keeps the latest time: what was saved was so at that moment, as far as known.
func (p *Pile) saw(times ...*time.Time) {
	for _, at := range times {
		if at != nil && at.After(p.latest) {
			p.latest = *at
		}
	}
}

// addEvent takes an EventBridge event.
func (p *Pile) addEvent(name string, o object) error {
	e, err := as[struct {
		ID         string
		Time       time.Time
		DetailType string `json:"detail-type"`
		Resources  []string
	}](o)
	if err != nil {
		return err
	}
	if p.seen[e.ID] && e.ID != "" {
		return nil
	}
	if p.seen == nil {
		p.seen = map[string]bool{}
	}
	p.seen[e.ID] = true
	detail, _ := o["detail"].(object)
	service := ""
	if i := slices.IndexFunc(e.Resources, func(arn string) bool { return strings.Contains(arn, ":service/") }); i >= 0 {
		service = lastPart(e.Resources[i])
	}
	switch e.DetailType {
	case "ECS Task State Change":
		return p.addTask(name, detail)
	case "ECS Container Instance State Change":
		return p.addInstance(name, detail)
	case "ECS Service Action", "ECS Deployment State Change":
		p.addAction(service, e.Time, detail)
		return nil
	}
	return fmt.Errorf("the detail-type %q is none of those that matter here", e.DetailType)
}

// addAction keeps an event of a service: its reason where it has one, as that says
// more than its name. That a deployment completed says nothing: a roll-back
// completes as well.
func (p *Pile) addAction(service string, at time.Time, detail object) {
	for _, key := range []string{"reason", "eventName"} {
		if text, _ := detail[key].(string); text != "" {
			if key == "reason" {
				text = withDeployment(text, detail)
			}
			p.keepEvent(service, types.ServiceEvent{CreatedAt: &at, Message: &text})
		}
	}
}

// withDeployment adds the deployment that an event is of, as service events name it.
func withDeployment(text string, detail object) string {
	if id, _ := detail["deploymentId"].(string); strings.HasPrefix(id, "ecs-svc/") && !strings.Contains(text, id) {
		return "(deployment " + id + ") " + text
	}
	return text
}
