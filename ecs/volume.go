package ecs

import (
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

var volumeMembers = []unsupported[types.Volume]{
	{"volumes.configuredAtLaunch", func(v *types.Volume) bool { return aws.ToBool(v.ConfiguredAtLaunch) }},
	{"volumes.efsVolumeConfiguration", func(v *types.Volume) bool { return v.EfsVolumeConfiguration != nil }},
	{"volumes.fsxWindowsFileServerVolumeConfiguration", func(v *types.Volume) bool { return v.FsxWindowsFileServerVolumeConfiguration != nil }},
	{"volumes.s3filesVolumeConfiguration", func(v *types.Volume) bool { return v.S3filesVolumeConfiguration != nil }},
}

// checkVolumes checks the volumes of a task definition by themselves.
func checkVolumes(volumes []types.Volume) error {
	var names []string
	for i := range volumes {
		v := &volumes[i]
		name := aws.ToString(v.Name)
		if !validName.MatchString(name) {
			return refused("The name '%s' of a volume is not valid. Use 1 to 255 letters, numbers, hyphens, and underscores.", name)
		}
		if slices.Contains(names, name) {
			return refused("The volume '%s' is given more than once.", name)
		}
		names = append(names, name)
		if err := first(refuse(volumeMembers, v, "volume '"+name+"'"), checkVolume(v)); err != nil {
			return err
		}
	}
	return nil
}

// volumesWithDefaults fills in what ECS fills in: a Docker volume is one of its task where
// nothing else is said, and of the driver local.
func volumesWithDefaults(volumes []types.Volume) []types.Volume {
	all := []types.Volume{}
	for _, v := range volumes {
		if v.DockerVolumeConfiguration != nil {
			d := *v.DockerVolumeConfiguration
			if d.Scope == "" {
				d.Scope = types.ScopeTask
			}
			if aws.ToString(d.Driver) == "" {
				d.Driver = aws.String("local")
			}
			v.DockerVolumeConfiguration = &d
		}
		all = append(all, v)
	}
	return all
}

func checkVolume(v *types.Volume) error {
	source := ""
	if v.Host != nil {
		source = aws.ToString(v.Host.SourcePath)
	}
	d := v.DockerVolumeConfiguration
	switch {
	case d != nil && source != "":
		return refused("Volume '%s' can have one of 'host' and 'dockerVolumeConfiguration' only.", *v.Name)
	case source != "" && (!path.IsAbs(source) || strings.Contains(source, ":")):
		return refused("The 'sourcePath' of volume '%s' should be an absolute path without a colon.", *v.Name)
	case d == nil:
		return nil
	case oneOf("scope", d.Scope, d.Scope.Values()...) != nil:
		return refused("The 'scope' of volume '%s' should be one of [task,shared].", *v.Name)
	case d.Autoprovision != nil && d.Scope != types.ScopeShared:
		return refused("Volume '%s' has 'autoprovision', which is for volumes with the scope 'shared' only.", *v.Name)
	}
	return nil
}

// checkMounts checks that containers mount what there is.
func checkMounts(containers []types.ContainerDefinition, volumes []types.Volume) error {
	for i := range containers {
		if err := first(checkMountPoints(&containers[i], volumes), checkVolumesFrom(&containers[i], containers)); err != nil {
			return err
		}
	}
	return nil
}

func checkMountPoints(c *types.ContainerDefinition, volumes []types.Volume) error {
	var targets []string
	for _, m := range c.MountPoints {
		name, target := aws.ToString(m.SourceVolume), aws.ToString(m.ContainerPath)
		switch {
		case !slices.ContainsFunc(volumes, func(v types.Volume) bool { return aws.ToString(v.Name) == name }):
			return refused("Unknown volume '%s'.", name)
		case !path.IsAbs(target) || strings.Contains(target, ":"):
			return setting(c.Name, "The 'containerPath' of the mount point of volume '%s' should be an absolute path without a colon.", name)
		case slices.Contains(targets, path.Clean(target)):
			return setting(c.Name, "More than one mount point has the 'containerPath' %s.", target)
		}
		targets = append(targets, path.Clean(target))
	}
	return nil
}

func checkVolumesFrom(c *types.ContainerDefinition, containers []types.ContainerDefinition) error {
	for _, v := range c.VolumesFrom {
		source := aws.ToString(v.SourceContainer)
		if source == *c.Name || !named(containers, source) {
			return setting(c.Name, "'volumesFrom' names the container '%s', which is not another one of the task definition.", source)
		}
	}
	return nil
}

func named(containers []types.ContainerDefinition, name string) bool {
	return slices.ContainsFunc(containers, func(c types.ContainerDefinition) bool { return aws.ToString(c.Name) == name })
}

// checkLinks checks that containers are linked to others of the task.
func checkLinks(containers []types.ContainerDefinition) error {
	for i := range containers {
		c := &containers[i]
		for _, l := range c.Links {
			name, alias := model.Link(l)
			if name == *c.Name || !named(containers, name) || strings.ContainsAny(alias, ": ") {
				return setting(c.Name, "The link '%s' should be 'name' or 'name:alias' of another container of the task definition.", l)
			}
		}
	}
	return nil
}
