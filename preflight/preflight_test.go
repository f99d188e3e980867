package preflight

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// A story changes facts in which nothing is wrong.
type story struct {
	name   string
	change func(*Facts)
	finds  string // "id severity" of each problem, in order
	says   string // part of the first one's text
}

// sound is a deployment that nothing keeps from succeeding.
func sound() Facts {
	return Facts{
		TaskDefinition: types.TaskDefinition{
			Family: aws.String("web"), ExecutionRoleArn: aws.String("arn:aws:iam::1:role/x"),
			ContainerDefinitions: []types.ContainerDefinition{{
				Name: aws.String("app"), Image: aws.String("app:v1"), Cpu: 128, Memory: aws.Int32(128),
				PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80)}},
			}},
		},
		Service: &types.Service{
			ServiceName: aws.String("web"), DesiredCount: 2, LaunchType: types.LaunchTypeEc2,
			DeploymentConfiguration: &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}},
		},
		Looked: true, Instances: []types.ContainerInstance{instance(1024, 1024)},
		Images: map[string]Image{"app:v1": {Presence: There, Platforms: []string{"linux/amd64"}}},
	}
}

func instance(cpu, memory int32) types.ContainerInstance {
	resources := []types.Resource{{Name: aws.String("CPU"), IntegerValue: cpu}, {Name: aws.String("MEMORY"), IntegerValue: memory}}
	return types.ContainerInstance{
		ContainerInstanceArn: aws.String("arn:aws:ecs:r:1:container-instance/c/i"), Status: aws.String("ACTIVE"), AgentConnected: true,
		RegisteredResources: resources, RemainingResources: resources,
		Attributes: []types.Attribute{{Name: aws.String("ecs.cpu-architecture"), Value: aws.String("x86_64")}, {Name: aws.String("ecs.os-type"), Value: aws.String("linux")}},
	}
}

func app(f *Facts) *types.ContainerDefinition { return &f.TaskDefinition.ContainerDefinitions[0] }

func TestExamine(t *testing.T) {
	awslogs := func(f *Facts, options map[string]string) {
		app(f).LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: options}
	}
	const password = "arn:aws:secretsmanager:eu-1:1:secret:db-a1b2c3"
	withSecret := func(f *Facts, from string, is Secret) {
		app(f).Secrets = []types.Secret{{Name: aws.String("PASSWORD"), ValueFrom: aws.String(from)}}
		f.Secrets = map[string]Secret{password: is}
	}
	percent := func(f *Facts, minimum, maximum int32) {
		f.Service.DeploymentConfiguration.MinimumHealthyPercent, f.Service.DeploymentConfiguration.MaximumPercent = &minimum, &maximum
	}
	onFargate := func(f *Facts, cpu, memory string) {
		f.Service.LaunchType, f.Instances = types.LaunchTypeFargate, nil
		f.TaskDefinition.NetworkMode = types.NetworkModeAwsvpc
		f.TaskDefinition.Cpu, f.TaskDefinition.Memory = &cpu, &memory
	}
	balanced := func(f *Facts, name string, port int32) {
		f.Service.LoadBalancers = []types.LoadBalancer{{ContainerName: &name, ContainerPort: &port}}
		f.Service.HealthCheckGracePeriodSeconds = aws.Int32(60)
	}
	second := func(f *Facts, name string) *types.ContainerDefinition {
		f.TaskDefinition.ContainerDefinitions = append(f.TaskDefinition.ContainerDefinitions,
			types.ContainerDefinition{Name: &name, Image: aws.String("app:v1"), Memory: aws.Int32(16)})
		return &f.TaskDefinition.ContainerDefinitions[1]
	}
	for _, s := range []story{
		{"sound", func(*Facts) {}, "", ""},
		{"the definition alone", func(f *Facts) { f.Service = nil }, "", ""},

		{"two of one name", func(f *Facts) { second(f, "app") }, "duplicate-name error", "Two containers"},
		{"none is essential", func(f *Facts) { app(f).Essential = aws.Bool(false) }, "no-essential error", ""},
		{"waits for nobody", func(f *Facts) {
			app(f).DependsOn = []types.ContainerDependency{{ContainerName: aws.String("db"), Condition: types.ContainerConditionStart}}
		}, "unknown-dependency error", `"db"`},
		{"waits for a health that nobody checks", func(f *Facts) {
			second(f, "db")
			app(f).DependsOn = []types.ContainerDependency{{ContainerName: aws.String("db"), Condition: types.ContainerConditionHealthy}}
		}, "dependency-without-check error", ""},

		{"a circle of containers", func(f *Facts) {
			second(f, "db").DependsOn = []types.ContainerDependency{{ContainerName: aws.String("app"), Condition: types.ContainerConditionStart}}
			app(f).DependsOn = []types.ContainerDependency{{ContainerName: aws.String("db"), Condition: types.ContainerConditionStart}}
		}, "dependency-cycle error", "app → db → app"},
		{"waits for two that wait for one", func(f *Facts) {
			on := func(names ...string) (all []types.ContainerDependency) {
				for _, n := range names {
					all = append(all, types.ContainerDependency{ContainerName: aws.String(n), Condition: types.ContainerConditionStart})
				}
				return all
			}
			second(f, "a").DependsOn = on("db")
			second(f, "db")
			app(f).DependsOn = on("a", "db")
		}, "", ""},

		{"what is no name of an image", func(f *Facts) {
			f.Images["app:v1"] = Image{Malformed: true, Detail: "repository can only contain …"}
		}, "image-malformed error", "repository can only contain"},
		{"no image", func(f *Facts) { f.Images["app:v1"] = Image{Presence: Missing} }, "image-missing error", "The registry has no image app:v1."},
		{"nobody knows the image", func(f *Facts) { f.Images["app:v1"] = Image{Detail: "no such host"} }, "image-unchecked unchecked", "could not be looked for: no such host."},
		{"nobody looked for the image", func(f *Facts) { f.Images = nil }, "", ""},
		{"an image for others", func(f *Facts) { f.Images["app:v1"] = Image{Presence: There, Platforms: []string{"linux/arm64"}} }, "image-platform error", "will run on linux/amd64"},
		{"an image for the platform that is asked for", func(f *Facts) {
			f.Images["app:v1"] = Image{Presence: There, Platforms: []string{"linux/arm64"}}
			f.TaskDefinition.RuntimePlatform = &types.RuntimePlatform{CpuArchitecture: types.CPUArchitectureArm64}
			f.Looked = false
		}, "", ""},

		{"the check's command is not in the image", func(f *Facts) {
			app(f).HealthCheck = check("CMD-SHELL", "curl -f http://localhost/ || exit 1")
			f.Images["app:v1"] = Image{Presence: There, Programs: map[string]Presence{"/bin/sh": There, "curl": Missing}}
		}, "check-command-missing error", "runs curl, which the image app:v1 does not have"},
		{"nor is a shell; the container may be unhealthy", func(f *Facts) {
			c := second(f, "side")
			c.Essential, c.HealthCheck = aws.Bool(false), check("CMD-SHELL", "curl -f http://localhost/")
			f.Images["app:v1"] = Image{Presence: There, Programs: map[string]Presence{"/bin/sh": Missing, "curl": Missing}}
		}, "check-command-missing warning", "runs /bin/sh"},
		{"the check's command is there", func(f *Facts) {
			app(f).HealthCheck = check("CMD", "/app", "-check")
			f.Images["app:v1"] = Image{Presence: There, Programs: map[string]Presence{"/app": There}}
		}, "", ""},
		{"nobody can look into the image", func(f *Facts) {
			app(f).HealthCheck = check("CMD", "curl")
			f.Images["app:v1"] = Image{Presence: There, Uninspected: "its layers have 900 MiB"}
		}, "check-uninspected unchecked", "(curl) cannot be inspected: its layers have 900 MiB."},
		{"a check that is turned off", func(f *Facts) { app(f).HealthCheck = check("NONE") }, "", ""},

		{"no such secret", func(f *Facts) { withSecret(f, password, Secret{Presence: Missing}) }, "secret-missing error", "The secret of PASSWORD, " + password},
		{"no such key", func(f *Facts) {
			withSecret(f, password+":pw::", Secret{Presence: There, Readable: true, Keys: []string{"user"}})
		}, "secret-key-missing error", `no key "pw"`},
		{"the key is there", func(f *Facts) {
			withSecret(f, password+":pw::", Secret{Presence: There, Readable: true, Keys: []string{"pw"}})
		}, "", ""},
		{"the key may be there", func(f *Facts) { withSecret(f, password+":pw::", Secret{Presence: There}) }, "", ""},
		{"a secret that nobody may read", func(f *Facts) { withSecret(f, password, Secret{Detail: "AccessDenied"}) }, "secret-unchecked unchecked", ""},
		{"a role that may not read it", func(f *Facts) {
			withSecret(f, password, Secret{Presence: There})
			f.Readers = map[string]Right{password: Forbidden}
		}, "secret-forbidden error", "A policy of the execution role arn:aws:iam::1:role/x denies it"},
		{"a role that nothing allows to", func(f *Facts) {
			withSecret(f, password, Secret{Presence: There})
			f.Readers = map[string]Right{password: NotAllowed}
		}, "secret-not-allowed warning", "only a policy of the secret itself"},
		{"a role of which nobody knows", func(f *Facts) {
			withSecret(f, password, Secret{Presence: There})
			f.Readers = map[string]Right{password: NoAnswer}
		}, "secret-reader-unchecked unchecked", "could not be asked of IAM"},
		{"a role that may", func(f *Facts) {
			withSecret(f, password, Secret{Presence: There})
			f.Readers = map[string]Right{password: Allowed}
		}, "", ""},
		{"nobody to read the secret", func(f *Facts) {
			withSecret(f, password, Secret{Presence: There})
			f.TaskDefinition.ExecutionRoleArn = nil
		}, "no-execution-role error", ""},

		{"no such roles", func(f *Facts) {
			f.TaskDefinition.TaskRoleArn = aws.String("arn:aws:iam::1:role/y")
			f.Roles = map[string]Presence{"arn:aws:iam::1:role/x": Missing, "arn:aws:iam::1:role/y": Missing}
		}, "role-missing error, role-missing error", "The role arn:aws:iam::1:role/x does not exist."},
		{"a secret for no such role", func(f *Facts) {
			withSecret(f, password, Secret{Presence: There})
			f.Readers = map[string]Right{password: NoRole}
			f.Roles = map[string]Presence{"arn:aws:iam::1:role/x": Missing}
		}, "role-missing error", ""},

		{"no log group", func(f *Facts) {
			awslogs(f, map[string]string{"awslogs-group": "g"})
			f.LogGroups = map[string]Presence{"g": Missing}
		}, "log-group-missing error", "The log group g does not exist"},
		{"a log group that will be made", func(f *Facts) {
			awslogs(f, map[string]string{"awslogs-group": "g", "awslogs-create-group": "true"})
			f.LogGroups = map[string]Presence{"g": Missing}
		}, "", ""},
		{"a log group of no name", func(f *Facts) { awslogs(f, nil) }, "log-group-unnamed error", ""},

		{"more CPU than the task has", func(f *Facts) { f.TaskDefinition.Cpu = aws.String("64") }, "cpu-sum error", "128 CPU units, and the task has 64"},
		{"more memory than the task has", func(f *Facts) { f.TaskDefinition.Memory = aws.String("64") }, "memory-sum error", ""},
		{"no memory at all", func(f *Facts) { app(f).Memory = nil }, "no-memory error", ""},
		{"a reservation above the limit", func(f *Facts) { app(f).MemoryReservation = aws.Int32(256) }, "memory-reservation error", ""},

		{"a size of Fargate", func(f *Facts) { onFargate(f, "256", "512") }, "", ""},
		{"another", func(f *Facts) { onFargate(f, "4096", "30720") }, "", ""},
		{"a size in words", func(f *Facts) { onFargate(f, "1 vCPU", "2 GB") }, "", ""},
		{"an image for Windows", func(f *Facts) {
			f.Images["app:v1"] = Image{Presence: There, Platforms: []string{"windows/amd64"}}
			f.TaskDefinition.RuntimePlatform = &types.RuntimePlatform{CpuArchitecture: types.CPUArchitectureX8664, OperatingSystemFamily: types.OSFamilyWindowsServer2022Core}
			f.Looked = false
		}, "", ""},
		{"none of Fargate", func(f *Facts) { onFargate(f, "256", "3072") }, "fargate-size error", "256 CPU units and 3072 MiB"},
		{"between the steps", func(f *Facts) { onFargate(f, "512", "1500") }, "fargate-size error", ""},
		{"Fargate in another network", func(f *Facts) {
			onFargate(f, "256", "512")
			f.TaskDefinition.NetworkMode = types.NetworkModeBridge
		}, "fargate-network error", ""},

		{"a service that is deleted", func(f *Facts) { f.Service.Status = aws.String("DRAINING") }, "service-not-active error", "It is DRAINING"},
		{"a cluster that nobody may look at", func(f *Facts) {
			f.Looked, f.Instances, f.Unseen = false, nil, "AccessDeniedException"
		}, "cluster-unchecked unchecked", "could not be looked at: AccessDeniedException."},

		{"percentages without a step", func(f *Facts) { percent(f, 100, 100) }, "percent-deadlock error", "Of its 2 tasks at least 2 must stay and at most 2 may run"},
		{"percentages that rounding leaves without a step", func(f *Facts) { percent(f, 60, 120) }, "percent-deadlock error", ""},
		{"stop first", func(f *Facts) { percent(f, 50, 100) }, "", ""},

		{"behind a load balancer", func(f *Facts) { balanced(f, "app", 80) }, "", ""},
		{"another port than the load balancer's", func(f *Facts) { balanced(f, "app", 81) }, "balanced-port error", "port 81"},
		{"another container than the load balancer's", func(f *Facts) { balanced(f, "web", 80) }, "balanced-container error", ""},
		{"no time to start", func(f *Facts) { balanced(f, "app", 80); f.Service.HealthCheckGracePeriodSeconds = nil }, "no-grace warning", ""},

		{"exec without a role, in what cannot be written", func(f *Facts) {
			f.Service.EnableExecuteCommand = true
			app(f).ReadonlyRootFilesystem = aws.Bool(true)
		}, "exec-role warning, exec-readonly warning", ""},
		{"no breaker", func(f *Facts) { f.Service.DeploymentConfiguration = nil }, "no-breaker warning", ""},

		{"too big for every instance", func(f *Facts) { app(f).Memory = aws.Int32(4096) }, "no-place error", "A task needs 4096 MiB of memory"},
		{"one port on one instance", func(f *Facts) { app(f).PortMappings[0].HostPort = aws.Int32(80) }, "no-place error", ""},
		{"errors come first", func(f *Facts) { f.Service.DeploymentConfiguration = nil; app(f).Memory = aws.Int32(4096) }, "no-place error, no-breaker warning", ""},
	} {
		t.Run(s.name, func(t *testing.T) {
			f := sound()
			s.change(&f)
			var found []string
			problems := Examine(f)
			for _, p := range problems {
				found = append(found, p.ID+" "+string(p.Severity))
				if p.Severity == Error && len(p.Remedy) == 0 {
					t.Errorf("%s says not what to do", p.ID)
				}
			}
			if got := strings.Join(found, ", "); got != s.finds {
				t.Fatalf("it finds %s: %+v", got, problems)
			}
			if s.says != "" && !strings.Contains(problems[0].Text, s.says) {
				t.Errorf("it says: %s", problems[0].Text)
			}
			if Fatal(problems) != strings.Contains(s.finds, "error") {
				t.Error("an error is what keeps a deployment from succeeding")
			}
		})
	}
}

func check(command ...string) *types.HealthCheck { return &types.HealthCheck{Command: command} }

func TestCheckPrograms(t *testing.T) {
	path := []types.KeyValuePair{{Name: aws.String("PATH"), Value: aws.String("/opt")}}
	volume := []types.MountPoint{{ContainerPath: aws.String("/tools/")}}
	for _, story := range []struct {
		name string
		c    types.ContainerDefinition
		want string
	}{
		{"none", types.ContainerDefinition{}, ""},
		{"a program", types.ContainerDefinition{HealthCheck: check("CMD", "curl", "-f")}, "curl"},
		{"a line", types.ContainerDefinition{HealthCheck: check("CMD-SHELL", "curl -f http://x || exit 1")}, "/bin/sh curl"},
		{"what the shell has itself", types.ContainerDefinition{HealthCheck: check("CMD-SHELL", "test -f /ready")}, "/bin/sh"},
		{"what is no word", types.ContainerDefinition{HealthCheck: check("CMD-SHELL", `"$JAVA_HOME/bin/java" -version`)}, "/bin/sh"},
		{"a variable first", types.ContainerDefinition{HealthCheck: check("CMD-SHELL", "X=1 curl")}, "/bin/sh"},
		{"a PATH of the container's own", types.ContainerDefinition{HealthCheck: check("CMD-SHELL", "curl x"), Environment: path}, "/bin/sh"},
		{"of a volume", types.ContainerDefinition{HealthCheck: check("CMD", "/tools/probe"), MountPoints: volume}, ""},
		{"beside the volume", types.ContainerDefinition{HealthCheck: check("CMD", "/tools2/probe"), MountPoints: volume}, "/tools2/probe"},
		{"of another container's volumes", types.ContainerDefinition{HealthCheck: check("CMD", "/tools/probe"), VolumesFrom: []types.VolumeFrom{{SourceContainer: aws.String("tools")}}}, ""},
		{"what bash has itself, which is /bin/sh in some images", types.ContainerDefinition{HealthCheck: check("CMD-SHELL", "source /env && probe")}, "/bin/sh"},
		{"of the working directory", types.ContainerDefinition{HealthCheck: check("CMD", "./probe"), WorkingDirectory: aws.String("/srv")}, "/srv/probe"},
	} {
		if got := strings.Join(CheckPrograms(story.c), " "); got != story.want {
			t.Errorf("%s: %q, not %q", story.name, got, story.want)
		}
	}
}

// What ran before is judged by what may have gone since, and by nothing else.
func TestRunnable(t *testing.T) {
	f := sound()
	app(&f).Secrets = []types.Secret{{Name: aws.String("P"), ValueFrom: aws.String("/p")}}
	app(&f).Memory = nil // an error of a new one
	for _, story := range []struct {
		image, secret Presence
		want          string
	}{
		{There, There, ""}, {Missing, There, "image-missing"}, {There, Missing, "secret-missing"}, {Unknown, Unknown, "image-unchecked secret-unchecked"},
	} {
		f.Images["app:v1"], f.Secrets = Image{Presence: story.image}, map[string]Secret{"/p": {Presence: story.secret}}
		var ids []string
		for _, p := range Runnable(f) {
			ids = append(ids, p.ID)
		}
		if got := strings.Join(ids, " "); got != story.want {
			t.Errorf("image %v, secret %v: %q, not %q", story.image, story.secret, got, story.want)
		}
	}
}
