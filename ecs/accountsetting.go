package ecs

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

// Steady has one principal, the root user of its account: a setting of the account's
// default and one of the principal are the same. A value that would promise what Steady
// does not do is refused.

// accountSettingDefinition is what an account setting can be.
type accountSettingDefinition struct {
	byDefault string
	values    []string          // that are accepted
	refused   map[string]string // values that ECS accepts, and why they are not here
}

const settingDualStack types.SettingName = "dualStackIPv6" // the SDK does not know it

var (
	longFormatOnly = accountSettingDefinition{"enabled", []string{"enabled"}, map[string]string{
		"disabled": "ARNs are always of the long format",
	}}
	// Nothing here is retired or attached, so that either value is kept.
	retirementWindows = accountSettingDefinition{"disabled", []string{"enabled", "disabled"}, nil}
)

// accountSettings are the settings that ECS has, with what they are by default there.
var accountSettings = map[types.SettingName]accountSettingDefinition{
	types.SettingNameServiceLongArnFormat:           longFormatOnly,
	types.SettingNameTaskLongArnFormat:              longFormatOnly,
	types.SettingNameContainerInstanceLongArnFormat: longFormatOnly,
	// Instances have no limit of network interfaces that trunking could raise.
	types.SettingNameAwsvpcTrunking:    {"disabled", []string{"enabled", "disabled"}, nil},
	types.SettingNameContainerInsights: {"disabled", []string{"enabled", "enhanced", "disabled"}, nil},
	settingDualStack: {"disabled", []string{"disabled"}, map[string]string{
		"enabled": "tasks get no IPv6 addresses",
	}},
	types.SettingNameFargateFipsMode: {"disabled", []string{"disabled"}, map[string]string{
		"enabled": "its cryptography is not certified",
	}},
	// All callers act for the account's root user, who may tag everything.
	types.SettingNameTagResourceAuthorization: {"on", []string{"on", "off"}, nil},
	// Steady retires no tasks.
	types.SettingNameFargateTaskRetirementWaitPeriod: {"7", []string{"0", "7", "14"}, nil},
	types.SettingNameFargateEventWindows:             retirementWindows,
	types.SettingNameGuardDutyActivate:               {"off", nil, nil},
	types.SettingNameDefaultLogDriverMode:            {"non-blocking", []string{"blocking", "non-blocking"}, nil},
}

// accountSettingsPage is ListAccountSettings' default and maximum.
const accountSettingsPage = 10

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
	err := a.store.Update(ctx, func(tx *state.Tx) error {
		if name := model.AccountSetting(in.Name); tx.Meta(name) != "" {
			tx.PutMeta(&state.Meta{Name: name})
		}
		return nil
	})
	if err != nil {
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
	if in.Name == "" && in.Value != nil {
		return nil, invalid("value needs name as well: a value is one of a setting.")
	}
	s := a.store.Snapshot()
	values := map[types.SettingName]string{}
	var entries []entry
	for name, of := range accountSettings {
		value := s.Meta(model.AccountSetting(name))
		if value == "" && in.EffectiveSettings {
			value = of.byDefault
		}
		if value == "" || in.Name != "" && in.Name != name || in.Value != nil && *in.Value != value {
			continue
		}
		values[name] = value
		entries = append(entries, entry{string(name), string(name)})
	}
	max := &in.MaxResults
	if *max == 0 {
		max = nil // it is not given
	}
	names, next, err := paging{
		operation: "ListAccountSettings", max: max, token: in.NextToken,
		size: accountSettingsPage, most: accountSettingsPage,
	}.cut(entries)
	if err != nil {
		return nil, err
	}
	out := &ecs.ListAccountSettingsOutput{Settings: []types.Setting{}, NextToken: next}
	for _, name := range names {
		name := types.SettingName(name)
		out.Settings = append(out.Settings, *a.setting(name, values[name]))
	}
	return out, nil
}

func (a *API) putSetting(ctx context.Context, name types.SettingName, value *string) (*types.Setting, error) {
	if err := first(checkSettingName(name), checkSettingValue(name, aws.ToString(value))); err != nil {
		return nil, err
	}
	err := a.store.Update(ctx, func(tx *state.Tx) error {
		tx.PutMeta(&state.Meta{Name: model.AccountSetting(name), Value: *value})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return a.setting(name, *value), nil
}

func (a *API) setting(name types.SettingName, value string) *types.Setting {
	kind := types.SettingTypeUser
	if name == types.SettingNameGuardDutyActivate {
		kind = types.SettingTypeAwsManaged
	}
	return &types.Setting{Name: name, Value: aws.String(value), PrincipalArn: aws.String(a.principal()), Type: kind}
}

func checkSettingName(name types.SettingName) error {
	if _, known := accountSettings[name]; !known {
		return invalid("Invalid setting name: %q.", name)
	}
	return nil
}

func checkSettingValue(name types.SettingName, value string) error {
	of := accountSettings[name]
	if of.values == nil {
		return invalid("The account setting %s can only be read.", name)
	}
	if why, ok := of.refused[value]; ok {
		return refused("The value %s of the account setting %s is not supported by Steady: %s.", value, name, why)
	}
	if value == "" || oneOf(string(name), value, of.values...) != nil {
		return invalid("%s should be one of [%s]", name, strings.Join(of.values, ","))
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
