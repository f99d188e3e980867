package ecs

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// What a container is given when it starts: secrets, files of environment variables and
// the credentials of a registry.

// maxEnvironmentFiles is how many environment files a task definition can have.
const maxEnvironmentFiles = 10

// checkSecrets checks all that is fetched under the execution role.
func checkSecrets(in *ecs.RegisterTaskDefinitionInput) error {
	files, role := 0, aws.ToString(in.ExecutionRoleArn) != ""
	for i := range in.ContainerDefinitions {
		c := &in.ContainerDefinitions[i]
		if err := first(checkContainerSecrets(c, role), checkSecretOptions(c, role), checkEnvironmentFiles(c, role), checkRegistry(c, role)); err != nil {
			return err
		}
		files += len(c.EnvironmentFiles)
	}
	if files > maxEnvironmentFiles {
		return refused("A task definition can have at most %d environment files; %d are given.", maxEnvironmentFiles, files)
	}
	return nil
}

func checkContainerSecrets(c *types.ContainerDefinition, role bool) error {
	if len(c.Secrets) > 0 && !role {
		return refused("When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.")
	}
	taken := map[string]bool{}
	for _, e := range c.Environment {
		taken[aws.ToString(e.Name)] = true
	}
	for _, s := range c.Secrets {
		name := aws.ToString(s.Name)
		switch {
		case name == "" || strings.ContainsAny(name, "=\x00"):
			return setting(c.Name, "'secrets' has a variable with the name %q.", name)
		case taken[name]:
			return refused("The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '%s'.", name)
		}
		taken[name] = true
		if err := checkValueFrom(c, "secrets", name, aws.ToString(s.ValueFrom)); err != nil {
			return err
		}
	}
	return nil
}

var (
	secretARN     = regexp.MustCompile(`^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]+(:[^:]*:[^:]*:[^:]*)?$`)
	secretName    = regexp.MustCompile(`^[A-Za-z0-9/_+=.@!-]+$`)
	parameterARN  = regexp.MustCompile(`^arn:[a-z-]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_./-]+(:[A-Za-z0-9_.-]+)?$`)
	parameterName = regexp.MustCompile(`^[A-Za-z0-9_./-]+(:[A-Za-z0-9_.-]+)?$`)
)

// checkValueFrom: "the full ARN of the Secrets Manager secret or the full ARN of the
// parameter in the SSM Parameter Store"; of a parameter "you can use either the full ARN
// or the name".
func checkValueFrom(c *types.ContainerDefinition, member, name, from string) error {
	switch {
	case from == "":
		return setting(c.Name, "'%s' has no valueFrom for '%s'.", member, name)
	case secretARN.MatchString(from), parameterARN.MatchString(from), parameterName.MatchString(from):
		return nil
	case strings.Contains(from, ":secretsmanager:"):
		return setting(c.Name, "The valueFrom of '%s', %s, is an invalid ARN format for the AWS Secrets Manager secret. Specify a valid ARN and try again.", name, from)
	}
	return setting(c.Name, "The valueFrom of '%s', %s, is neither the ARN of a secret nor the name or ARN of a parameter.", name, from)
}

// checkSecretOptions checks the options of a log driver that are secrets. Two drivers
// are Steady's own to read, and have no option that is one.
func checkSecretOptions(c *types.ContainerDefinition, role bool) error {
	l := c.LogConfiguration
	if l == nil || len(l.SecretOptions) == 0 {
		return nil
	}
	if l.LogDriver == types.LogDriverAwslogs || l.LogDriver == types.LogDriverJsonFile {
		return setting(c.Name, "The log driver '%s' has no options that are secrets: remove 'secretOptions'.", l.LogDriver)
	}
	if !role {
		return refused("When you are specifying secret options of a log configuration, you must also specify a value for 'executionRoleArn'.")
	}
	taken := map[string]bool{}
	for _, s := range l.SecretOptions {
		name := aws.ToString(s.Name)
		if _, both := l.Options[name]; both || taken[name] || name == "" {
			return setting(c.Name, "'secretOptions' has '%s', which is given twice or empty.", name)
		}
		taken[name] = true
		if err := checkValueFrom(c, "secretOptions", name, aws.ToString(s.ValueFrom)); err != nil {
			return err
		}
	}
	return nil
}

var objectARN = regexp.MustCompile(`^arn:[a-z-]+:s3:::[a-z0-9.-]{3,63}/.+$`)

// checkEnvironmentFiles: "the only supported type is s3" and "the file must use a .env
// file extension". Besides, Steady takes a file of the machine, as file:///PATH.env.
func checkEnvironmentFiles(c *types.ContainerDefinition, role bool) error {
	for _, f := range c.EnvironmentFiles {
		from := aws.ToString(f.Value)
		local, err := url.Parse(from)
		isLocal := err == nil && local.Scheme == "file"
		switch {
		case f.Type != types.EnvironmentFileTypeS3:
			return setting(c.Name, "The type of an environment file is '%s'; it must be 's3'.", f.Type)
		case !isLocal && !objectARN.MatchString(from):
			return setting(c.Name, "The environment file '%s' is no ARN of an object of S3, such as arn:aws:s3:::BUCKET/KEY.env.", from)
		case isLocal && (local.Host != "" || !strings.HasPrefix(local.Path, "/")):
			return setting(c.Name, "The environment file '%s' is no URL of a file, such as file:///PATH.env.", from)
		case !strings.HasSuffix(from, ".env"):
			return setting(c.Name, "The environment file '%s' does not end in .env.", from)
		case !isLocal && !role:
			return refused("When you are specifying environment files, you must also specify a value for 'executionRoleArn'.")
		}
	}
	return nil
}

// checkRegistry: "you can use either the full ARN or the name of the secret".
func checkRegistry(c *types.ContainerDefinition, role bool) error {
	if c.RepositoryCredentials == nil {
		return nil
	}
	from := aws.ToString(c.RepositoryCredentials.CredentialsParameter)
	switch {
	case !secretName.MatchString(from) && (!secretARN.MatchString(from) || strings.Count(from, ":") != 6):
		return setting(c.Name, "'repositoryCredentials' has the credentialsParameter '%s': give the ARN or the name of a secret.", from)
	case !role:
		return refused("When you are specifying repository credentials, you must also specify a value for 'executionRoleArn'.")
	}
	return nil
}

// Capabilities that the members call for.
func ofSecrets(kind string) func(*types.ContainerDefinition) bool {
	return func(c *types.ContainerDefinition) bool { return anyFrom(c.Secrets, kind) }
}

func ofSecretOptions(kind string) func(*types.ContainerDefinition) bool {
	return func(c *types.ContainerDefinition) bool {
		return c.LogConfiguration != nil && anyFrom(c.LogConfiguration.SecretOptions, kind)
	}
}

func anyFrom(secrets []types.Secret, kind string) bool {
	for _, s := range secrets {
		from := "ssm"
		if strings.Contains(aws.ToString(s.ValueFrom), ":secretsmanager:") {
			from = "asm"
		}
		if from == kind {
			return true
		}
	}
	return false
}
