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
	check(t, "effective settings", list(&ecs.ListAccountSettingsInput{EffectiveSettings: true, Name: types.SettingNameContainerInsights}), "disabled")
	s := must(w.PutAccountSettingDefault(ctx, &ecs.PutAccountSettingDefaultInput{Name: types.SettingNameContainerInsights, Value: aws.String("enabled")})).Setting
	check(t, "principal", *s.PrincipalArn, "arn:aws:iam::000000000000:root")
	check(t, "settings", list(&ecs.ListAccountSettingsInput{Name: types.SettingNameContainerInsights}), "enabled")
	check(t, "settings of a value", list(&ecs.ListAccountSettingsInput{Name: types.SettingNameContainerInsights, Value: aws.String("disabled")}), "none")

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
		"ClientException: The value disabled of the account setting taskLongArnFormat is not supported by Steady: ARNs are always of the long format.": func() error {
			return failed(w.PutAccountSetting(ctx, &ecs.PutAccountSettingInput{Name: types.SettingNameTaskLongArnFormat, Value: aws.String("disabled")}))
		},
		"InvalidParameterException: fargateTaskRetirementWaitPeriod should be one of [0,7,14]": func() error {
			return failed(w.PutAccountSetting(ctx, &ecs.PutAccountSettingInput{Name: types.SettingNameFargateTaskRetirementWaitPeriod, Value: aws.String("8")}))
		},
		"InvalidParameterException: The account setting guardDutyActivate can only be read.": func() error {
			return failed(w.PutAccountSetting(ctx, &ecs.PutAccountSettingInput{Name: types.SettingNameGuardDutyActivate, Value: aws.String("on")}))
		},
		"InvalidParameterException: maxResults should be between 1 and 10": func() error {
			return failed(w.ListAccountSettings(ctx, &ecs.ListAccountSettingsInput{MaxResults: 11}))
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

func TestEffectiveAccountSettingsInPages(t *testing.T) {
	w := newWorld(t)
	in := &ecs.ListAccountSettingsInput{EffectiveSettings: true}
	seen := map[types.SettingName]string{}
	for {
		out := must(w.ListAccountSettings(t.Context(), in))
		for _, s := range out.Settings {
			seen[s.Name] = *s.Value + " " + string(s.Type)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	for _, name := range types.SettingName("").Values() {
		if seen[name] == "" {
			t.Errorf("%s is not listed", name)
		}
	}
	check(t, "defaultLogDriverMode", seen[types.SettingNameDefaultLogDriverMode], "non-blocking user")
	check(t, "guardDutyActivate", seen[types.SettingNameGuardDutyActivate], "off aws_managed")
	check(t, "how many there are", len(seen), 12)
}

func TestConfigurationOfAClusterIsKept(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	configuration := func(logging types.ExecuteCommandLogging, fargateKey *string) *types.ClusterConfiguration {
		return &types.ClusterConfiguration{
			ExecuteCommandConfiguration: &types.ExecuteCommandConfiguration{Logging: logging, KmsKeyId: aws.String("k")},
			ManagedStorageConfiguration: &types.ManagedStorageConfiguration{FargateEphemeralStorageKmsKeyId: fargateKey},
		}
	}
	must(w.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("c"), Configuration: configuration("NONE", nil)}))
	logging := func() types.ExecuteCommandLogging {
		return describeCluster(w, "c", types.ClusterFieldConfigurations).Configuration.ExecuteCommandConfiguration.Logging
	}
	check(t, "logging", logging(), types.ExecuteCommandLoggingNone)
	if describeCluster(w, "c").Configuration != nil {
		t.Error("the configuration is shown though nobody asked for it")
	}
	must(w.UpdateCluster(ctx, &ecs.UpdateClusterInput{Cluster: aws.String("c"), Configuration: configuration("DEFAULT", nil)}))
	check(t, "logging after the update", logging(), types.ExecuteCommandLoggingDefault)
	w.fails("InvalidParameterException: When logging=OVERRIDE is specified, a logConfiguration must be provided.", func() error {
		return failed(w.UpdateCluster(ctx, &ecs.UpdateClusterInput{Cluster: aws.String("c"), Configuration: configuration("OVERRIDE", nil)}))
	})
	w.fails("ClientException: configuration.managedStorageConfiguration.fargateEphemeralStorageKmsKeyId is not supported by Steady yet: remove it from the cluster", func() error {
		return failed(w.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("d"), Configuration: configuration("", aws.String("k"))}))
	})
}
