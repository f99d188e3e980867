package endpoint

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// Environment is what ECS adds to the environment of a container, in front of own, whose
// values win. A container that cannot reach the endpoints is not told of them.
func (s *Server) Environment(t *model.Task, d *model.TaskDefinition, container string, own []string) []string {
	set := map[string]bool{}
	for _, kv := range own {
		name, _, _ := strings.Cut(kv, "=")
		set[name] = true
	}
	var env []string
	add := func(name, value string) {
		if !set[name] && value != "" {
			env = append(env, name+"="+value)
		}
	}
	add("AWS_REGION", s.Realm.Region)
	add("AWS_DEFAULT_REGION", s.Realm.Region)
	add("AWS_EXECUTION_ENV", executionEnv(t))
	add("AWS_ENDPOINT_URL", s.TaskURL)
	if base := s.base(d, container); base != "" {
		id := s.newID(t.ID, forContainer, container)
		add("ECS_CONTAINER_METADATA_URI", base+"/v3/"+id)
		add("ECS_CONTAINER_METADATA_URI_V4", base+"/v4/"+id)
		add("ECS_AGENT_URI", base+"/api/"+id)
		if Role(t, d) != "" {
			s.addCredentials(add, base, "/v2/credentials/"+s.newID(t.ID, forCredentials))
		}
	}
	return append(env, own...)
}

// addCredentials tells where credentials are: relative to Address, as on ECS, or on
// loopback, which SDKs take as well.
func (s *Server) addCredentials(add func(name, value string), base, path string) {
	if base == "http://"+Address {
		add("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", path)
		return
	}
	add("AWS_CONTAINER_CREDENTIALS_FULL_URI", base+path)
}

// base is where a container reaches the endpoints; empty if it does not.
func (s *Server) base(d *model.TaskDefinition, container string) string {
	c, _ := d.Container(container)
	mode := Mode(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case aws.ToBool(c.DisableNetworking) || !s.reachable[mode]:
		return ""
	case mode == string(types.NetworkModeHost):
		return "http://127.0.0.1:" + strconv.Itoa(s.Port)
	}
	return "http://" + Address
}

// Mode is the network mode of a task definition's tasks; bridge is the default.
func Mode(d *model.TaskDefinition) string {
	if d.Spec.NetworkMode == "" {
		return string(types.NetworkModeBridge)
	}
	return string(d.Spec.NetworkMode)
}

// Role is that of a task, empty if it has none.
func Role(t *model.Task, d *model.TaskDefinition) string {
	if role := aws.ToString(t.Overrides.TaskRoleArn); role != "" {
		return role
	}
	return aws.ToString(d.Spec.TaskRoleArn)
}

func executionEnv(t *model.Task) string {
	if t.OnFargate() {
		return "AWS_ECS_FARGATE"
	}
	return "AWS_ECS_EC2"
}
