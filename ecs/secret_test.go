package ecs

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestSecretsAreChecked(t *testing.T) {
	const arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf"
	secret := func(name, from string) types.Secret { return types.Secret{Name: &name, ValueFrom: &from} }
	for _, c := range []struct {
		name   string
		change func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition)
		want   string // the start of the error, or empty
	}{
		{"a secret", func(_ *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.Secrets = []types.Secret{secret("A", arn), secret("B", arn+":key::"), secret("C", arn+"::AWSPREVIOUS:"), secret("D", "/web/key"), secret("E", "arn:aws:ssm:us-east-1:000000000000:parameter/web/key:3")}
		}, ""},
		{"no role", func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			d.ExecutionRoleArn, c.Secrets = nil, []types.Secret{secret("A", arn)}
		}, "ClientException: When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."},
		{"twice", func(_ *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.Secrets = []types.Secret{secret("A", arn), secret("A", "x")}
		}, "ClientException: The secret name must be unique and not shared with any new or existing environment variables set on the container, such as 'A'."},
		{"a variable of that name", func(_ *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.Environment = []types.KeyValuePair{{Name: aws.String("A"), Value: aws.String("b")}}
			c.Secrets = []types.Secret{secret("A", arn)}
		}, "ClientException: The secret name must be unique"},
		{"no value", func(_ *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.Secrets = []types.Secret{{Name: aws.String("A")}}
		}, "ClientException: Invalid setting for container 'web'. 'secrets' has no valueFrom for 'A'."},
		{"half of the parameters", func(_ *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.Secrets = []types.Secret{secret("A", arn+":key")}
		}, "ClientException: Invalid setting for container 'web'. The valueFrom of 'A', " + arn + ":key, is an invalid ARN format"},
		{"an object's ARN", func(_ *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.Secrets = []types.Secret{secret("A", "arn:aws:s3:::b/k")}
		}, "ClientException: Invalid setting for container 'web'. The valueFrom of 'A', arn:aws:s3:::b/k, is neither"},

		{"an option", func(_ *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverSplunk, Options: map[string]string{"splunk-url": "http://127.0.0.1:1"},
				SecretOptions: []types.Secret{secret("splunk-token", arn)}}
		}, ""},
		{"an option of awslogs", func(_ *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{"awslogs-region": "us-east-1", "awslogs-group": "g"},
				SecretOptions: []types.Secret{secret("awslogs-stream-prefix", arn)}}
		}, "ClientException: Invalid setting for container 'web'. The log driver 'awslogs' has no options that are secrets"},

		{"files", func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.EnvironmentFiles = []types.EnvironmentFile{{Type: "s3", Value: aws.String("arn:aws:s3:::bucket/a/b.env")}, {Type: "s3", Value: aws.String("file:///etc/web.env")}}
		}, ""},
		{"a relative file", func(_ *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.EnvironmentFiles = []types.EnvironmentFile{{Type: "s3", Value: aws.String("file://web.env")}}
		}, "ClientException: Invalid setting for container 'web'. The environment file 'file://web.env' is no URL"},
		{"a file of another kind", func(_ *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.EnvironmentFiles = []types.EnvironmentFile{{Type: "s3", Value: aws.String("file:///etc/passwd")}}
		}, "ClientException: Invalid setting for container 'web'. The environment file 'file:///etc/passwd' does not end in .env."},

		{"a registry", func(_ *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.RepositoryCredentials = &types.RepositoryCredentials{CredentialsParameter: aws.String(arn)}
		}, ""},
		{"a registry's secret by its name", func(_ *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.RepositoryCredentials = &types.RepositoryCredentials{CredentialsParameter: aws.String("web/registry")}
		}, ""},
		{"a registry's parameter", func(_ *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.RepositoryCredentials = &types.RepositoryCredentials{CredentialsParameter: aws.String("arn:aws:ssm:us-east-1:000000000000:parameter/web/key")}
		}, "ClientException: Invalid setting for container 'web'. 'repositoryCredentials' has the credentialsParameter 'arn:aws:ssm:"},
		{"a registry's member of a secret", func(_ *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
			c.RepositoryCredentials = &types.RepositoryCredentials{CredentialsParameter: aws.String(arn + ":key::")}
		}, "ClientException: Invalid setting for container 'web'. 'repositoryCredentials' has the credentialsParameter 'arn:aws:secretsmanager:"},
	} {
		d := &ecs.RegisterTaskDefinitionInput{
			Family: aws.String("web"), ExecutionRoleArn: aws.String("arn:aws:iam::000000000000:role/x"),
			ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("web"), Image: aws.String("web"), Memory: aws.Int32(64)}},
		}
		c.change(d, &d.ContainerDefinitions[0])
		_, err := newWorld(t).API.RegisterTaskDefinition(t.Context(), d)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		refusedWith(t, c.name, err, c.want)
	}
}
