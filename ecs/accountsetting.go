package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/state"
)

// Steady has one principal, the root user of its account: a setting of the account's
// default and one of the principal are the same. containerInsights is the only one that
// changes anything here; the others are refused by name.

// accountSetting is the fact under which the state keeps a setting.
func accountSetting(name types.SettingName) string { return "account-setting/" + string(name) }

// accountDefault is what a setting is that nobody made.
const accountDefault = "disabled"

// PutAccountSettingDefault makes a setting for all of the account. "When you turn on
// Container Insights, all new clusters created" have it on; those that exist do not
// change.
func (a *API) PutAccountSettingDefault(ctx context.Context, in *ecs.PutAccountSettingDefaultInput) (*ecs.PutAccountSettingDefaultOutput, error) {
	s, err := a.putSetting(ctx, in.Name, in.Value)
	if err != nil {
		return nil, err
	}
	return &ecs.PutAccountSettingDefaultOutput{Setting: s}, nil
}

// PutAccountSetting makes a setting for the principal.
func (a *API) PutAccountSetting(ctx context.Context, in *ecs.PutAccountSettingInput) (*ecs.PutAccountSettingOutput, error) {
	if err := a.checkPrincipal(in.PrincipalArn); err != nil {
		return nil, err
	}
	s, err := a.putSetting(ctx, in.Name, in.Value)
	if err != nil {
		return nil, err
	}
	return &ecs.PutAccountSettingOutput{Setting: s}, nil
}

// DeleteAccountSetting makes a setting what it is by default.
func (a *API) DeleteAccountSetting(ctx context.Context, in *ecs.DeleteAccountSettingInput) (*ecs.DeleteAccountSettingOutput, error) {
	if err := first(checkSettingName(in.Name), a.checkPrincipal(in.PrincipalArn)); err != nil {
		return nil, err
	}
	if _, err := a.putSetting(ctx, in.Name, aws.String(accountDefault)); err != nil {
		return nil, err
	}
	return &ecs.DeleteAccountSettingOutput{Setting: a.setting(in.Name, "")}, nil
}

// ListAccountSettings lists the settings that were made; with effectiveSettings also
// those that were not.
func (a *API) ListAccountSettings(_ context.Context, in *ecs.ListAccountSettingsInput) (*ecs.ListAccountSettingsOutput, error) {
	if err := a.checkPrincipal(in.PrincipalArn); err != nil {
		return nil, err
	}
	if in.Name != "" {
		if err := checkSettingName(in.Name); err != nil {
			return nil, err
		}
	}
	out := &ecs.ListAccountSettingsOutput{Settings: []types.Setting{}}
	value := a.store.Snapshot().Meta(accountSetting(types.SettingNameContainerInsights))
	if value == "" && in.EffectiveSettings {
		value = accountDefault
	}
	if value != "" && (in.Value == nil || *in.Value == value) {
		out.Settings = append(out.Settings, *a.setting(types.SettingNameContainerInsights, value))
	}
	return out, nil
}

func (a *API) putSetting(ctx context.Context, name types.SettingName, value *string) (*types.Setting, error) {
	if err := checkSettingName(name); err != nil {
		return nil, err
	}
	if err := checkInsights(aws.ToString(value)); err != nil {
		return nil, err
	}
	err := a.store.Update(ctx, func(tx *state.Tx) error {
		tx.PutMeta(&state.Meta{Name: accountSetting(name), Value: *value})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return a.setting(name, *value), nil
}

func (a *API) setting(name types.SettingName, value string) *types.Setting {
	return &types.Setting{Name: name, Value: aws.String(value), PrincipalArn: aws.String(a.principal()), Type: types.SettingTypeUser}
}

func checkSettingName(name types.SettingName) error {
	if name == "" || oneOf("name", name, name.Values()...) != nil {
		return invalid("Invalid setting name: %q.", name)
	}
	if name != types.SettingNameContainerInsights {
		return refused("The account setting %s is not supported by Steady yet: containerInsights is.", name)
	}
	return nil
}

// checkPrincipal: there is no other than the root user.
func (a *API) checkPrincipal(arn *string) error {
	if p := aws.ToString(arn); p != "" && p != a.principal() {
		return refused("Settings of the principal %s are not supported by Steady: it has %s only.", p, a.principal())
	}
	return nil
}
