package fleet

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

const blocking = "blocking"

// withLogMode is the revision with the log driver mode of the account in the containers
// that name none, whichever their driver: "the mode you specify using this account setting
// will be used as the default". A container that sizes the buffer of non-blocking has
// chosen that.
func withLogMode(snap *state.Snapshot, d *model.TaskDefinition) *model.TaskDefinition {
	if snap.Meta(model.AccountSetting(types.SettingNameDefaultLogDriverMode)) != blocking {
		return d
	}
	n := *d
	n.Spec.ContainerDefinitions = slices.Clone(d.Spec.ContainerDefinitions)
	for i := range n.Spec.ContainerDefinitions {
		c := &n.Spec.ContainerDefinitions[i]
		if c.LogConfiguration == nil || !hasMode(c.LogConfiguration.LogDriver) {
			continue
		}
		options := c.LogConfiguration.Options
		if options["mode"] != "" || options["max-buffer-size"] != "" {
			continue
		}
		l := *c.LogConfiguration
		if l.Options = maps.Clone(options); l.Options == nil {
			l.Options = map[string]string{}
		}
		l.Options["mode"] = blocking
		c.LogConfiguration = &l
	}
	return &n
}

// hasMode tells whether a driver is the container engine's: the options of awsfirelens are
// those of the log router's output, and none has no options.
func hasMode(driver types.LogDriver) bool {
	return driver != types.LogDriverAwsfirelens && driver != "none"
}
