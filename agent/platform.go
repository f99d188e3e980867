package agent

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/runtime"
)

// architectures are those that a task definition can ask for, as images name them.
var architectures = map[types.CPUArchitecture]string{
	types.CPUArchitectureX8664: "amd64", types.CPUArchitectureArm64: "arm64",
}

// checkPlatform: an image that is not for the runtimePlatform of its task definition is
// not run. One that does not say what it is for is.
func checkPlatform(d *model.TaskDefinition, image runtime.Pulled) error {
	p := d.Spec.RuntimePlatform
	if p == nil || architectures[p.CpuArchitecture] == "" || image.Platform == "" {
		return nil
	}
	want := "linux/" + architectures[p.CpuArchitecture]
	if image.Platform == want {
		return nil
	}
	return &runtime.Error{Name: "CannotPullContainerError",
		Detail: "image Manifest does not contain descriptor matching platform '" + want + "'"}
}

// fetch makes an image available that its task definition can run.
func (r *runner) fetch(ctx context.Context, p *part) (runtime.Pulled, error) {
	with, err := r.registry(ctx, p)
	if err != nil {
		return runtime.Pulled{}, err
	}
	image := aws.ToString(p.definition.Image)
	pulled, err := r.agent.Images.Pull(ctx, r.id, image, func(ctx context.Context) (runtime.Pulled, error) {
		return r.agent.Runtime.Pull(ctx, image, r.digest(p.name), with...)
	})
	if err != nil {
		return pulled, err
	}
	return pulled, checkPlatform(r.definition, pulled)
}
