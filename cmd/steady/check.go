package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/monitor"
	"steady/preflight"
	"steady/preflight/facts"
	"steady/release"
)

// checkCommand looks at a deployment before it is made.
type checkCommand struct {
	Service string        `arg:"" optional:"" help:"Name or ARN of the service."`
	File    []string      `short:"f" help:"Task definition (as register-task-definition takes it) and, in a second file, service (as create-service takes it). - is standard input." placeholder:"FILE"`
	Cluster string        `help:"Name or ARN of the cluster." default:"default"`
	Output  string        `short:"o" help:"text, or json." enum:"text,json" default:"text"`
	Offline bool          `help:"Judge the files alone: ask no server and no registry."`
	Timeout time.Duration `help:"How long the registries and stores may take to answer." default:"30s"`
	target
}

// Run finds the problems and prints them. An error among them makes the exit code 1.
func (c *checkCommand) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	found, err := c.facts(ctx)
	if err != nil {
		return err
	}
	problems := preflight.Examine(found)
	if err := c.print(os.Stdout, problems); err != nil {
		return err
	}
	if preflight.Fatal(problems) {
		return exit{code: 1}
	}
	return nil
}

func (c *checkCommand) facts(ctx context.Context) (preflight.Facts, error) {
	definition, service, err := c.read()
	switch {
	case err != nil:
		return preflight.Facts{}, err
	case c.Service == "" && definition == nil:
		return preflight.Facts{}, errors.New("nothing to check: name a service, or give a task definition with -f")
	case c.Offline && definition == nil:
		return preflight.Facts{}, errors.New("--offline judges files alone: give a task definition with -f")
	case c.Offline:
		return facts.Sources{}.Of(ctx, c.Cluster, *definition, service)
	}
	api, err := c.connect(ctx)
	if err != nil {
		return preflight.Facts{}, err
	}
	sources := c.sources(api)
	if c.Service != "" && service == nil {
		return sources.OfService(ctx, c.Cluster, c.Service, definition)
	}
	return sources.Of(ctx, c.Cluster, *definition, service)
}

// sources are where facts come from, of this server.
func (t target) sources(api clients) facts.Sources {
	return facts.Sources{ECS: api.ecs, Logs: api.logs, Images: t.images(), Secrets: facts.Stores(api.secrets, api.parameters),
		Rights: facts.Rights(api.roles, api.region)}
}

// images is how images are looked for: a server on this machine has those of its engine.
func (t target) images() func(context.Context, string, []string) preflight.Image {
	if monitor.OnLoopback(t.url()) {
		return facts.OnThisMachine
	}
	return facts.Registry
}

// read tells the files apart by what is in them.
func (c *checkCommand) read() (d *types.TaskDefinition, s *types.Service, err error) {
	for _, file := range c.File {
		text, err := readFile(file)
		if err != nil {
			return nil, nil, err
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(text, &members); err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", file, err)
		}
		if _, is := members["serviceName"]; is {
			s = new(types.Service)
			if err := json.Unmarshal(text, s); err != nil {
				return nil, nil, fmt.Errorf("read %s: %w", file, err)
			}
			continue
		}
		in, err := release.Read(bytes.NewReader(text))
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file, err)
		}
		described := release.Described(in)
		d = &described
	}
	if s != nil && d == nil {
		return nil, nil, errors.New("a service alone cannot be judged: give its task definition with -f too")
	}
	return d, s, nil
}

func readFile(file string) ([]byte, error) {
	read := func() ([]byte, error) { return os.ReadFile(file) }
	if file == "-" {
		read = func() ([]byte, error) { return io.ReadAll(os.Stdin) }
	}
	text, err := read()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return text, nil
}

func (c *checkCommand) print(out io.Writer, problems []preflight.Problem) error {
	if c.Output == "json" {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(struct {
			Problems []preflight.Problem `json:"problems"`
		}{problems})
	}
	if len(problems) == 0 {
		fmt.Fprintln(out, "Nothing was found that would keep it from succeeding.")
	}
	for _, p := range problems {
		fmt.Fprintf(out, "%-9s  %s: %s\n", p.Severity, p.Subject, p.Text)
		for _, step := range p.Remedy {
			fmt.Fprintf(out, "           - %s\n", step)
		}
	}
	return nil
}
