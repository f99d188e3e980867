package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"time"

	"steady/agent/supply"
)

// upCommand runs the server.
type upCommand struct {
	Listen              string            `help:"Address to serve the API at. Beyond loopback, requests must be signed with the keys that Steady leaves in the data directory." default:"127.0.0.1:3270"`
	DataDir             string            `help:"Directory that keeps the state." default:"${data_dir}" type:"path"`
	Instances           int               `help:"Register this machine as so many container instances, over equal shares of it." default:"1"`
	Runtime             string            `help:"What runs containers: docker, or sim, which only plays their life." enum:"docker,sim" default:"docker"`
	Settle              time.Duration     `help:"How long a task must have been RUNNING to count as healthy. Amazon ECS: 40s." default:"3s"`
	Retention           time.Duration     `help:"How long stopped tasks, deleted services and deregistered container instances can be described." default:"1h"`
	KeepStopped         int               `help:"How many stopped tasks of each service, and of each family of stand-alone tasks, keep their containers on a container instance, for docker logs and docker inspect: the newest, until --retention is over or the service is deleted." default:"3"`
	Images              imageFlags        `embed:""`
	EventsRetention     int               `help:"For how many days the lifecycle events of a cluster are kept, unless its log group says otherwise. 0 is for ever." default:"30"`
	ArchiveMax          byteSize          `help:"The most that archived logs and events may take on disk, such as 10GiB; the least important and oldest go first. 0 is no limit." default:"10GiB"`
	EventCommand        map[string]string `help:"Allow a program as a target of event rules, under a name: targets name it as command:NAME, and it is given the event on its standard input." placeholder:"NAME=/PATH" mapsep:"none"`
	EventCommandTimeout time.Duration     `help:"How long such a program may run." default:"5m"`
	TelemetryEvery      time.Duration     `help:"How often telemetry is written of the clusters whose containerInsights setting is enabled." default:"1m"`
	Region              string            `help:"Region in ARNs. Keep it: ARNs that are in use change with it." default:"us-east-1"`
	Account             string            `help:"Account id in ARNs." default:"000000000000"`
	IAM                 string            `name:"iam" help:"What roles may do that do not exist here: known lets them do everything, so that a task definition from AWS just runs; enforce lets them do nothing. Roles that exist here are always decided by their policies." enum:"known,enforce" default:"known"`
	S3Endpoint          string            `name:"s3-endpoint" help:"URL of an S3 endpoint for the environment files of task definitions. Requests are signed with the AWS credentials of the environment, if there are any." placeholder:"URL"`
	EnvironmentFiles    []string          `help:"Directory under which the environment files of task definitions may be that are named as file:///PATH.env; repeat it for more. Without it they may be anywhere if --listen is a loopback address, and nowhere else." placeholder:"DIR" type:"path" sep:"none"`
	TaskEndpointURL     string            `name:"task-endpoint-url" help:"URL at which containers of tasks find AWS APIs: they get it as AWS_ENDPOINT_URL, so that SDKs in them call it in place of Amazon." placeholder:"URL"`
	LogLevel            slog.Level        `help:"Log level: debug, info, warn, error." default:"info"`
}

// Run serves until ctx ends.
func (c *upCommand) Run(ctx context.Context) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: c.LogLevel}))
	slog.SetDefault(log) // the runtime's, too
	if err := c.check(); err != nil {
		return err
	}
	s, err := newServer(ctx, *c, log)
	if err != nil {
		return err
	}
	return s.run(ctx, func(url string) { fmt.Println("ready: " + url) })
}

// What ARNs are made of.
var (
	validRegion  = regexp.MustCompile(`^[a-z0-9-]+$`)
	validAccount = regexp.MustCompile(`^[0-9]{12}$`)
)

// check says what is wrong with the flags, before anything is opened.
func (c *upCommand) check() error {
	switch {
	case c.Instances < 1 || c.Instances > 10000:
		return fmt.Errorf("--instances is %d: give a number from 1 to 10000", c.Instances)
	case c.Settle < 0:
		return fmt.Errorf("--settle is %v: give a duration that is not negative, such as 3s", c.Settle)
	case c.TelemetryEvery < time.Second:
		return fmt.Errorf("--telemetry-every is %v: give a duration of at least 1s, such as 1m", c.TelemetryEvery)
	case c.Retention < 0:
		return fmt.Errorf("--retention is %v: give a duration that is not negative, such as 1h", c.Retention)
	case c.KeepStopped < 0:
		return fmt.Errorf("--keep-stopped is %d: give a number that is not negative, such as 3", c.KeepStopped)
	case c.Images.check() != nil:
		return c.Images.check()
	case c.EventCommandTimeout <= 0:
		return fmt.Errorf("--event-command-timeout is %v: give a duration that is positive, such as 5m", c.EventCommandTimeout)
	case c.EventsRetention < 0:
		return fmt.Errorf("--events-retention is %d: give a number of days that is not negative, such as 30", c.EventsRetention)
	case !validRegion.MatchString(c.Region):
		return fmt.Errorf("--region is %q: give a region's name, such as us-east-1", c.Region)
	case !validAccount.MatchString(c.Account):
		return fmt.Errorf("--account is %q: give 12 digits", c.Account)
	}
	for _, dir := range c.EnvironmentFiles {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return fmt.Errorf("--environment-files is %s: give a directory that exists", dir)
		}
	}
	return nil
}

// localFiles are the files of this machine that tasks may be given. Whoever may
// register a task definition could read them all: so beyond loopback, where that is not
// only who is on this machine, none but those that were named.
func (c *upCommand) localFiles(loopback bool) supply.Files {
	return supply.Files{Anywhere: loopback && len(c.EnvironmentFiles) == 0, Under: c.EnvironmentFiles}
}
