package ecs

import (
	"cmp"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// A role is given by its ARN or by its name (ECS API, "taskRoleArn").
var (
	roleARN  = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[!-~]{1,576}$`)
	roleName = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{1,64}$`)
)

func checkRole(role *string) error {
	if r := aws.ToString(role); r != "" && !roleARN.MatchString(r) && !roleName.MatchString(r) {
		return refused("Role is not valid")
	}
	return nil
}

// rolesOf are the roles that a task is given: those of its definition, unless they are
// overridden.
func rolesOf(d *model.TaskDefinition, o *types.TaskOverride) (roles []string) {
	if o == nil {
		o = &types.TaskOverride{}
	}
	for _, role := range []string{
		cmp.Or(aws.ToString(o.TaskRoleArn), aws.ToString(d.Spec.TaskRoleArn)),
		cmp.Or(aws.ToString(o.ExecutionRoleArn), aws.ToString(d.Spec.ExecutionRoleArn)),
	} {
		if role != "" {
			roles = append(roles, role)
		}
	}
	return roles
}

// checkRoles: ECS has to be trusted by the roles of a task that it is asked to run. Those
// of a service's tasks are looked at when each is launched, which its events tell of.
func (a *API) checkRoles(d *model.TaskDefinition, o types.TaskOverride) error {
	for _, role := range rolesOf(d, &o) {
		if err := a.mayAssume(role); err != nil {
			return refused("%s", err)
		}
	}
	return nil
}
