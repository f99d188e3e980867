package preflight

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// TaskRoles are the roles that a task definition names.
func TaskRoles(d types.TaskDefinition) (all []string) {
	for _, role := range []*string{d.ExecutionRoleArn, d.TaskRoleArn} {
		if aws.ToString(role) != "" {
			all = append(all, *role)
		}
	}
	return all
}

// roles are there: "ECS was unable to assume the role" otherwise, and no task starts.
func roles(f Facts) (found []Problem) {
	for _, role := range TaskRoles(f.TaskDefinition) {
		if f.Roles[role] == Missing {
			found = append(found, Problem{"role-missing", Error, "task definition", fmt.Sprintf("The role %s does not exist.", role),
				[]string{"Create it with a trust policy for ecs-tasks.amazonaws.com, or correct executionRoleArn or taskRoleArn."}})
		}
	}
	return found
}
