package firelens

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

var update = flag.Bool("update", false, "write the golden configurations")

// secretARN may stand anywhere: it is never in a configuration.
const secretARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:key-AbCdEf"

// define reads the containers of a task definition.
func define(t *testing.T, containers string) []types.ContainerDefinition {
	t.Helper()
	var all []types.ContainerDefinition
	if err := json.Unmarshal([]byte(containers), &all); err != nil {
		t.Fatalf("%s: %v", containers, err)
	}
	return all
}

func router(kind, options string) string {
	return `{"Name": "router", "FirelensConfiguration": {"Type": "` + kind + `", "Options": {` + options + `}}}`
}

func routed(name, options, secrets string) string {
	return `{"Name": "` + name + `", "LogConfiguration": {"LogDriver": "awsfirelens", "Options": {` + options + `}, "SecretOptions": [` + secrets + `]}}`
}

func secret(name string) string { return `{"Name": "` + name + `", "ValueFrom": "` + secretARN + `"}` }

func TestConfig(t *testing.T) {
	app := routed("app", `"Name": "http", "Host": "logs.example", "include-pattern": "^[a-z] #", "exclude-pattern": "debug", "log-driver-buffer-limit": "1000"`, secret("api-key"))
	fluentd := routed("app", `"@type": "http", "endpoint": "http://logs.example", "include-pattern": "a", "exclude-pattern": "b"`, secret("api.key"))
	for _, c := range []struct {
		name, containers string
		network          types.NetworkMode
		instance         string
	}{
		{"fluentbit-bridge", router("fluentbit", "") + "," + app, types.NetworkModeBridge, "i-0123456789abcdef0"},
		{"fluentbit-default", router("fluentbit", `"enable-ecs-log-metadata": "false"`) + "," + app, "", ""},
		{"fluentbit-awsvpc-file", app + "," + router("fluentbit", `"config-file-type": "file", "config-file-value": "/extra one.conf"`), types.NetworkModeAwsvpc, ""},
		{"fluentbit-host-s3", router("fluentbit", `"config-file-type": "s3", "config-file-value": "arn:aws:s3:::bucket/a/extra.conf"`) + "," + routed("app", "", "") + "," + routed("side", `"Name": "null"`, ""), types.NetworkModeHost, ""},
		{"fluentd-bridge", router("fluentd", `"enable-ecs-log-metadata": "true"`) + "," + fluentd, types.NetworkModeBridge, "i-0123456789abcdef0"},
		{"fluentd-awsvpc-s3", router("fluentd", `"config-file-type": "s3", "config-file-value": "arn:aws:s3:::bucket/a/extra.conf"`) + "," + fluentd, types.NetworkModeAwsvpc, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Config(Task{
				Cluster: "default", ARN: "arn:aws:ecs:us-east-1:000000000000:task/default/0123", Definition: "web:3",
				EC2Instance: c.instance, Network: c.network, Containers: define(t, "["+c.containers+"]"),
			})
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", c.name+".conf")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || got != string(want) {
				t.Errorf("%s (%v):\n%s", golden, err, got)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	ok := routed("app", `"Name": "null"`, "")
	bit := router("fluentbit", "")
	applied := "unable to apply log options of container app to firelens config: "
	for _, c := range []struct{ containers, want string }{
		{bit + "," + ok, ""},
		{bit + "," + routed("app", "", ""), ""},
		{bit + "," + routed("app", `"Name": "null", "log-driver-buffer-limit": "536870912"`, ""), ""},
		{`{"Name": "app"}`, ""},
		{ok, "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be configured in one of the containers."},
		{bit, "When a firelensConfiguration object is specified, at least one container has to be configured with the awsfirelens log driver."},
		{bit + "," + bit + "," + ok, "Only one container"},
		{router("vector", "") + "," + ok, "Invalid setting for container 'router'. 'firelensConfiguration.type' is 'vector'"},
		{router("fluentbit", `"enable-ecs-log-metadata": "maybe"`) + "," + ok, "Invalid setting for container 'router'. The option enable-ecs-log-metadata is 'maybe'"},
		{router("fluentbit", `"config-file-type": "http"`) + "," + ok, "Invalid setting for container 'router'. invalid value http is specified for option config-file-type"},
		{router("fluentbit", `"config-file-type": "s3"`) + "," + ok, "Invalid setting for container 'router'. option config-file-type is specified but config-file-value is not specified"},
		{router("fluentbit", `"config-file-value": "/x"`) + "," + ok, "Invalid setting for container 'router'. option config-file-value is specified but config-file-type"},
		{router("fluentbit", `"config-file-type": "file", "config-file-value": "x.conf"`) + "," + ok, "Invalid setting for container 'router'. The option config-file-value is \"x.conf\""},
		{router("fluentbit", `"config-file-type": "file", "config-file-value": "/x\n[OUTPUT]"`) + "," + ok, "Invalid setting for container 'router'. The option config-file-value is"},
		{router("fluentbit", `"config-file-type": "s3", "config-file-value": "s3://bucket/key"`) + "," + ok, "Invalid setting for container 'router'. The option config-file-value is \"s3://bucket/key\""},
		{router("fluentbit", `"flush": "1"`) + "," + ok, "Invalid setting for container 'router'. firelensConfiguration has no option flush"},
		{bit + "," + routed("app", `"region": "x"`, ""), applied + "missing output key Name which is required for firelens configuration of type fluentbit"},
		{bit + "," + routed("app", "", secret("key")), applied + "missing output key Name"},
		{router("fluentd", "") + "," + ok, applied + "missing output key @type which is required for firelens configuration of type fluentd"},
		{bit + "," + routed("app", `"Name": "null\n[OUTPUT]\n    Name file"`, ""), applied + "the value of Name has a line break"},
		{bit + "," + routed("app", `"Name": "null", "include-pattern": "a\rb"`, ""), applied + "the value of include-pattern has a line break"},
		{bit + "," + routed("app", `"Name": "null", "a\nb": "c"`, ""), applied + `"a\nb" cannot be the name of an option`},
		{bit + "," + routed("app", `"Name": "null", "[OUTPUT]": "c"`, ""), applied + `"[OUTPUT]" cannot be`},
		{bit + "," + routed("app", `"Name": "null", "@INCLUDE": "/etc/passwd"`, ""), applied + `"@INCLUDE" cannot be`},
		{router("fluentd", "") + "," + routed("app", `"@type": "null", "@include": "/etc/passwd"`, ""), applied + `"@include" cannot be`},
		{router("fluentd", "") + "," + routed("app", `"@type": "null", "</match>": "x"`, ""), applied + `"</match>" cannot be`},
		{bit + "," + routed("app", `"Name": "null"`, secret("a-b")+","+secret("a.b")), applied + "the secret options a-b and a.b have the same name"},
		{bit + "," + routed("app", `"Name": "null", "log-driver-buffer-limit": "536870913"`, ""), applied + "log-driver-buffer-limit is \"536870913\""},
	} {
		err := Check(define(t, "["+c.containers+"]"))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s\n gives  %v\n wanted %s", c.containers, err, c.want)
		}
	}
}

func TestDependencies(t *testing.T) {
	all := define(t, "["+router("fluentbit", "")+","+routed("app", `"Name": "null"`, "")+`, {"Name": "other"}]`)
	want := model.Dependency{Container: "router", Condition: types.ContainerConditionStart}
	if got := Dependencies(all, all[1]); len(got) != 1 || got[0] != want {
		t.Errorf("what is routed waits for %v", got)
	}
	all[1].DependsOn = []types.ContainerDependency{{ContainerName: aws.String("router"), Condition: types.ContainerConditionHealthy}}
	want.Condition = types.ContainerConditionHealthy
	if got := Dependencies(all, all[1]); len(got) != 1 || got[0] != want {
		t.Errorf("what says how it waits waits for %v", got)
	}
	for _, c := range []types.ContainerDefinition{all[0], all[2]} {
		if got := Dependencies(all, c); len(got) != 0 {
			t.Errorf("%s waits for %v", *c.Name, got)
		}
	}
}

// Whatever an option is, a configuration that is written has the lines that it has with
// a harmless one, no more: nothing in it begins a section of its own.
func FuzzOptionsStayInTheirLine(f *testing.F) {
	f.Add("Host", "logs.example", true)
	f.Add("a\nb", "c\n[OUTPUT]\n    Name file", true)
	f.Add("@INCLUDE", "/etc/passwd", false)
	f.Add("</match>", "<match **>", false)
	f.Fuzz(func(t *testing.T, name, value string, bit bool) {
		kind, key := types.FirelensConfigurationTypeFluentd, "@type"
		if bit {
			kind, key = types.FirelensConfigurationTypeFluentbit, "Name"
		}
		if name == key || name == BufferLimit || name == optionInclude || name == optionExclude {
			return
		}
		config := func(options map[string]string) (string, error) {
			return Config(Task{Containers: []types.ContainerDefinition{
				{Name: aws.String("router"), FirelensConfiguration: &types.FirelensConfiguration{Type: kind}},
				{Name: aws.String("app"), LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwsfirelens, Options: options}},
			}})
		}
		plain, err := config(map[string]string{key: "null", "Zz": "x"})
		if err != nil {
			t.Fatal(err)
		}
		got, err := config(map[string]string{key: "null", name: value})
		if err != nil {
			return
		}
		want := strings.Split(plain, "\n")
		for i, line := range strings.Split(got, "\n") {
			if i >= len(want) || line != want[i] && line != "    "+name+" "+value {
				t.Fatalf("line %d is %q", i, line)
			}
		}
	})
}
