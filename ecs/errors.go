package ecs

import (
	"slices"
	"strings"

	"steady/awsapi"
	"steady/model"
)

// The failures that ECS words the same wherever they occur.

func clusterNotFound() error {
	return awsapi.Errorf("ClusterNotFoundException", "Cluster not found.")
}

func clusterInactive() error {
	return awsapi.Errorf("ClusterNotFoundException", "The referenced cluster was inactive.")
}

func serviceNotFound() error {
	return awsapi.Errorf("ServiceNotFoundException", "Service not found.")
}

func serviceNotActive() error {
	return awsapi.Errorf("ServiceNotActiveException", "Service was not ACTIVE.")
}

func taskNotFound() error { return invalid("The referenced task was not found.") }

func instanceNotFound() error { return invalid("The referenced container instance was not found.") }

// instanceInactive: what was deregistered does not come back.
func instanceInactive(i *model.Instance) error {
	return refused("Container instance %s is inactive.", i.ID)
}

// refused is ECS's general failure for a request that it understands and rejects.
func refused(format string, args ...any) error {
	return awsapi.Errorf("ClientException", format, args...)
}

// invalid is ECS's failure for a parameter that can never be right.
func invalid(format string, args ...any) error {
	return awsapi.Errorf("InvalidParameterException", format, args...)
}

// oneOf checks an enumeration; an empty value is absent and passes.
func oneOf[E ~string](what string, v E, allowed ...E) error {
	if v == "" || slices.Contains(allowed, v) {
		return nil
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	return invalid("%s should be one of [%s]", what, strings.Join(names, ","))
}

// field is an enumeration of what a describe can include.
type field[E any] interface {
	~string
	Values() []E
}

// includes checks what a describe is asked to include.
func includes[E field[E]](asked []E) error {
	for _, e := range asked {
		if err := oneOf("include", e, e.Values()...); err != nil {
			return err
		}
	}
	return nil
}

// first returns the first of several checks' errors.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
