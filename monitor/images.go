package monitor

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// verify looks at the images that a deployment's tasks really run, before it counts as
// a success: COMPLETED tells of a revision, and a tag may stand for several images.
// What cannot be read is no objection.
func (w *watch) verify(ctx context.Context, s types.Service, e *ending) *ending {
	ctx, cancel := w.inTime(ctx)
	defer cancel()
	if w.around.LookAtTasks(ctx) != nil {
		return e
	}
	if differ := differentImages(w.around.Tasks, id(&w.follow.mine), w.resolved(ctx, s)); differ != "" {
		return &ending{outcome: Failed, current: e.current, steady: true,
			detail: fmt.Sprintf("The deployment of %s completed, but its tasks do not run the image that was deployed: %s.", e.current, differ)}
	}
	return e
}

// resolved are the digests that ECS resolved for the newest deployment, by container.
func (w *watch) resolved(ctx context.Context, s types.Service) map[string]string {
	if len(s.CurrentServiceRevisions) != 1 {
		return nil
	}
	out, err := w.ECS.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{aws.ToString(s.CurrentServiceRevisions[0].Arn)}})
	if err != nil || len(out.ServiceRevisions) != 1 {
		return nil
	}
	digests := map[string]string{}
	for _, image := range out.ServiceRevisions[0].ContainerImages {
		if d := aws.ToString(image.ImageDigest); d != "" {
			digests[aws.ToString(image.ContainerName)] = d
		}
	}
	return digests
}

// differentImages says which container of a deployment's tasks runs another image than
// the one resolved for it, or than the same container elsewhere; empty where none does.
func differentImages(tasks []types.Task, deployment string, resolved map[string]string) string {
	runs := map[string]map[string]int{} // container, digest: tasks
	for name, digest := range resolved {
		runs[name] = map[string]int{digest: 0}
	}
	for _, t := range tasks {
		if aws.ToString(t.StartedBy) != deployment {
			continue
		}
		for _, k := range t.Containers {
			name, digest := aws.ToString(k.Name), aws.ToString(k.ImageDigest)
			if digest == "" {
				continue
			}
			if runs[name] == nil {
				runs[name] = map[string]int{}
			}
			runs[name][digest]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(runs)) {
		if len(runs[name]) > 1 {
			return fmt.Sprintf("container %q runs %s", name, counted(runs[name], resolved[name]))
		}
	}
	return ""
}

func counted(digests map[string]int, resolved string) string {
	said := ""
	for _, digest := range slices.Sorted(maps.Keys(digests)) {
		if said != "" {
			said += ", "
		}
		said += fmt.Sprintf("%s in %s", digest, tasks(digests[digest]))
		if digest == resolved {
			said += " (the one deployed)"
		}
	}
	return said
}
