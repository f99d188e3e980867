package ecs

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
	"steady/state"
)

const (
	document = `{"instanceId": "i-0fedcba9876543210", "region": "eu-central-1", "accountId": "000000000000", "availabilityZone": "eu-central-1b",
		"instanceType": "t3.micro", "imageId": "ami-1", "architecture": "x86_64", "pendingTime": "2026-01-01T00:00:00Z"}`
	resourcesOf2 = `[{"name": "CPU", "type": "INTEGER", "integerValue": 2048}, {"name": "MEMORY", "type": "INTEGER", "integerValue": 3900},
		{"name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22", "51678"]}, {"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": ["53"]}]`
)

// registerInput is a registration in JSON, as an agent sends it, with members beside those
// that every one needs, or instead of them.
func registerInput(t *testing.T, members string) *RegisterContainerInstanceInput {
	t.Helper()
	in := &RegisterContainerInstanceInput{}
	for _, text := range []string{`{"totalResources": ` + resourcesOf2 + `}`, `{` + members + `}`} {
		fresh := &RegisterContainerInstanceInput{}
		if err := awsapi.Decode([]byte(text), fresh); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		from, to := reflect.ValueOf(fresh).Elem(), reflect.ValueOf(in).Elem()
		for i := range from.NumField() {
			if !from.Field(i).IsZero() {
				to.Field(i).Set(from.Field(i))
			}
		}
	}
	return in
}

// registers is the answer to a registration that has to succeed.
func (w *world) registers(members string) *types.ContainerInstance {
	w.Helper()
	out, err := w.RegisterContainerInstance(w.Context(), registerInput(w.T, members))
	if err != nil {
		w.Fatal(err)
	}
	return out.ContainerInstance
}

func identified(document string) string {
	b, _ := json.Marshal(document)
	return `"instanceIdentityDocument": ` + string(b) + `, "instanceIdentityDocumentSignature": "not looked at"`
}

// Every member that the SDK knows is one of ours, of the same type.
func TestRegistrationHasTheMembersOfTheSDK(t *testing.T) {
	ours := reflect.TypeFor[RegisterContainerInstanceInput]()
	sdk := reflect.TypeFor[ecs.RegisterContainerInstanceInput]()
	for i := range sdk.NumField() {
		f := sdk.Field(i)
		if own, has := ours.FieldByName(f.Name); f.IsExported() && (!has || own.Type != f.Type) {
			t.Errorf("%s %s is missing", f.Name, f.Type)
		}
	}
}

func TestRegisteringAContainerInstance(t *testing.T) {
	w := equipped(t)
	shown := w.registers(identified(document) + `, "attributes": [{"name": "ecs.os-type", "value": "linux"}, {"name": "ecs.capability.full-sync"}, {"name": "stack", "value": "blue"}],
		"versionInfo": {"agentVersion": "1.105.1", "agentHash": "a8b3e7d3", "dockerVersion": "DockerVersion: 28.0.0"}, "tags": [{"key": "team", "value": "web"}], "unheardOf": 1`)
	id := lastOf(*shown.ContainerInstanceArn)
	check(t, "the ARN", *shown.ContainerInstanceArn, realm.InstanceARN("default", id))
	check(t, "status", *shown.Status, "ACTIVE")
	check(t, "agentConnected", shown.AgentConnected, false)
	check(t, "ec2InstanceId", *shown.Ec2InstanceId, "i-0fedcba9876543210")
	check(t, "versionInfo", *shown.VersionInfo.AgentVersion+" "+*shown.VersionInfo.AgentHash+" "+*shown.VersionInfo.DockerVersion, "1.105.1 a8b3e7d3 DockerVersion: 28.0.0")
	check(t, "attributes", attributesOf(shown), "ecs.os-type=linux ecs.capability.full-sync= stack=blue "+
		"ecs.availability-zone=eu-central-1b ecs.instance-type=t3.micro ecs.ami-id=ami-1 ecs.cpu-architecture=x86_64")
	for _, r := range [][]types.Resource{shown.RegisteredResources, shown.RemainingResources} {
		check(t, "resources", fmt.Sprint(r[0].IntegerValue, r[1].IntegerValue, r[2].StringSetValue, r[3].StringSetValue), "2048 3900 [22 51678] [53]")
	}
	check(t, "tag", *shown.Tags[0].Key, "team")
	check(t, "version", shown.Version, 1)

	described := must(w.DescribeContainerInstances(t.Context(), &ecs.DescribeContainerInstancesInput{
		ContainerInstances: []string{id}, Include: []types.ContainerInstanceField{types.ContainerInstanceFieldTags},
	})).ContainerInstances[0]
	if got, want := must(awsapi.Encode(&described)), must(awsapi.Encode(shown)); string(got) != string(want) {
		t.Errorf("described as %s, registered as %s", got, want)
	}
	check(t, "instances", len(must(w.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{})).ContainerInstanceArns), 2)
	check(t, "with the attribute", len(must(w.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{
		Filter: aws.String("attribute:stack == blue and agentConnected == false")})).ContainerInstanceArns), 1)

	started := must(w.StartTask(t.Context(), &ecs.StartTaskInput{TaskDefinition: aws.String("web"), ContainerInstances: []string{id}}))
	check(t, "tasks on it", len(started.Tasks), 0)
	check(t, "failure", *started.Failures[0].Arn+" "+*started.Failures[0].Reason, *shown.ContainerInstanceArn+" AGENT")
	run := must(w.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("web"), Count: aws.Int32(10)}))
	for _, task := range run.Tasks {
		check(t, "placed on", lastOf(*task.ContainerInstanceArn), "i1")
	}
}

// A machine that is none of EC2's has no document.
func TestRegisteringAnExternalInstance(t *testing.T) {
	w := newWorld(t)
	shown := w.registers(`"instanceIdentityDocument": "", "instanceIdentityDocumentSignature": "", "attributes": [{"name": "ecs.capability.external"}]`)
	check(t, "ec2InstanceId", aws.ToString(shown.Ec2InstanceId), "")
	check(t, "attributes", attributesOf(shown), "ecs.capability.external=")
	w.fails("ClientException: TaskDefinition not found.", func() error {
		return failed(w.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("web")}))
	})
	w.register("web")
	out := must(w.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("web")}))
	check(t, "failure", *out.Failures[0].Reason, "AGENT")
}

func TestRegistrationsThatAreRefused(t *testing.T) {
	w := equipped(t)
	const notValid = "ClientException: The identity document and identity document signature were not valid: "
	for _, tt := range []struct{ members, want string }{
		{`"cluster": "gone"`, "ClusterNotFoundException: Cluster not found."},
		{`"clientToken": "a b"`, "InvalidParameterException: clientToken can have the ASCII characters 33 to 126 only."},
		{`"platformDevices": [{"id": "GPU-1", "type": "GPU"}]`, "ClientException: platformDevices is not supported by Steady yet: remove it from the request"},
		{`"tags": [{"key": "aws:x"}]`, `InvalidParameterException: Tag key "aws:x" is not valid: the prefix aws: is reserved.`},

		{identified(`<xml/>`), notValid + "the document is not the JSON that EC2 gives."},
		{identified(`{"region": "eu-central-1"}`), notValid + "the document has no instanceId."},
		{identified(`{"instanceId": "i-1", "region": "us-west-2"}`), notValid + "the document is of region us-west-2, this is eu-central-1."},
		{identified(`{"instanceId": "i-1", "accountId": "1"}`), notValid + "the document is of account 1, this is 000000000000."},
		{identified(`{"instanceId": "i=1"}`), notValid + "the instanceId is not one of EC2."},
		{identified(`{"instanceId": "i-1", "instanceType": "<t3>"}`),
			`InvalidParameterException: The value of attribute "ecs.instance-type" is not valid: use up to 128 letters, numbers, spaces that are not at its ends, and - _ . @ / \ :`},

		{`"totalResources": [{"name": "CPU", "type": "INTEGER", "integerValue": 1}]`, "InvalidParameterException: totalResources should have CPU and MEMORY."},
		{`"totalResources": [{"name": "CPU", "type": "LONG", "longValue": 1}]`, `InvalidParameterException: The type of resource CPU is "LONG"; it should be INTEGER.`},
		{`"totalResources": [{"name": "MEMORY", "type": "INTEGER"}]`, "InvalidParameterException: The integerValue of resource MEMORY is 0; it should be at least 1."},
		{`"totalResources": [{"name": "PORTS", "type": "INTEGER", "integerValue": 22}]`, `InvalidParameterException: The type of resource PORTS is "INTEGER"; it should be STRINGSET.`},
		{`"totalResources": [{"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": ["65536"]}]`, `InvalidParameterException: Resource PORTS_UDP has "65536", which is no port: use 1 to 65535.`},
		{`"totalResources": [{"name": "PORTS", "type": "STRINGSET"}, {"name": "PORTS", "type": "STRINGSET"}]`, "InvalidParameterException: Resource PORTS is given twice."},
		{`"totalResources": [{"name": "DISK", "type": "INTEGER", "integerValue": 1}]`, `InvalidParameterException: Resource name "DISK" should be one of [CPU,MEMORY,PORTS,PORTS_UDP]`},
		{`"totalResources": ` + strings.Replace(resourcesOf2, `"53"`, `"53"`+strings.Repeat(`, "54"`, 98), 1), "InvalidParameterException: 101 ports are reserved; a container instance can have at most 100."},

		{`"attributes": [{"name": "a=b"}]`, `InvalidParameterException: Attribute name "a=b" is not valid: use 1 to 128 letters, numbers, hyphens, underscores, slashes, back slashes, and periods.`},
		{`"attributes": [{"name": "a", "targetId": "i1"}]`, `InvalidParameterException: Attribute "a" can have no targetType and no targetId: it is of the container instance that is registered.`},
		{identified(document) + `, "attributes": [{"name": "ecs.instance-type", "value": "t3.large"}]`,
			`InvalidParameterException: Attribute "ecs.instance-type" is given as "t3.large" and as "t3.micro", here or in the identity document.`},
		{`"attributes": [` + strings.Trim(strings.Repeat(`{"name": "a#"},`, 11), ",") + `]`, `InvalidParameterException: 11 custom attributes are given; a container instance can have at most 10.`},

		{`"containerInstanceArn": "gone"`, "InvalidParameterException: The referenced container instance was not found."},
		{`"containerInstanceArn": "` + realm.InstanceARN("blue", "i1") + `"`, "InvalidParameterException: Invalid identifier: Identifier is for cluster blue. Your cluster is default"},
		{`"containerInstanceArn": "i1"`, "ClientException: Container instance i1 is this machine's own, and Steady's agent serves it: leave containerInstanceArn out to register another one."},
	} {
		for n := 0; strings.Contains(tt.members, "#"); n++ {
			tt.members = strings.Replace(tt.members, "#", fmt.Sprint(n), 1)
		}
		w.fails(tt.want, func() error { return failed(w.RegisterContainerInstance(t.Context(), registerInput(t, tt.members))) })
	}
}

// An agent that is started anew registers again, with the ARN that it keeps.
func TestRegisteringAgain(t *testing.T) {
	w := newWorld(t)
	const custom = `"attributes": [{"name": "ecs.os-type", "value": "linux"}, {"name": "stack", "value": "blue"}]`
	first := w.registers(identified(document) + `, ` + custom + `, "versionInfo": {"agentVersion": "1.0.0"}, "tags": [{"key": "team", "value": "web"}]`)
	id := lastOf(*first.ContainerInstanceArn)
	w.task("t1", func(x *model.Task) { x.Instance = id })
	must(w.UpdateContainerInstancesState(t.Context(), &ecs.UpdateContainerInstancesStateInput{ContainerInstances: []string{id}, Status: "DRAINING"}))
	must(w.PutAttributes(t.Context(), &ecs.PutAttributesInput{Attributes: []types.Attribute{{Name: aws.String("rack"), Value: aws.String("7"), TargetId: first.ContainerInstanceArn}}}))

	again := `"containerInstanceArn": "` + *first.ContainerInstanceArn + `", `
	shown := w.registers(again + identified(document) + `, "attributes": [{"name": "ecs.os-type", "value": "linux"}, {"name": "ecs.capability.new"}, {"name": "stack", "value": "blue"}],
		"totalResources": [{"name": "CPU", "type": "INTEGER", "integerValue": 1}, {"name": "MEMORY", "type": "INTEGER", "integerValue": 1}],
		"versionInfo": {"agentVersion": "2.0.0"}, "tags": [{"key": "colour", "value": "red"}]`)
	check(t, "the ARN", *shown.ContainerInstanceArn, *first.ContainerInstanceArn)
	check(t, "registeredAt", *shown.RegisteredAt, *first.RegisteredAt)
	check(t, "status", *shown.Status, "DRAINING")
	check(t, "tasks", shown.RunningTasksCount, 1)
	check(t, "agentVersion", *shown.VersionInfo.AgentVersion, "2.0.0")
	check(t, "the CPU, as it was registered first", shown.RegisteredResources[0].IntegerValue, 2048)
	check(t, "the port, as it was registered first", shown.RegisteredResources[3].StringSetValue[0], "53")
	check(t, "attributes", attributesOf(shown), "ecs.os-type=linux ecs.capability.new= "+
		"ecs.availability-zone=eu-central-1b ecs.instance-type=t3.micro ecs.ami-id=ami-1 ecs.cpu-architecture=x86_64 stack=blue rack=7")
	check(t, "tags", len(shown.Tags), 2)
	if shown.Version <= first.Version {
		t.Errorf("version %d after %d", shown.Version, first.Version)
	}

	for _, tt := range []struct{ members, want string }{
		{identified(strings.Replace(document, "t3.micro", "t3.large", 1)),
			"ClientException: Container instance type changes are not supported. Container instance ID was previously registered as t3.micro."},
		{identified(strings.Replace(document, "i-0", "i-1", 1)),
			"ClientException: Container instance ID was previously registered as i-0fedcba9876543210, not as i-1fedcba9876543210: leave containerInstanceArn out to register another one."},
		{`"tags": []`,
			"ClientException: Container instance ID was previously registered as i-0fedcba9876543210, not as an instance without an identity document: leave containerInstanceArn out to register another one."},
		{identified(document) + `, "attributes": [{"name": "stack", "value": "green"}]`,
			`InvalidParameterException: Attribute "stack" can be registered with a new container instance only: use PutAttributes to set it on ID.`},
	} {
		w.fails(strings.Replace(tt.want, "ID", id, 1), func() error {
			return failed(w.RegisterContainerInstance(t.Context(), registerInput(t, again+tt.members)))
		})
	}
	must(w.DeregisterContainerInstance(t.Context(), &ecs.DeregisterContainerInstanceInput{ContainerInstance: &id, Force: aws.Bool(true)}))
	w.fails("ClientException: Container instance "+id+" is inactive.", func() error {
		return failed(w.RegisterContainerInstance(t.Context(), registerInput(t, again+identified(document))))
	})
}

// An agent repeats a request that it got no answer to, with the same clientToken.
func TestRepeatedRegistrationIsOne(t *testing.T) {
	w := newWorld(t)
	w.update(func(tx *state.Tx) { tx.PutCluster(&model.Cluster{Name: "blue", Status: model.Active}) })
	one := w.registers(`"clientToken": "t"`)
	check(t, "the ARN", *w.registers(`"clientToken": "t"`).ContainerInstanceArn, *one.ContainerInstanceArn)
	for _, other := range []string{`"clientToken": "u"`, `"clientToken": "t", "cluster": "blue"`, `"tags": []`} {
		if *w.registers(other).ContainerInstanceArn == *one.ContainerInstanceArn {
			t.Errorf("a registration with %s is the one before", other)
		}
	}
	w.fails("InvalidParameterException: The clientToken was used before with other parameters: use a new one.", func() error {
		return failed(w.RegisterContainerInstance(t.Context(), registerInput(t, `"clientToken": "t", "attributes": [{"name": "a"}]`)))
	})
	must(w.DeregisterContainerInstance(t.Context(), &ecs.DeregisterContainerInstanceInput{ContainerInstance: one.ContainerInstanceArn}))
	w.fails("ClientException: Container instance "+lastOf(*one.ContainerInstanceArn)+" is inactive.", func() error {
		return failed(w.RegisterContainerInstance(t.Context(), registerInput(t, `"clientToken": "t"`)))
	})
}

// Whatever an identity document holds: it is read, or refused with an exception.
func FuzzIdentityDocument(f *testing.F) {
	for _, s := range []string{"", "{", document, `{"instanceId": 1}`, `{"instanceId": "i-1", "availabilityZone": " "}`, "null"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := readIdentity(s, realm)
		if err != nil {
			isException(t, err)
			return
		}
		if s != "" && d.InstanceID == "" {
			t.Errorf("%q is a document without an instance", s)
		}
		if _, err := readAttributes(nil, d); err != nil {
			isException(t, err)
		}
	})
}

func lastOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

func attributesOf(i *types.ContainerInstance) string {
	var all []string
	for _, x := range i.Attributes {
		all = append(all, *x.Name+"="+aws.ToString(x.Value))
	}
	return strings.Join(all, " ")
}
