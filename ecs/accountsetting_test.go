package ecs

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestContainerInsightsOfNewClusters(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	insights := func(cluster string) string {
		return *describeCluster(w, cluster, types.ClusterFieldSettings).Settings[0].Value
	}
	list := func(in *ecs.ListAccountSettingsInput) string {
		all := must(w.ListAccountSettings(ctx, in)).Settings
		if len(all) == 0 {
			return "none"
		}
		return *all[0].Value
	}
	check(t, "settings", list(&ecs.ListAccountSettingsInput{}), "none")
	check(t, "effective settings", list(&ecs.ListAccountSettingsInput{EffectiveSettings: true}), "disabled")
	s := must(w.PutAccountSettingDefault(ctx, &ecs.PutAccountSettingDefaultInput{Name: types.SettingNameContainerInsights, Value: aws.String("enabled")})).Setting
	check(t, "principal", *s.PrincipalArn, "arn:aws:iam::000000000000:root")
	check(t, "settings", list(&ecs.ListAccountSettingsInput{Name: types.SettingNameContainerInsights}), "enabled")
	check(t, "settings of a value", list(&ecs.ListAccountSettingsInput{Value: aws.String("disabled")}), "none")

	must(w.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("new")}))
	check(t, "of a new cluster", insights("new"), "enabled")
	check(t, "of one that was there", insights("default"), "disabled")
	must(w.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("plain"),
		Settings: []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: aws.String("disabled")}}}))
	check(t, "of one that says otherwise", insights("plain"), "disabled")

	must(w.DeleteAccountSetting(ctx, &ecs.DeleteAccountSettingInput{Name: types.SettingNameContainerInsights}))
	must(w.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("newer")}))
	check(t, "after it was deleted", insights("newer"), "disabled")
}

func TestClusterSettings(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	set := func(value string) []types.ClusterSetting {
		return []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: &value}}
	}
	c := must(w.UpdateClusterSettings(ctx, &ecs.UpdateClusterSettingsInput{Cluster: aws.String("default"), Settings: set("enhanced")})).Cluster
	check(t, "setting", *c.Settings[0].Value, "enhanced")
	must(w.UpdateCluster(ctx, &ecs.UpdateClusterInput{Cluster: aws.String("default")}))
	check(t, "unchanged", *describeCluster(w, "default", types.ClusterFieldSettings).Settings[0].Value, "enhanced")
	must(w.UpdateCluster(ctx, &ecs.UpdateClusterInput{Cluster: aws.String("default"), Settings: set("enabled")}))
	check(t, "changed", *describeCluster(w, "default", types.ClusterFieldSettings).Settings[0].Value, "enabled")

	for want, call := range map[string]func() error{
		"InvalidParameterException: containerInsights should be one of [enabled,enhanced,disabled]": func() error {
			return failed(w.UpdateClusterSettings(ctx, &ecs.UpdateClusterSettingsInput{Cluster: aws.String("default"), Settings: set("on")}))
		},
		"InvalidParameterException: cluster and settings can not be empty.": func() error {
			return failed(w.UpdateClusterSettings(ctx, &ecs.UpdateClusterSettingsInput{Cluster: aws.String("default")}))
		},
		"ClusterNotFoundException: Cluster not found.": func() error {
			return failed(w.UpdateClusterSettings(ctx, &ecs.UpdateClusterSettingsInput{Cluster: aws.String("none"), Settings: set("enabled")}))
		},
		"ClientException: serviceConnectDefaults is not supported by Steady yet: remove it from the request": func() error {
			return failed(w.UpdateCluster(ctx, &ecs.UpdateClusterInput{Cluster: aws.String("default"), ServiceConnectDefaults: &types.ClusterServiceConnectDefaultsRequest{}}))
		},
		"ClientException: The account setting awsvpcTrunking is not supported by Steady yet: containerInsights is.": func() error {
			return failed(w.PutAccountSetting(ctx, &ecs.PutAccountSettingInput{Name: types.SettingNameAwsvpcTrunking, Value: aws.String("enabled")}))
		},
		`InvalidParameterException: Invalid setting name: "x".`: func() error {
			return failed(w.ListAccountSettings(ctx, &ecs.ListAccountSettingsInput{Name: "x"}))
		},
		"ClientException: Settings of the principal arn:aws:iam::000000000000:user/a are not supported by Steady: it has arn:aws:iam::000000000000:root only.": func() error {
			return failed(w.PutAccountSetting(ctx, &ecs.PutAccountSettingInput{Name: types.SettingNameContainerInsights, Value: aws.String("enabled"), PrincipalArn: aws.String("arn:aws:iam::000000000000:user/a")}))
		},
	} {
		w.fails(want, call)
	}
}
