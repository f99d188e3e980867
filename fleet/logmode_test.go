package fleet

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

func TestLogModeOfTheAccount(t *testing.T) {
	world(t, func(t *testing.T, f *Fleet, store *state.Store) {
		awslogs := func(options map[string]string) types.ContainerDefinition {
			return types.ContainerDefinition{LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: options}}
		}
		d := &model.TaskDefinition{Spec: types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{
			awslogs(nil), awslogs(map[string]string{"mode": "non-blocking"}), awslogs(map[string]string{"max-buffer-size": "1m"}), {},
		}}}
		modes := func() (got [3]string) {
			n := withLogMode(store.Snapshot(), d)
			for i := range got {
				got[i] = n.Containers()[i].LogConfiguration.Options["mode"]
			}
			return got
		}
		if got := modes(); got != [3]string{"", "non-blocking", ""} {
			t.Errorf("by default %q", got)
		}
		put(t, store, func(tx *state.Tx) {
			tx.PutMeta(&state.Meta{Name: model.AccountSetting(types.SettingNameDefaultLogDriverMode), Value: "blocking"})
		})
		if got := modes(); got != [3]string{"blocking", "non-blocking", ""} {
			t.Errorf("of an account with blocking %q", got)
		}
		if d.Containers()[0].LogConfiguration.Options != nil {
			t.Error("the revision itself was changed")
		}
	})
}
