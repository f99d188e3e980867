package model

import "github.com/aws/aws-sdk-go-v2/service/ecs/types"

// AccountSetting is the name of the fact under which the state keeps an account setting
// that was made.
func AccountSetting(name types.SettingName) string { return "account-setting/" + string(name) }
