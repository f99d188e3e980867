package release

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// described are the members of a described task definition that registering one
// does not take.
var described = []string{
	"taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities",
	"registeredAt", "deregisteredAt", "registeredBy", "deleteRequestedAt",
}

// Read reads a task definition from JSON: the input of
// `aws ecs register-task-definition`, or what `aws ecs describe-task-definition`
// printed. A member that ECS does not know is an error, since it is most often a
// misspelt one.
func Read(r io.Reader) (*ecs.RegisterTaskDefinitionInput, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the task definition: %w", err)
	}
	in, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("read the task definition: %w", err)
	}
	if aws.ToString(in.Family) == "" || len(in.ContainerDefinitions) == 0 {
		return nil, errors.New("read the task definition: it needs a family and containerDefinitions")
	}
	return in, nil
}

func parse(text []byte) (*ecs.RegisterTaskDefinitionInput, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	tags := members["tags"]
	if inner, wrapped := members["taskDefinition"]; wrapped {
		members = nil
		if err := json.Unmarshal(inner, &members); err != nil {
			return nil, err
		}
	}
	for _, name := range described {
		delete(members, name)
	}
	delete(members, "tags")
	rest, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	in := new(ecs.RegisterTaskDefinitionInput)
	if err := strictly(rest, in); err != nil {
		return nil, err
	}
	if tags != nil {
		in.Tags = []types.Tag{}
		return in, strictly(tags, &in.Tags)
	}
	return in, nil
}

func strictly(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}
