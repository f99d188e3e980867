package supply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"

	"steady/runtime"
)

// apis are asked under one role. They are nil where there is none.
type apis struct {
	secrets    *secretsmanager.Client
	parameters *ssm.Client
}

// credentials are a provider of always the same ones: they last longer than a start.
type credentials struct{ aws.Credentials }

// Retrieve gives them.
func (c credentials) Retrieve(context.Context) (aws.Credentials, error) { return c.Credentials, nil }

func (s *Sources) connect(c aws.Credentials) apis {
	config := aws.Config{Region: s.Realm.Region, BaseEndpoint: &s.Endpoint, Credentials: credentials{c}, HTTPClient: s.client()}
	return apis{secrets: secretsmanager.NewFromConfig(config), parameters: ssm.NewFromConfig(config)}
}

// secretKey names a version of a secret; Key is not part of it.
type secretKey struct{ arn, stage, version string }

func keyOf(r Reference) secretKey { return secretKey{r.Secret, r.Stage, r.Version} }

// secret, parameter and file are things that have been got.
type secret struct {
	key     secretKey
	value   string
	err     error
	refused bool // by Secrets Manager, which the error is of
}

type parameter struct {
	value string
	err   *noParameter // nil where it was got
}

type file struct {
	variables []variable
	err       error
}

var errNoRole = errors.New("the task definition has no executionRoleArn, under which secrets are fetched")

// fetch fetches the text of a secret.
func (a apis) fetch(ctx context.Context, s *secret) {
	if a.secrets == nil {
		s.err = errNoRole
		return
	}
	in := &secretsmanager.GetSecretValueInput{SecretId: &s.key.arn}
	if s.key.stage != "" {
		in.VersionStage = &s.key.stage
	}
	if s.key.version != "" {
		in.VersionId = &s.key.version
	}
	out, err := a.secrets.GetSecretValue(ctx, in)
	switch {
	case err != nil:
		s.err, s.refused = said(err), true
	case out.SecretString == nil:
		s.err = fmt.Errorf("the secret %s has a binary value, which no environment variable can hold", s.key.arn)
	default:
		s.value = *out.SecretString
	}
}

// parametersAtOnce is how many parameters GetParameters takes.
const parametersAtOnce = 10

// allParameters fetches parameters by name or ARN.
func (a apis) allParameters(ctx context.Context, wanted map[string]*parameter) {
	var names []string
	for name := range wanted {
		names = append(names, name)
	}
	slices.Sort(names)
	for some := range slices.Chunk(names, parametersAtOnce) {
		a.someParameters(ctx, wanted, some)
	}
}

func (a apis) someParameters(ctx context.Context, wanted map[string]*parameter, names []string) {
	all := func(err *noParameter) {
		for _, name := range names {
			wanted[name].err = err
		}
	}
	if a.parameters == nil {
		all(&noParameter{cause: errNoRole})
		return
	}
	out, err := a.parameters.GetParameters(ctx, &ssm.GetParametersInput{Names: names, WithDecryption: aws.Bool(true)})
	if err != nil {
		all(&noParameter{cause: said(err)})
		return
	}
	all(nil)
	for _, name := range names {
		if slices.Contains(out.InvalidParameters, name) {
			wanted[name].err = &noParameter{invalid: out.InvalidParameters}
			continue
		}
		found := false
		for _, p := range out.Parameters {
			// ECS asks by ARN or by name, which may say a version.
			full := aws.ToString(p.Name) + aws.ToString(p.Selector)
			if full == name || aws.ToString(p.ARN)+aws.ToString(p.Selector) == name {
				wanted[name].value, found = aws.ToString(p.Value), true
			}
		}
		if !found {
			wanted[name].err = &noParameter{invalid: []string{name}}
		}
	}
}

// value is what a valueFrom stands for.
func (g *getter) value(from string) (string, error) {
	r, err := ParseReference(from)
	if err != nil {
		return "", &badReference{from, err}
	}
	if r.Secret == "" {
		p := g.parameters[r.Parameter]
		if p.err != nil {
			return "", p.err
		}
		return p.value, nil
	}
	s := g.secrets[keyOf(r)]
	if s.err != nil {
		return "", &noSecret{r.Secret, s.err, s.refused}
	}
	if r.Key == "" {
		return s.value, nil
	}
	value, err := inJSON(s.value, r.Key)
	if err != nil {
		return "", &noSecret{r.Secret, err, false}
	}
	return value, nil
}

// inJSON is the value of a key of a JSON object: texts as they are, all else as JSON.
func inJSON(text, key string) (string, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		return "", err
	}
	value, ok := object[key]
	if !ok {
		return "", fmt.Errorf("retrieved secret from Secrets Manager did not contain json key %s", key)
	}
	var s string
	if json.Unmarshal(value, &s) == nil && string(value) != "null" {
		return s, nil
	}
	return string(value), nil
}

// registry reads the user name and the password of a registry.
func registry(value string) (*runtime.Credentials, error) {
	var c struct{ Username, Password string }
	switch err := json.Unmarshal([]byte(value), &c); {
	case value == "":
		return nil, errors.New("asm fetching authorization data: empty secrets value")
	case err != nil:
		return nil, errors.New("asm fetching authorization data: unable to unmarshal secret value, invalid schema")
	case c.Username == "":
		return nil, errors.New("asm fetching username: AuthorizationData is malformed, empty field")
	case c.Password == "":
		return nil, errors.New("asm fetching password: AuthorizationData is malformed, empty field")
	}
	return &runtime.Credentials{Username: c.Username, Password: c.Password}, nil
}

// said is what a server answered, without the SDK's account of the call.
func said(err error) error {
	answer, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err
	}
	text := answer.ErrorCode() + ": " + answer.ErrorMessage()
	if r, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		text += fmt.Sprintf(" status code: %d, request id: %s", r.HTTPStatusCode(), r.ServiceRequestID())
	}
	return errors.New(text)
}
