package diagnose

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose/catalogue"
)

// waitedInVain tells the signatures of a container that could not start because of
// another one, which tells more.
func waitedInVain(s catalogue.Signature) bool { return s.ID == "C21" || s.ID == "C40" }

// inVain tells whether a container's reason is one of those.
func inVain(reason string) bool {
	s, _, ok := catalogue.Find(catalogue.Reason, reason)
	return ok && waitedInVain(s)
}

// failedDependency is the container because of whose failure others of the task were not
// started ("dependency did not exit successfully"); nil where there is none, or nothing
// but its dependants' words tells of it. Where one depended on another, it is the last.
func (c *evidenced) failedDependency(t types.Task) *types.Container {
	for i := range t.Containers {
		s, w, ok := catalogue.Find(catalogue.Reason, aws.ToString(t.Containers[i].Reason))
		if !ok || !waitedInVain(s) {
			continue
		}
		other := slices.IndexFunc(t.Containers, func(k types.Container) bool { return aws.ToString(k.Name) == w["other"] })
		if other < 0 || aws.ToInt32(t.Containers[other].ExitCode) == 0 {
			continue
		}
		if !inVain(aws.ToString(t.Containers[other].Reason)) {
			return &t.Containers[other]
		}
	}
	return nil
}
