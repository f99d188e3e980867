package supply

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"steady/model"
)

// Reason is the whole of why a task stopped whose supplies cannot be had.
type Reason string

func (r Reason) Error() string { return string(r) }

// missing is something that a task cannot be given. Fargate and the ECS agent of a
// container instance have each their own words for it; those of Fargate are its Error,
// which follow "ResourceInitializationError: ".
type missing interface {
	error
	onInstance(region string) string
}

// told is an error in the words of where the task runs.
func told(err error, t *model.Task, region string) error {
	m, ok := errors.AsType[missing](err)
	if !ok || t.OnFargate() {
		return err
	}
	// ECS shows what the agent says with a capital letter.
	text := m.onInstance(region)
	first, size := utf8.DecodeRuneInString(text)
	return Reason(string(unicode.ToUpper(first)) + text[size:])
}

const pullingSecrets = "unable to pull secrets or registry auth: execution resource retrieval failed: "

// badReference is a valueFrom that names nothing.
type badReference struct {
	from  string
	cause error
}

func (m *badReference) Error() string { return pullingSecrets + m.cause.Error() }

func (m *badReference) onInstance(string) string {
	return "trying to retrieve secret with value " + m.from + " resulted in error: " + m.cause.Error()
}

// noSecret is a secret that Secrets Manager did not give, or that has not what is asked.
type noSecret struct {
	secret  string
	cause   error
	refused bool // by Secrets Manager
}

func (m *noSecret) Error() string {
	text := pullingSecrets + "unable to retrieve secret from asm: service call has been retried 1 time(s): "
	if m.refused {
		text += "failed to fetch secret " + m.secret + " from secrets manager: "
	}
	return text + m.cause.Error()
}

func (m *noSecret) onInstance(region string) string {
	text := "fetching secret data from AWS Secrets Manager in region " + region + ": "
	if m.refused {
		text += "secret " + m.secret + ": "
	}
	return text + m.cause.Error()
}

// noParameter is a parameter that the Parameter Store did not give.
type noParameter struct {
	cause   error
	invalid []string // that it does not have; the cause is nil then
}

func (m *noParameter) Error() string {
	text := pullingSecrets + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
	if m.cause != nil {
		return text + m.cause.Error()
	}
	return text + "invalid ssm parameters: " + strings.Join(m.invalid, ",")
}

func (m *noParameter) onInstance(region string) string {
	text := "fetching secret data from SSM Parameter Store in " + region + ": "
	if m.cause != nil {
		return text + m.cause.Error()
	}
	return text + "invalid parameters: " + strings.Join(m.invalid, ",")
}

// noLogin is a registry's user name and password that cannot be had.
type noLogin struct {
	secret  string
	cause   error
	refused bool // by Secrets Manager
}

func (m *noLogin) Error() string {
	return pullingSecrets + "unable to get registry auth from asm: service call has been retried 1 time(s): " + m.onInstance("")
}

func (m *noLogin) onInstance(string) string {
	if m.refused {
		return "asm fetching secret from the service for " + m.secret + ": " + m.cause.Error()
	}
	return m.cause.Error()
}

// noFile is an environment file that cannot be had.
type noFile struct{ cause error }

func (m *noFile) Error() string {
	return "failed to download env files: file download command: non empty error stream: " + m.cause.Error()
}

func (m *noFile) onInstance(string) string { return m.cause.Error() }
