// Package pasted reads evidence that somebody saved or copied: what the AWS CLI
// printed, EventBridge events, log excerpts, lines of a console or a ticket. Each is
// recognised by what it is, not by its file's name.
// It never judges and never fetches anything.
package pasted

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"steady/diagnose"
)

// Pile is all that was recognised so far. The zero value is empty.
type Pile struct {
	services     []types.Service
	tasks        map[string]version[types.Task] // by ARN
	definitions  map[string]types.TaskDefinition
	instances    map[string]version[types.ContainerInstance]
	rollouts     []types.ServiceDeployment
	targets      map[string][]elb.TargetHealthDescription
	targetGroups []elb.TargetGroup
	groups       []diagnose.SecurityGroup
	events       map[string][]types.ServiceEvent // that stand alone, by service; "" if unknown
	logs         map[string][]diagnose.Line
	answers      []string
	said         []diagnose.Said
	seen         map[string]bool // ids of EventBridge events: "EventBridge is at-least-once"
	latest       time.Time       // of all times that were read
	unread       []string
}

// version keeps the newest of several descriptions: "duplicates have equal version",
// and events come in any order.
type version[T any] struct {
	number int64
	value  T
}

// Add reads one file or paste. Text that is no JSON is read line by line; nothing is
// an error, but what is JSON and not known is told by the case.
func (p *Pile) Add(name string, content []byte) {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	rest, number := content, 1
	skip := func(n int) {
		number += bytes.Count(rest[:n], []byte("\n"))
		rest = rest[n:]
	}
	for {
		skip(len(rest) - len(bytes.TrimLeft(rest, " \t\r\n,")))
		if len(rest) == 0 {
			return
		}
		if rest[0] == '{' || rest[0] == '[' {
			if value, n, ok := decode(rest); ok {
				p.recognise(name, value)
				skip(n)
				continue
			}
		}
		line, _, _ := bytes.Cut(rest, []byte("\n"))
		p.addLine(fmt.Sprintf("line %d of %s", number, name), string(line[:min(len(line), lineRead)]))
		skip(min(len(line)+1, len(rest)))
	}
}

// lineRead is how many bytes of a line are looked at.
const lineRead = 16 << 10

// decode reads one JSON value and tells how long it is. A bracket that begins a line
// of text is none.
func decode(b []byte) (value any, length int, ok bool) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return nil, 0, false
	}
	return value, int(d.InputOffset()), true
}

// Cases puts together what belongs together: a case for each service, one for each
// task that is of none, and one for the texts.
func (p *Pile) Cases() []diagnose.Case {
	var cases []diagnose.Case
	known := map[string]bool{}
	for _, s := range p.services {
		name := aws.ToString(s.ServiceName)
		if !known[name] {
			known[name] = true
			cases = append(cases, p.ofService(s))
		}
	}
	alone := map[string][]types.Task{}
	for _, arn := range sorted(p.tasks) {
		t := p.tasks[arn].value
		if name := serviceOf(t); !known[name] {
			alone[name] = append(alone[name], t)
		}
	}
	for _, name := range sorted(alone) {
		cases = append(cases, p.ofTasks(name, alone[name]))
	}
	switch {
	case len(cases) == 0:
		cases = append(cases, p.ofTexts())
	case len(cases) == 1: // the texts can be of nothing else
		cases[0].Evidence.Said = p.said
	case len(p.said) > 0:
		cases = append(cases, p.ofTexts())
	}
	cases[0].Missing = append(cases[0].Missing, p.unread...)
	return cases
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// serviceOf is the service that a task is of: its group says so.
func serviceOf(t types.Task) string {
	name, _ := strings.CutPrefix(aws.ToString(t.Group), "service:")
	if !strings.HasPrefix(aws.ToString(t.Group), "service:") {
		return ""
	}
	return name
}

func (p *Pile) ofService(s types.Service) diagnose.Case {
	name := aws.ToString(s.ServiceName)
	s.Events = append(slices.Clone(s.Events), p.events[name]...)
	if len(p.services) == 1 {
		s.Events = append(s.Events, p.events[""]...)
	}
	var mine []types.Task
	for _, arn := range sorted(p.tasks) {
		if of := serviceOf(p.tasks[arn].value); of == name || of == "" && len(p.services) == 1 {
			mine = append(mine, p.tasks[arn].value)
		}
	}
	c := p.about(s, mine)
	c.Subject.Kind, c.Subject.Name, c.Subject.Cluster = diagnose.AService, name, lastPart(aws.ToString(s.ClusterArn))
	d := deploymentOf(s, mine)
	c.Evidence.Deployment = aws.ToString(d.Id)
	c.Subject.Deployment = aws.ToString(d.Id)
	c.Subject.Revision = lastPart(cmp.Or(aws.ToString(d.TaskDefinition), aws.ToString(s.TaskDefinition)))
	c.Subject.State = diagnose.StateOf(s, aws.ToString(d.Id))
	c.Evidence.TaskDefinition = p.definition(d.TaskDefinition)
	c.Situation.TaskDefinition = c.Evidence.TaskDefinition
	c.Evidence.Rollout = p.rolloutOf(name)
	return c
}

// deploymentOf is the newest one; or the one that failed, where the tasks of the
// newest tell nothing.
func deploymentOf(s types.Service, tasks []types.Task) types.Deployment {
	var newest, failed types.Deployment
	for _, d := range s.Deployments {
		if aws.ToString(d.Status) == "PRIMARY" {
			newest = d
		}
		if d.RolloutState == types.DeploymentRolloutStateFailed && failed.Id == nil {
			failed = d
		}
	}
	for _, t := range tasks {
		if aws.ToString(t.StartedBy) == aws.ToString(newest.Id) && isStopped(t) && !diagnose.Benign(t) {
			return newest
		}
	}
	if failed.Id != nil {
		return failed
	}
	return newest
}

func isStopped(t types.Task) bool {
	return aws.ToString(t.LastStatus) == "STOPPED" || aws.ToString(t.DesiredStatus) == "STOPPED"
}

// about makes a case of a service and tasks; either may be empty.
func (p *Pile) about(s types.Service, tasks []types.Task) diagnose.Case {
	c := diagnose.Case{
		Evidence: diagnose.Evidence{Service: s, Events: s.Events, Logs: p.logs, Targets: p.targets, TargetGroups: p.targetGroups, Answers: p.answers},
		Situation: diagnose.Situation{Service: s, At: p.latest, SecurityGroups: p.groups,
			// Instances alone do not tell what runs on them: their remaining
			// resources do.
			Looked: len(p.instances) > 0},
	}
	for _, t := range tasks {
		if isStopped(t) {
			c.Evidence.StoppedTasks = append(c.Evidence.StoppedTasks, t)
		} else {
			c.Situation.Tasks = append(c.Situation.Tasks, t)
		}
	}
	for _, arn := range sorted(p.instances) {
		c.Situation.Instances = append(c.Situation.Instances, p.instances[arn].value)
	}
	return c
}

// ofTasks makes a case of tasks whose service nobody described.
func (p *Pile) ofTasks(service string, tasks []types.Task) diagnose.Case {
	events := p.events[""]
	if service != "" {
		events = append(slices.Clone(events), p.events[service]...)
	}
	c := p.about(types.Service{Events: events}, tasks)
	c.Subject = diagnose.Subject{Kind: diagnose.ATask, Name: lastPart(aws.ToString(tasks[0].TaskArn)), Cluster: lastPart(aws.ToString(tasks[0].ClusterArn)),
		Revision: lastPart(aws.ToString(tasks[0].TaskDefinitionArn)), State: diagnose.StateOfTask(tasks[0])}
	if len(tasks) > 1 || service != "" {
		c.Subject.Kind, c.Subject.Name, c.Subject.State = diagnose.AService, service, fmt.Sprintf("%d tasks", len(tasks))
	}
	if service == "" && len(tasks) > 1 {
		c.Subject.Kind, c.Subject.Name = diagnose.SomeTexts, ""
	}
	c.Evidence.TaskDefinition = p.definition(tasks[0].TaskDefinitionArn)
	c.Situation.TaskDefinition = c.Evidence.TaskDefinition
	return c
}

func (p *Pile) ofTexts() diagnose.Case {
	c := p.about(types.Service{Events: p.otherEvents()}, nil)
	c.Subject = diagnose.Subject{Kind: diagnose.SomeTexts}
	c.Evidence.Said = p.said
	c.Evidence.TaskDefinition = p.definition(nil)
	c.Evidence.Rollout = p.rolloutOf("")
	c.Situation = diagnose.Situation{At: p.latest}
	return c
}

// otherEvents are those of services that nobody described.
func (p *Pile) otherEvents() []types.ServiceEvent {
	var all []types.ServiceEvent
	for _, name := range sorted(p.events) {
		described := func(s types.Service) bool { return aws.ToString(s.ServiceName) == name }
		if !slices.ContainsFunc(p.services, described) {
			all = append(all, p.events[name]...)
		}
	}
	return all
}

// definition is the task definition with this ARN, else the only one there is.
func (p *Pile) definition(arn *string) types.TaskDefinition {
	if d, ok := p.definitions[aws.ToString(arn)]; ok {
		return d
	}
	if len(p.definitions) == 1 {
		return p.definitions[sorted(p.definitions)[0]]
	}
	return types.TaskDefinition{}
}

// rolloutOf is the newest service deployment of a service, of any without a name.
func (p *Pile) rolloutOf(service string) *types.ServiceDeployment {
	var newest *types.ServiceDeployment
	for i := range p.rollouts {
		r := &p.rollouts[i]
		if service != "" && lastPart(aws.ToString(r.ServiceArn)) != service {
			continue
		}
		if newest == nil || aws.ToTime(r.CreatedAt).After(aws.ToTime(newest.CreatedAt)) {
			newest = r
		}
	}
	return newest
}

func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
