package main

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go/logging"
	"golang.org/x/term"

	"steady/monitor"
)

// localServer is where a server listens unless told otherwise.
const localServer = "http://127.0.0.1:3270"

// target says which server a client command talks to: an endpoint; without one, Amazon
// ECS where a region or a profile is given; else the local server.
type target struct {
	Endpoint string `help:"URL of the server; ${local_server} unless given." env:"AWS_ENDPOINT_URL_ECS,AWS_ENDPOINT_URL" placeholder:"URL"`
	Region   string `help:"Without an endpoint: talk to Amazon ECS in this region."`
	Profile  string `help:"Without an endpoint: talk to Amazon ECS with this profile of the AWS configuration."`
}

// url is the endpoint to call, empty for Amazon's own.
func (t target) url() string {
	if t.Endpoint == "" && t.Region == "" && t.Profile == "" {
		return localServer
	}
	return t.Endpoint
}

// clients talk to a server.
type clients struct {
	ecs        *ecs.Client
	logs       *cloudwatchlogs.Client
	secrets    *secretsmanager.Client
	parameters *ssm.Client
	balancers  *elasticloadbalancingv2.Client
	roles      *iam.Client
	region     string
	sns        *sns.Client
	sqs        *sqs.Client
}

// connect makes clients for an endpoint.
func connect(ctx context.Context, endpoint string) (clients, error) {
	return target{Endpoint: endpoint}.connect(ctx)
}

// connect makes clients with the SDK's usual credentials. A server on loopback does not
// ask for any, so none are looked for beyond the environment and the profile: the SDK's
// search would ask the network.
func (t target) connect(ctx context.Context) (clients, error) {
	with := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
	if t.Region != "" {
		with = append(with, config.WithRegion(t.Region))
	}
	if t.Profile != "" {
		with = append(with, config.WithSharedConfigProfile(t.Profile))
	}
	c, err := config.LoadDefaultConfig(ctx, with...)
	if err != nil {
		return clients{}, fmt.Errorf("read the AWS configuration: %w", err)
	}
	endpoint := t.url()
	if c.Region == "" && endpoint == "" {
		return clients{}, fmt.Errorf("profile %s names no region: give one with --region", t.Profile)
	}
	c.Region = cmp.Or(c.Region, "us-east-1")
	amazon := c.Copy() // topics and queues are Amazon's, whichever server is watched; AWS_ENDPOINT_URL_SNS and _SQS say where else
	amazon.BaseEndpoint = nil
	if os.Getenv("AWS_ACCESS_KEY_ID") == "" && os.Getenv("AWS_PROFILE") == "" && t.Profile == "" && monitor.OnLoopback(endpoint) {
		c.Credentials = credentials.NewStaticCredentialsProvider("steady", "steady", "")
	}
	if endpoint != "" {
		c.BaseEndpoint = &endpoint
	}
	return clients{
		ecs: ecs.NewFromConfig(c), logs: cloudwatchlogs.NewFromConfig(c),
		secrets: secretsmanager.NewFromConfig(c), parameters: ssm.NewFromConfig(c),
		balancers: elasticloadbalancingv2.NewFromConfig(c),
		roles:     iam.NewFromConfig(c), region: c.Region,
		sns: sns.NewFromConfig(amazon),
		sqs: sqs.NewFromConfig(amazon),
	}, nil
}

// isTerminal tells whether a file is one, and whether it may be coloured.
func isTerminal(f *os.File) (is, color bool) {
	is = term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
	return is, is && os.Getenv("NO_COLOR") == ""
}
