package fleet

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

func TestLogModeOfTheAccount(t *testing.T) {
	world(t, func(t *testing.T, f *Fleet, store *state.Store) {
		driver := func(name types.LogDriver, options map[string]string) types.ContainerDefinition {
			return types.ContainerDefinition{LogConfiguration: &types.LogConfiguration{LogDriver: name, Options: options}}
		}
		d := &model.TaskDefinition{Spec: types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{
			driver("awslogs", nil), driver("awslogs", map[string]string{"mode": "non-blocking"}), driver("awslogs", map[string]string{"max-buffer-size": "1m"}),
			driver("syslog", nil), driver("gelf", map[string]string{"gelf-address": "udp://a:1"}), driver("splunk", map[string]string{"mode": "non-blocking"}),
			driver("awsfirelens", nil), driver("none", nil), {},
		}}}
		modes := func() (got [8]string) {
			n := withLogMode(store.Snapshot(), d)
			for i := range got {
				got[i] = n.Containers()[i].LogConfiguration.Options["mode"]
			}
			return got
		}
		if got := modes(); got != [8]string{1: "non-blocking", 5: "non-blocking"} {
			t.Errorf("by default %q", got)
		}
		put(t, store, func(tx *state.Tx) {
			tx.PutMeta(&state.Meta{Name: model.AccountSetting(types.SettingNameDefaultLogDriverMode), Value: "blocking"})
		})
		if got := modes(); got != [8]string{"blocking", "non-blocking", "", "blocking", "blocking", "non-blocking"} {
			t.Errorf("of an account with blocking %q", got)
		}
		if d.Containers()[0].LogConfiguration.Options != nil {
			t.Error("the revision itself was changed")
		}
	})
}
