// Package target reaches the targets of event rules: log groups of the archive, HTTP
// endpoints, and commands that the operator allowed when Steady was started. It makes
// one attempt at a time, and never decides whether there is another.
package target

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"steady/archive"
	"steady/events/bus"
)

// Options is what targets are reached with.
type Options struct {
	Archive *archive.Archive
	// Secrets sign what is sent to HTTP endpoints: the first as a rule, further ones
	// while an old secret is being replaced.
	Secrets [][]byte
	// Commands are the programs that a target may name, by name. Their paths are
	// absolute.
	Commands map[string]string
	// CommandTimeout is how long a command may run; 0 is 5 minutes.
	CommandTimeout time.Duration
	Log            *slog.Logger // nil: slog.Default
}

// Targets reaches targets.
type Targets struct {
	archive  *archive.Archive
	webhook  *webhook
	commands map[string]*command
	log      *slog.Logger
}

// New makes Targets.
func New(o Options) *Targets {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.CommandTimeout == 0 {
		o.CommandTimeout = 5 * time.Minute
	}
	t := &Targets{archive: o.Archive, webhook: newWebhook(o.Secrets), commands: map[string]*command{}, log: o.Log}
	for name, path := range o.Commands {
		t.commands[name] = newCommand(path, o.CommandTimeout, o.Log)
	}
	return t
}

// ValidCommand is the form of a command's name.
var ValidCommand = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

const commandPrefix = "command:"

// Check says what is wrong with a target, or nil.
func (t *Targets) Check(to types.Target) error {
	arn := aws.ToString(to.Arn)
	switch {
	case isURL(arn):
		return checkWebhook(to)
	case to.HttpParameters != nil:
		return fmt.Errorf("HttpParameters are for targets that are HTTP endpoints; %s is none", arn)
	case strings.HasPrefix(arn, commandPrefix):
		if name := arn[len(commandPrefix):]; t.commands[name] == nil {
			return fmt.Errorf("the command %q is not allowed: Steady's operator allows it with --event-command %s=/path/of/the/program", name, name)
		}
		return nil
	}
	if _, err := logGroup(arn); err != nil {
		return err
	}
	return nil
}

// Send makes one attempt; its error is a *bus.Failure, or ctx's.
func (t *Targets) Send(ctx context.Context, to types.Target, d bus.Delivery) error {
	arn := *to.Arn
	switch {
	case isURL(arn):
		return t.webhook.send(ctx, to, d)
	case strings.HasPrefix(arn, commandPrefix):
		c := t.commands[arn[len(commandPrefix):]]
		if c == nil {
			return &bus.Failure{Code: "COMMAND_NOT_ALLOWED", Message: "the command is not allowed any more: start Steady with --event-command for it"}
		}
		return c.run(ctx, d)
	}
	group, err := logGroup(arn)
	if err != nil {
		return &bus.Failure{Code: "INVALID_TARGET", Message: err.Error(), Permanent: true}
	}
	return t.append(ctx, group, d)
}

func isURL(arn string) bool {
	return strings.HasPrefix(arn, "http://") || strings.HasPrefix(arn, "https://")
}
