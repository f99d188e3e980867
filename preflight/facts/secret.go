package facts

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	secret "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"

	"steady/preflight"
)

// SecretsManager is what is needed of its API.
type SecretsManager interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
	DescribeSecret(context.Context, *secretsmanager.DescribeSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error)
}

// Parameters is what is needed of the API of Systems Manager's Parameter Store.
type Parameters interface {
	GetParameters(context.Context, *ssm.GetParametersInput, ...func(*ssm.Options)) (*ssm.GetParametersOutput, error)
}

// Stores asks Secrets Manager for what has an ARN of it, and Parameter Store for all
// else: "if the parameter is in the same region, its name is enough".
func Stores(secrets SecretsManager, parameters Parameters) func(context.Context, string) preflight.Secret {
	return func(ctx context.Context, id string) preflight.Secret {
		if strings.HasPrefix(id, "arn:") && strings.Contains(id, ":secretsmanager:") {
			return inSecretsManager(ctx, secrets, id)
		}
		return inParameterStore(ctx, parameters, id)
	}
}

// inSecretsManager reads the value for the names of its keys alone; where it may not, it
// asks whether the secret is there.
func inSecretsManager(ctx context.Context, api SecretsManager, id string) preflight.Secret {
	out, err := api.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id})
	if err == nil {
		var value map[string]json.RawMessage
		readable := json.Unmarshal([]byte(aws.ToString(out.SecretString)), &value) == nil
		return preflight.Secret{Presence: preflight.There, Readable: readable, Keys: slices.Sorted(maps.Keys(value))}
	}
	if _, missing := errors.AsType[*secret.ResourceNotFoundException](err); missing {
		return preflight.Secret{Presence: preflight.Missing}
	}
	if _, err = api.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &id}); err == nil {
		return preflight.Secret{Presence: preflight.There}
	}
	if _, missing := errors.AsType[*secret.ResourceNotFoundException](err); missing {
		return preflight.Secret{Presence: preflight.Missing}
	}
	return preflight.Secret{Detail: reason(err)}
}

func inParameterStore(ctx context.Context, api Parameters, id string) preflight.Secret {
	out, err := api.GetParameters(ctx, &ssm.GetParametersInput{Names: []string{id}})
	switch {
	case err != nil:
		return preflight.Secret{Detail: reason(err)}
	case len(out.Parameters) == 0:
		return preflight.Secret{Presence: preflight.Missing}
	}
	return preflight.Secret{Presence: preflight.There}
}

// reason is what a server said, without the SDK's account of the call.
func reason(err error) string {
	if said, ok := errors.AsType[smithy.APIError](err); ok {
		return said.ErrorCode() + ": " + said.ErrorMessage()
	}
	return err.Error()
}
