package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/release"
)

// deployCommand releases a revision and follows its deployment.
type deployCommand struct {
	Service        string   `arg:"" help:"Name or ARN of the service."`
	Image          []string `help:"Image to run from now on, as IMAGE or CONTAINER=IMAGE. May be given for several containers." sep:"none" xor:"what" placeholder:"IMAGE"`
	TaskDefinition string   `help:"Revision to run: family, family:revision or ARN." xor:"what"`
	File           string   `short:"f" help:"Task definition to register and run: JSON, as register-task-definition takes it or describe-task-definition prints it. - is standard input." xor:"what"`
	Tag            []string `sep:"none" help:"TAG: run the images with this tag. KEY=VALUE: tag the new revision. May be repeated."`
	Desired        *int32   `help:"Number of tasks to run from now on."`
	Rollback       bool     `help:"Go back to the revision that last succeeded where this one fails, is stuck or times out."`
	following
}

// Run deploys and watches; the verdict is the exit code.
func (c *deployCommand) Run(ctx context.Context) error {
	request, err := c.request()
	if err != nil {
		return err
	}
	with, err := c.begin(ctx)
	if err != nil {
		return err
	}
	released, err := release.Deploy(ctx, with.ecs, request)
	if err != nil {
		return err
	}
	c.say(tell(released))
	return c.follow(ctx, with, c.Service, released.Deployment, c.Rollback)
}

func tell(r release.Released) string {
	switch {
	case r.Registered:
		return fmt.Sprintf("Registered %s; it takes the place of %s.", r.Revision, r.Before)
	case r.Revision == r.Before:
		return fmt.Sprintf("Deploying %s anew.", r.Revision)
	}
	return fmt.Sprintf("Deploying %s; it takes the place of %s.", r.Revision, r.Before)
}

func (c *deployCommand) request() (release.Request, error) {
	r := release.Request{Service: release.Service{Cluster: c.Cluster, Name: c.Service}, TaskDefinition: c.TaskDefinition, Desired: c.Desired}
	r.Change.Images, r.Change.Tags = map[string]string{}, map[string]string{}
	for _, image := range c.Image {
		name, of, named := strings.Cut(image, "=")
		if !named {
			name, of = "", image
		}
		if _, twice := r.Change.Images[name]; twice || of == "" {
			return r, fmt.Errorf("--image %s: give one image for each container, as CONTAINER=IMAGE", image)
		}
		r.Change.Images[name] = of
	}
	for _, tag := range c.Tag {
		key, value, pair := strings.Cut(tag, "=")
		switch {
		case pair:
			r.Change.Tags[key] = value
		case r.Change.ImageTag != "" || tag == "":
			return r, errors.New("--tag TAG can be given once; to tag the new revision, give --tag KEY=VALUE")
		default:
			r.Change.ImageTag = tag
		}
	}
	if c.TaskDefinition != "" && len(c.Tag) > 0 {
		return r, errors.New("--tag has no meaning with --task-definition: a registered revision does not change")
	}
	return r, c.readFile(&r)
}

func (c *deployCommand) readFile(r *release.Request) (err error) {
	if c.File == "" {
		return nil
	}
	file := os.Stdin
	if c.File != "-" {
		if file, err = os.Open(c.File); err != nil {
			return fmt.Errorf("read the task definition: %w", err)
		}
		defer file.Close()
	}
	r.Definition, err = release.Read(file)
	return err
}

// rollbackCommand has a service run an earlier revision, and follows that.
type rollbackCommand struct {
	Service string `arg:"" help:"Name or ARN of the service."`
	To      string `help:"Revision to go back to; the newest that was deployed successfully before the one that runs, unless given." placeholder:"REVISION"`
	Force   bool   `help:"Go back although an image or a secret of the revision is not found: it may still be cached where the tasks run. What is missing is said."`
	following
}

// Run rolls back and watches; the verdict of the roll back is the exit code.
func (c *rollbackCommand) Run(ctx context.Context) error {
	with, err := c.begin(ctx)
	if err != nil {
		return err
	}
	released, err := release.RollBack(ctx, with.ecs, release.Service{Cluster: c.Cluster, Name: c.Service}, c.To, c.look(with.clients))
	if err != nil {
		return err
	}
	c.say(fmt.Sprintf("Rolling back from %s to %s.", released.Before, released.Revision))
	return c.follow(ctx, with, c.Service, released.Deployment, false)
}

// look is what the revision to go back to has to pass: with --force it is told what is
// missing, and nothing else comes of it.
func (c *rollbackCommand) look(api clients) release.Look {
	look := c.lookAtTarget(api)
	if !c.Force {
		return look
	}
	return func(ctx context.Context, d types.TaskDefinition) error {
		if err := look(ctx, d); err != nil {
			c.say(fmt.Sprintf("Before the roll back, passed over by --force: %v", err))
		}
		return nil
	}
}
