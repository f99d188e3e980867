package ecs

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestRevisionsOfAFamily(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for want := int32(1); want <= 3; want++ {
		check(t, "revision", w.register("web").Revision, want)
	}
	latest := func() string { return arnOf(must(w.DescribeTaskDefinition(ctx, describeDefinition("web")))) }
	check(t, "latest", latest(), "web:3")

	// A revision that is deregistered stays on record; its number is not used again.
	d := must(w.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("web:3")})).TaskDefinition
	check(t, "status", d.Status, types.TaskDefinitionStatusInactive)
	check(t, "deregisteredAt is set", d.DeregisteredAt != nil, true)
	check(t, "latest", latest(), "web:2")
	check(t, "by number", arnOf(must(w.DescribeTaskDefinition(ctx, describeDefinition("web:3")))), "web:3")
	check(t, "by ARN", arnOf(must(w.DescribeTaskDefinition(ctx, describeDefinition("arn:aws:ecs:eu-central-1:000000000000:task-definition/web:1")))), "web:1")
	check(t, "revision", w.register("web").Revision, 4)
}

func describeDefinition(name string) *ecs.DescribeTaskDefinitionInput {
	return &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(name)}
}

// arnOf is the last part of the ARN, "family:revision".
func arnOf(out *ecs.DescribeTaskDefinitionOutput) string {
	arn := *out.TaskDefinition.TaskDefinitionArn
	return arn[strings.LastIndexByte(arn, '/')+1:]
}

func TestTagsOfATaskDefinitionAreShownOnDemand(t *testing.T) {
	w := newWorld(t)
	out := must(w.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("web"), ContainerDefinitions: []types.ContainerDefinition{webContainer()},
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}},
	}))
	check(t, "tags", len(out.Tags), 1)
	in := describeDefinition("web")
	check(t, "tags unasked", len(must(w.DescribeTaskDefinition(t.Context(), in)).Tags), 0)
	in.Include = []types.TaskDefinitionField{types.TaskDefinitionFieldTags}
	check(t, "tag", *must(w.DescribeTaskDefinition(t.Context(), in)).Tags[0].Value, "a")
}

func TestTaskSizes(t *testing.T) {
	for _, tt := range []struct{ cpu, memory, wantCPU, wantMemory string }{
		{"256", "512", "256", "512"},
		{"1 vCPU", "2 GB", "1024", "2048"},
		{".25vcpu", "0.5GB", "256", "512"},
	} {
		w := newWorld(t)
		d := must(w.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
			Family: aws.String("web"), Cpu: &tt.cpu, Memory: &tt.memory,
			ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("web")}},
		})).TaskDefinition
		check(t, "cpu of "+tt.cpu, *d.Cpu, tt.wantCPU)
		check(t, "memory of "+tt.memory, *d.Memory, tt.wantMemory)
	}
}

// One thing is wrong with each of these task definitions.
func TestRefusedTaskDefinitions(t *testing.T) {
	w := newWorld(t)
	port := func(container, host int32, protocol types.TransportProtocol) types.PortMapping {
		return types.PortMapping{ContainerPort: &container, HostPort: &host, Protocol: protocol}
	}
	for _, tt := range []struct {
		want   string
		change func(*ecs.RegisterTaskDefinitionInput, *types.ContainerDefinition)
	}{
		{"ClientException: Family can not be blank.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) { d.Family = nil }},
		{"ClientException: Family contains invalid characters.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.Family = aws.String("web:1")
			}},
		{"ClientException: Container definitions should not be empty",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) { d.ContainerDefinitions = nil }},
		{"ClientException: Too many containers.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.ContainerDefinitions = make([]types.ContainerDefinition, 11)
			}},
		{"ClientException: Container.name should not be null or empty.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) { c.Name = nil }},
		{"ClientException: Container.name contains invalid characters.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) { c.Name = aws.String("a.b") }},
		{"ClientException: Container.image should not be null or empty.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) { c.Image = nil }},
		{"ClientException: Container names must be unique within a Task Definition.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.ContainerDefinitions = append(d.ContainerDefinitions, webContainer())
			}},
		{"ClientException: Task definition doesn't have any essential container.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) { c.Essential = aws.Bool(false) }},
		{"ClientException: Invalid setting for container 'app'. 'cpu' can not be negative.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) { c.Cpu = -1 }},
		{"ClientException: Invalid setting for container 'app'. 'stopTimeout' can not be negative.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) { c.StopTimeout = aws.Int32(-1) }},
		{`ClientException: Invalid setting for container 'app'. 'environment' has a variable with the name "A=B".`,
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				c.Environment = []types.KeyValuePair{{Name: aws.String("A=B"), Value: aws.String("secret")}}
			}},
		{"ClientException: Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) { c.Memory = nil }},
		{"ClientException: Invalid setting for container 'app'. 'memory' should be at least 6 MiB.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) { c.Memory = aws.Int32(5) }},
		{"ClientException: Invalid setting for container 'app'. 'memory' should not be less than 'memoryReservation'.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				c.MemoryReservation = aws.Int32(513)
			}},
		{"ClientException: The 'memory' setting for container 'app' is greater than for the task.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) { d.Memory = aws.String("256") }},
		{"ClientException: The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) { d.Cpu = aws.String("128") }},
		{`ClientException: Invalid 'cpu' setting for task. Give 128 to 196608 CPU units, or a number of vCPU such as "1 vCPU".`,
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) { d.Cpu = aws.String("some") }},
		{`ClientException: Invalid 'memory' setting for task. Give a number of MiB of at least 6, or of GB such as "1 GB".`,
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) { d.Memory = aws.String("-1") }},
		{"ClientException: Invalid 'containerPort' setting for container 'app'.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				c.PortMappings = []types.PortMapping{{}}
			}},
		{"ClientException: Invalid 'hostPort' setting for container 'app'.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				c.PortMappings = []types.PortMapping{port(80, 65536, "")}
			}},
		{"ClientException: Invalid setting for container 'app'. 'protocol' should be one of [tcp,udp].",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				c.PortMappings = []types.PortMapping{port(80, 80, "sctp")}
			}},
		{"ClientException: TCP host port '80' is mapped multiple times in task.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				c.PortMappings = []types.PortMapping{port(80, 80, ""), port(81, 80, "udp"), port(82, 80, "tcp")}
			}},
		{"ClientException: Container.image contains invalid characters.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				c.Image = aws.String("$REPO/app:$TAG")
			}},
		{"ClientException: Container.image contains invalid characters.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				c.Image = aws.String("nginx:latest ")
			}},
		{"ClientException: Container.image should be 255 characters or less",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				c.Image = aws.String(strings.Repeat("a", 256))
			}},
		{"ClientException: The sum of all container 'memoryReservation' values cannot be greater than the value of the task 'memory'.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.Memory, c.Memory, c.MemoryReservation = aws.String("48"), nil, aws.Int32(32)
				side := *c
				side.Name = aws.String("side")
				d.ContainerDefinitions = append(d.ContainerDefinitions, side)
			}},
		{"ClientException: Role is not valid",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.TaskRoleArn = aws.String("foo bar")
			}},
		{"ClientException: Role is not valid",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.ExecutionRoleArn = aws.String("arn:aws:s3:::x")
			}},
		{"ClientException: Invalid setting for container 'app'. 'appProtocol' should be one of [http,http2,grpc].",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				c.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(80), Name: aws.String("web"), AppProtocol: "x"}}
			}},
		{"ClientException: Invalid setting for container 'app'. The port mapping name '-h' should have 1 to 64 lowercase letters, numbers, underscores and hyphens, and no hyphen at its beginning.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				c.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(80), Name: aws.String("-h")}}
			}},
		{"ClientException: Invalid setting for container 'app'. The port mapping name 'web' is used more than once in the task definition.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				c.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(80), Name: aws.String("web")}, {ContainerPort: aws.Int32(81), Name: aws.String("web")}}
			}},
		{"InvalidParameterException: requiresCompatibilities should be one of [EC2,FARGATE,EXTERNAL,MANAGED_INSTANCES]",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.RequiresCompatibilities = []types.Compatibility{"X"}
			}},
		{"ClientException: Log driver awslogs requires options: awslogs-region",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				c.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{"awslogs-group": "web"}}
			}},
		{"ClientException: placement constraint type should be one of [memberOf]",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.PlacementConstraints = []types.TaskDefinitionPlacementConstraint{{Type: "distinctInstance"}}
			}},
		{"ClientException: Fargate only supports network mode ‘awsvpc’.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.RequiresCompatibilities = []types.Compatibility{types.CompatibilityEc2, types.CompatibilityFargate}
			}},
		{"InvalidParameterException: networkMode should be one of [bridge,host,awsvpc,none]",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.NetworkMode = "overlay"
			}},
		{"ClientException: When networkMode=host, the host ports and container ports in port mappings must match.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.NetworkMode = types.NetworkModeHost
				c.PortMappings = []types.PortMapping{port(80, 8080, "")}
			}},
		{"ClientException: Invalid setting for container 'app'. Port mappings are not supported when networkMode=none.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.NetworkMode = types.NetworkModeNone
				c.PortMappings = []types.PortMapping{port(80, 80, "")}
			}},
		{"ClientException: Hostname is not supported on container when networkMode=host.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.NetworkMode = types.NetworkModeHost
				c.Hostname = aws.String("web")
			}},
		{"ClientException: When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.NetworkMode = types.NetworkModeAwsvpc
				c.PortMappings = []types.PortMapping{port(80, 8080, "")}
			}},
		{"ClientException: When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.NetworkMode = types.NetworkModeAwsvpc
				c.PortMappings = []types.PortMapping{port(80, 0, "")}
			}},
		{"ClientException: TCP host port '80' is mapped multiple times in task.",
			func(d *ecs.RegisterTaskDefinitionInput, c *types.ContainerDefinition) {
				d.NetworkMode = types.NetworkModeAwsvpc
				c.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(80)}}
				side := *c
				side.Name = aws.String("side")
				d.ContainerDefinitions = append(d.ContainerDefinitions, side)
			}},
	} {
		in := &ecs.RegisterTaskDefinitionInput{Family: aws.String("web"), ContainerDefinitions: []types.ContainerDefinition{webContainer()}}
		tt.change(in, &in.ContainerDefinitions[0])
		w.fails(tt.want, func() error { return failed(w.RegisterTaskDefinition(t.Context(), in)) })
	}
}

func TestAContainerMayReserveAllThatItMayUse(t *testing.T) {
	c := webContainer()
	c.MemoryReservation = c.Memory
	must(newWorld(t).RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{Family: aws.String("web"), ContainerDefinitions: []types.ContainerDefinition{c}}))
}

func TestATaskDefinitionHasAtMost64KiB(t *testing.T) {
	w := newWorld(t)
	c := webContainer()
	c.Command = []string{strings.Repeat("x", 64<<10)}
	err := failed(w.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("web"), ContainerDefinitions: []types.ContainerDefinition{c},
	}))
	if err == nil || !strings.HasSuffix(err.Error(), "Max allowed length is '65536' bytes.") {
		t.Error(err)
	}
}

func TestMistakenTaskDefinitionNames(t *testing.T) {
	w := newWorld(t)
	w.register("web")
	describe := func(name string) func() error {
		return func() error { return failed(w.DescribeTaskDefinition(t.Context(), describeDefinition(name))) }
	}
	deregister := func(name string) func() error {
		return func() error {
			return failed(w.DeregisterTaskDefinition(t.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &name}))
		}
	}
	w.fails("ClientException: Unable to describe task definition.", describe("db"))
	w.fails("ClientException: Unable to describe task definition.", describe("web:2"))
	w.fails("ClientException: Unable to describe task definition.", describe(""))
	w.fails("InvalidParameterException: Invalid revision number. Number: x", describe("web:x"))
	w.fails("ClientException: Revision is missing.", deregister("web"))
	w.fails("ClientException: Unable to describe task definition.", deregister("web:2"))
	if err := deregister("web:1")(); err != nil {
		t.Fatal(err)
	}
	w.fails("ClientException: TaskDefinition is inactive", deregister("web:1"))
	w.fails("ClientException: Unable to describe task definition.", describe("web"))
}

func TestListsOfTaskDefinitions(t *testing.T) {
	w := newWorld(t)
	for range 11 {
		w.register("web")
	}
	w.register("web-admin")
	w.register("old")
	must(w.DeregisterTaskDefinition(t.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("old:1")}))

	list := func(in ecs.ListTaskDefinitionsInput) string {
		arns := must(w.ListTaskDefinitions(t.Context(), &in)).TaskDefinitionArns
		return strings.ReplaceAll(strings.Join(arns, " "), "arn:aws:ecs:eu-central-1:000000000000:task-definition/", "")
	}
	numbers := "web:1 web:2 web:3 web:4 web:5 web:6 web:7 web:8 web:9 web:10 web:11"
	check(t, "all ACTIVE ones", list(ecs.ListTaskDefinitionsInput{}), numbers+" web-admin:1")
	check(t, "those of a family", list(ecs.ListTaskDefinitionsInput{FamilyPrefix: aws.String("web")}), numbers)
	check(t, "the newest two", list(ecs.ListTaskDefinitionsInput{FamilyPrefix: aws.String("web"), Sort: types.SortOrderDesc, MaxResults: aws.Int32(2)}), "web:11 web:10")
	check(t, "INACTIVE ones", list(ecs.ListTaskDefinitionsInput{Status: types.TaskDefinitionStatusInactive}), "old:1")

	families := func(in ecs.ListTaskDefinitionFamiliesInput) string {
		return strings.Join(must(w.ListTaskDefinitionFamilies(t.Context(), &in)).Families, " ")
	}
	check(t, "families", families(ecs.ListTaskDefinitionFamiliesInput{}), "old web web-admin")
	check(t, "families by prefix", families(ecs.ListTaskDefinitionFamiliesInput{FamilyPrefix: aws.String("we")}), "web web-admin")
	check(t, "ACTIVE families", families(ecs.ListTaskDefinitionFamiliesInput{Status: types.TaskDefinitionFamilyStatusActive}), "web web-admin")
	check(t, "INACTIVE families", families(ecs.ListTaskDefinitionFamiliesInput{Status: types.TaskDefinitionFamilyStatusInactive}), "old")

	w.fails("InvalidParameterException: sort should be one of [ASC,DESC]", func() error {
		return failed(w.ListTaskDefinitions(t.Context(), &ecs.ListTaskDefinitionsInput{Sort: "UP"}))
	})
}
