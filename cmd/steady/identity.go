package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"steady/agent/supply"
	"steady/awsapi"
	"steady/iam"
	"steady/seal"
	"steady/secretsmanager"
	"steady/ssm"
	"steady/sts"
)

// identity is who may do what, and what is kept from everybody else.
type identity struct {
	box     *seal.Box
	access  *iam.Access
	issuer  *sts.Issuer
	secrets *secretsmanager.API
}

// openIdentity reads the key that secrets are encrypted with, or makes it.
func (s *server) openIdentity() error {
	box, err := seal.Open(filepath.Join(s.options.DataDir, "key"))
	if err != nil {
		return err
	}
	access := &iam.Access{Store: s.store, Realm: s.realm, Enforce: s.options.IAM == "enforce"}
	s.identity = identity{
		box: box, access: access, issuer: &sts.Issuer{Box: box, Access: access, Realm: s.realm},
		secrets: secretsmanager.New(s.store, box, s.realm),
	}
	return nil
}

// services are the APIs around identities and secrets.
func (s *server) identityServices() []awsapi.Service {
	return []awsapi.Service{
		iam.New(s.identity.access).Service(),
		s.identity.issuer.Service(),
		s.identity.secrets.Service(),
		ssm.New(s.store, s.identity.box, s.realm).Service(),
	}
}

// supplies is where the agents of this machine get what tasks are given when they start:
// from the server's own APIs, under the tasks' execution roles.
func (s *server) supplies(ctx context.Context) *supply.Sources {
	return &supply.Sources{
		Endpoint: reachable(s.listener.Addr()), Realm: s.realm,
		Credentials: func(_ context.Context, role, task string) (aws.Credentials, error) {
			c, err := s.identity.issuer.ForTask(role, task)
			return aws.Credentials{
				AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
				CanExpire: true, Expires: c.Expiration,
			}, err
		},
		Allowed: func(ctx context.Context, role, task, action, resource string) error {
			return s.identity.access.Authorize(ctx, s.identity.issuer.Caller(role, task), awsapi.Permission{Action: action, Resource: resource})
		},
		LogGroup: func(name string) bool { _, ok := s.archive.Group(name); return ok },
		Files:    s.options.localFiles(loopback(s.listener.Addr())),
		S3:       s.options.S3Endpoint, S3Credentials: environmentCredentials(ctx),
	}
}

// environmentCredentials are the AWS credentials of this process; nil where there are
// none, since the SDK's search for others would ask the network.
func environmentCredentials(ctx context.Context) aws.CredentialsProvider {
	if os.Getenv("AWS_ACCESS_KEY_ID") == "" && os.Getenv("AWS_PROFILE") == "" {
		return nil
	}
	c, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil
	}
	return c.Credentials
}
