package monitor

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// What a service says of itself and its deployments, read from one description.

// rollsBack tells whether a deployment is a roll-back: its reason says so until it
// completes; after that only the event that began it does.
func rollsBack(s types.Service, p types.Deployment) bool {
	if saysRollingBack.MatchString(aws.ToString(p.RolloutStateReason)) {
		return true
	}
	for _, e := range s.Events {
		m := saysRollingBack.FindStringSubmatch(aws.ToString(e.Message))
		if m == nil {
			continue
		}
		if m[1] == id(&p) {
			return true
		}
		// Where the event names the deployment gone back to, its time tells.
		if p.CreatedAt != nil && e.CreatedAt != nil && find(s, m[1]) == nil && e.CreatedAt.Sub(*p.CreatedAt).Abs() < sameMoment {
			return true
		}
	}
	return false
}

// failedBefore finds the deployment that p rolls back from; one without an id if
// nothing tells.
func failedBefore(s types.Service, p types.Deployment) types.Deployment {
	for _, d := range s.Deployments {
		if id(&d) != id(&p) && d.RolloutState == types.DeploymentRolloutStateFailed {
			return d
		}
	}
	for _, e := range s.Events { // newest first
		m := saysFailed.FindStringSubmatch(aws.ToString(e.Message))
		if m != nil && m[1] != id(&p) && !aws.ToTime(e.CreatedAt).After(aws.ToTime(p.CreatedAt).Add(sameMoment)) {
			return types.Deployment{Id: aws.String(m[1])}
		}
	}
	return types.Deployment{}
}

// arrived tells whether what is desired is all that runs. Counts alone would not
// tell: the caller has checked that p is COMPLETED.
func arrived(s types.Service, p types.Deployment) bool {
	if percent, deferred := deferredCleanup(s); deferred && sameRevision(s, p) {
		return int(p.RunningCount)*100 >= int(s.DesiredCount)*percent
	}
	for _, d := range s.Deployments {
		if id(&d) != id(&p) && d.RunningCount > 0 {
			return false
		}
	}
	return s.RunningCount == s.DesiredCount && p.RunningCount == s.RunningCount && sameRevision(s, p)
}

func sameRevision(s types.Service, p types.Deployment) bool {
	return s.TaskDefinition == nil || aws.ToString(s.TaskDefinition) == aws.ToString(p.TaskDefinition)
}

// deferredCleanup tells whether a deployment may be COMPLETED while older tasks
// still run, and how much of it must run then: with earlySuccessCriteria whose
// clean-up is DEFERRED, "Amazon ECS marks the deployment successful, and then
// removes the previous tasks in the background".
func deferredCleanup(s types.Service) (percent int, deferred bool) {
	c := s.DeploymentConfiguration
	if c == nil || c.EarlySuccessCriteria == nil {
		return 0, false
	}
	e := c.EarlySuccessCriteria
	percent = 100
	if e.HealthyPercent != nil {
		percent = int(*e.HealthyPercent)
	}
	return percent, e.Enable && e.SourceServiceRevisionCleanup == types.ServiceRevisionCleanupDeferred
}

// wantsRollback tells whether the service asks for a failed deployment to be
// rolled back.
func wantsRollback(s types.Service) bool {
	c := s.DeploymentConfiguration
	if c == nil {
		return false
	}
	breaker, alarms := c.DeploymentCircuitBreaker, c.Alarms
	return breaker != nil && breaker.Enable && breaker.Rollback || alarms != nil && alarms.Enable && alarms.Rollback
}

// firstDeployment tells that nothing can have completed before p.
func firstDeployment(s types.Service, p types.Deployment) bool {
	return s.CreatedAt != nil && p.CreatedAt != nil && p.CreatedAt.Sub(*s.CreatedAt) < sameMoment
}

// endSaid is when the service's events say that a deployment ended; nil if they
// do not speak of it.
func endSaid(s types.Service, deployment string) *time.Time {
	for _, e := range s.Events {
		text := aws.ToString(e.Message)
		for _, says := range []*regexp.Regexp{saysFailed, saysCompleted} {
			if m := says.FindStringSubmatch(text); m != nil && m[1] == deployment {
				return e.CreatedAt
			}
		}
	}
	return nil
}

func primary(s types.Service) *types.Deployment {
	for i := range s.Deployments {
		if aws.ToString(s.Deployments[i].Status) == "PRIMARY" {
			return &s.Deployments[i]
		}
	}
	return nil
}

func find(s types.Service, deployment string) *types.Deployment {
	for i := range s.Deployments {
		if id(&s.Deployments[i]) == deployment {
			return &s.Deployments[i]
		}
	}
	return nil
}

// status of a service; an absent one is taken as ACTIVE.
func status(s types.Service) string {
	if s.Status == nil {
		return "ACTIVE"
	}
	return *s.Status
}

func id(d *types.Deployment) string { return aws.ToString(d.Id) }

// revision is "family:revision", the end of a task definition's ARN.
func revision(d *types.Deployment) string {
	arn := aws.ToString(d.TaskDefinition)
	return arn[strings.LastIndex(arn, "/")+1:]
}

func tasks(n int) string {
	if n == 1 {
		return "1 task"
	}
	return fmt.Sprintf("%d tasks", n)
}
