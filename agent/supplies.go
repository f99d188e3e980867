package agent

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/agent/supply"
	"steady/firelens"
	"steady/model"
	"steady/runtime"
)

// suppliedWithin is how long a task waits for its secrets and files.
const suppliedWithin = 2 * time.Minute

// supplies are what the containers of a task are given that is not in its definition,
// by the name of the container. They are got once, and kept nowhere else.
type supplies struct {
	mu  sync.Mutex
	had map[string]supply.Container // nil before
	got chan struct{}               // closed then
}

// supplyResource gets the supplies before the first container is created. Of a task
// whose containers are all made nothing is got: "secrets are read when a container
// starts", and then the runtime has them.
func (r *runner) supplyResource(t *model.Task) []resource {
	made := !slices.ContainsFunc(t.Containers, func(c model.Container) bool { return c.RuntimeID == "" })
	if made || !supply.Needed(t, r.definition) {
		return nil
	}
	return []resource{{
		name:     "secrets",
		make:     func(ctx context.Context) error { _, err := r.supplied(ctx); return err },
		giveBack: func(context.Context) error { return nil },
	}}
}

// supplied gets the supplies, or gives what was got. One caller gets them at a time.
func (r *runner) supplied(ctx context.Context) (map[string]supply.Container, error) {
	s := &r.supplies
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.had != nil {
		return s.had, nil
	}
	if r.agent.Supply == nil {
		return nil, errors.New("this agent has nowhere to get secrets and environment files from")
	}
	ctx, cancel := context.WithTimeout(ctx, suppliedWithin)
	defer cancel()
	had, err := r.agent.Supply.Get(ctx, r.current(), r.definition)
	if err == nil {
		s.had = had
		close(s.got)
	}
	return had, err
}

// registry is what the image of a container is pulled with. It is waited for: the resource
// that gets it also tells why it cannot be had, which ends the task.
func (r *runner) registry(ctx context.Context, p *part) ([]runtime.Credentials, error) {
	if !supply.NeedsRegistry(p.definition) {
		return nil, nil
	}
	select {
	case <-r.supplies.got:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	had, err := r.supplied(ctx)
	if err != nil {
		return nil, err
	}
	return []runtime.Credentials{*had[p.name].Registry}, nil
}

// furnish adds the supplies to what a container is made of. Variables of files come
// first, so that those of the definition and its secrets win.
func (r *runner) furnish(spec *runtime.Spec, c types.ContainerDefinition) {
	r.supplies.mu.Lock()
	given := r.supplies.had[aws.ToString(c.Name)]
	r.supplies.mu.Unlock()
	env := slices.Concat(spec.Env, given.Secrets)
	set := map[string]bool{}
	for _, v := range env {
		set[variableName(v)] = true
	}
	files := slices.DeleteFunc(slices.Clone(given.Files), func(v string) bool { return set[variableName(v)] })
	spec.Env = slices.Concat(files, env)
	if len(given.LogOptions) > 0 && !firelens.Routed(c) { // those are the router's
		options := maps.Clone(spec.Log.Options)
		if options == nil {
			options = map[string]string{}
		}
		maps.Copy(options, given.LogOptions)
		spec.Log.Options = options
	}
}

func variableName(v string) string {
	name, _, _ := strings.Cut(v, "=")
	return name
}
