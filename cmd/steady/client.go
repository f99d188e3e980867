package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/smithy-go/logging"
	"golang.org/x/term"

	"steady/monitor"
)

// localServer is where a server listens unless told otherwise.
const localServer = "http://127.0.0.1:3270"

// clients talk to a server.
type clients struct {
	ecs  *ecs.Client
	logs *cloudwatchlogs.Client
}

// connect makes clients for an endpoint with the SDK's usual credentials. A server
// on loopback does not ask for any, so none are looked for beyond the environment
// and the profile: the SDK's search would ask the network.
func connect(ctx context.Context, endpoint string) (clients, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
	if err != nil {
		return clients{}, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	if os.Getenv("AWS_ACCESS_KEY_ID") == "" && os.Getenv("AWS_PROFILE") == "" && monitor.OnLoopback(endpoint) {
		c.Credentials = credentials.NewStaticCredentialsProvider("steady", "steady", "")
	}
	return clients{
		ecs:  ecs.NewFromConfig(c, func(o *ecs.Options) { o.BaseEndpoint = aws.String(endpoint) }),
		logs: cloudwatchlogs.NewFromConfig(c, func(o *cloudwatchlogs.Options) { o.BaseEndpoint = aws.String(endpoint) }),
	}, nil
}

// terminal tells whether a file is one, and whether it may be coloured.
func terminal(f *os.File) (is, color bool) {
	is = term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
	return is, is && os.Getenv("NO_COLOR") == ""
}
