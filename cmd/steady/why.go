package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/anonymize"
	"steady/diagnose"
	"steady/evidence"
	"steady/explanation"
	"steady/pasted"
	"steady/preflight"
	"steady/preflight/facts"
)

// whyCommand explains what is wrong.
type whyCommand struct {
	Subject   []string `arg:"" optional:"" help:"Service (name or ARN), deployment (ecs-svc/… or ARN) or task (id or ARN); with --from more files."`
	Cluster   string   `help:"Name or ARN of the cluster." default:"default"`
	From      []string `help:"Explain saved evidence instead, without any connection: what the AWS CLI printed, EventBridge events, log excerpts, pasted lines; - for standard input." placeholder:"FILE" sep:"none"`
	Output    string   `short:"o" help:"text or json." enum:"text,json" default:"text"`
	Anonymize bool     `help:"Replace account ids, names, addresses and ids of resources, consistently."`
	target
}

// Run prints the explanation. It succeeds whenever there is one to print, whatever it
// says.
func (c *whyCommand) Run(ctx context.Context) error {
	now := time.Now()
	cases, err := c.cases(ctx, now)
	if err != nil {
		return err
	}
	for i, x := range cases {
		if i > 0 && c.Output == "text" {
			fmt.Println()
		}
		if err := c.print(os.Stdout, x); err != nil {
			return err
		}
	}
	return nil
}

func (c *whyCommand) cases(ctx context.Context, now time.Time) ([]diagnose.Case, error) {
	if len(c.From) > 0 {
		return readCases(append(c.From, c.Subject...), os.Stdin)
	}
	if len(c.Subject) != 1 {
		return nil, errors.New(`give one service, deployment or task, or saved evidence with --from: see "steady why --help"`)
	}
	api, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	source := evidence.Source{ECS: api.ecs, Rollouts: api.ecs, Logs: api.logs, Balancers: api.balancers, Cluster: c.Cluster}
	x, err := source.Of(ctx, c.Subject[0], now)
	if err != nil {
		return nil, err
	}
	c.lookIntoImages(ctx, &x)
	return []diagnose.Case{x}, nil
}

// inspectTime is how long it may take to look into images.
const inspectTime = 20 * time.Second

// lookIntoImages finds out, where health checks fail, whether the images have what these
// run: no API tells what a health check said.
func (c *whyCommand) lookIntoImages(ctx context.Context, x *diagnose.Case) {
	if !slices.ContainsFunc(x.Diagnose().Findings, func(f diagnose.Finding) bool { return f.ID == "D01" }) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, inspectTime)
	defer cancel()
	d := x.Evidence.TaskDefinition
	d.ContainerDefinitions = slices.DeleteFunc(slices.Clone(d.ContainerDefinitions), func(k types.ContainerDefinition) bool { return len(preflight.CheckPrograms(k)) == 0 })
	if found, err := (facts.Sources{Images: c.images()}).Of(ctx, c.Cluster, d, nil); err == nil {
		x.Evidence.Lacking = preflight.Lacking(found)
	}
}

// readCases reads saved evidence; "-" is standard input.
func readCases(files []string, stdin io.Reader) ([]diagnose.Case, error) {
	var p pasted.Pile
	for _, name := range files {
		content, err := []byte(nil), error(nil)
		if name == "-" {
			name = "standard input"
			content, err = io.ReadAll(stdin)
		} else {
			content, err = os.ReadFile(name)
		}
		if err != nil {
			return nil, fmt.Errorf("read saved evidence: %w", err)
		}
		p.Add(name, content)
	}
	return p.Cases(), nil
}

func (c *whyCommand) print(w io.Writer, x diagnose.Case) error {
	subject, d := x.Subject, x.Diagnose()
	if c.Anonymize {
		names := &anonymize.Names{}
		knowNames(names, x)
		subject, d = explanation.Rewrite(subject, d, names.Text)
	}
	if c.Output == "json" {
		return explanation.JSON(w, x.Situation.At, subject, d)
	}
	return explanation.Text(w, subject, d)
}

// knowNames tells the names in the evidence, which no pattern would find in a text.
func knowNames(n *anonymize.Names, x diagnose.Case) {
	e := x.Evidence
	n.Know("service", aws.ToString(e.Service.ServiceName))
	if x.Subject.Kind != diagnose.ATask {
		n.Know("service", x.Subject.Name)
	}
	n.Know("cluster", x.Subject.Cluster)
	n.Know("family", aws.ToString(e.TaskDefinition.Family))
	family, _, _ := strings.Cut(x.Subject.Revision, ":")
	n.Know("family", family)
	for _, k := range e.TaskDefinition.ContainerDefinitions {
		n.Know("container", aws.ToString(k.Name))
		n.Know("image", repository(aws.ToString(k.Image)))
		if k.LogConfiguration != nil {
			n.Know("logs", k.LogConfiguration.Options["awslogs-group"])
		}
	}
	for _, t := range append(e.StoppedTasks, x.Situation.Tasks...) {
		n.Know("service", strings.TrimPrefix(aws.ToString(t.Group), "service:"))
		for _, k := range t.Containers {
			n.Know("container", aws.ToString(k.Name))
			n.Know("image", repository(aws.ToString(k.Image)))
		}
	}
	for _, i := range x.Situation.Instances {
		arn := aws.ToString(i.ContainerInstanceArn)
		n.Know("instance", arn[strings.LastIndex(arn, "/")+1:])
	}
	for _, g := range e.TargetGroups {
		n.Know("targetgroup", aws.ToString(g.TargetGroupName))
	}
}

// repository is an image's name without its tag or digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		image = image[:i]
	}
	return image
}
