package awsapi

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
)

// sdkService is a service of the SDK, and at least how many operations and structures
// it has.
type sdkService struct {
	name                   string
	client                 any
	operations, structures int
}

// sdkServices has a service with names in lower camel and one that mixes the two ways.
var sdkServices = []sdkService{
	{"ecs", (*ecs.Client)(nil), 70, 300},
	{"eventbridge", (*eventbridge.Client)(nil), 50, 120},
}

// operationTypes are the input and output type of every operation.
func (s sdkService) operationTypes(t *testing.T) map[string][2]reflect.Type {
	t.Helper()
	types := map[string][2]reflect.Type{}
	for _, name := range OperationNames(s.client) {
		m, _ := reflect.TypeOf(s.client).MethodByName(name)
		types[name] = [2]reflect.Type{m.Type.In(2).Elem(), m.Type.Out(0).Elem()}
	}
	if len(types) < s.operations {
		t.Fatalf("the client of %s has only %d operations", s.name, len(types))
	}
	return types
}

// The SDK ships, for each operation, a request and a reply with every member set.
func TestSDKSnapshotsSurviveDecodeAndEncode(t *testing.T) {
	for _, s := range sdkServices {
		dir := moduleDir(t, "github.com/aws/aws-sdk-go-v2/service/"+s.name)
		for name, types := range s.operationTypes(t) {
			for i, file := range []string{"request_snapshot/" + name + ".request.snap", "response_snapshot/" + name + ".response.snap"} {
				t.Run(s.name+"/"+file, func(t *testing.T) {
					snapshot, err := os.ReadFile(filepath.Join(dir, file))
					if err != nil {
						t.Fatal(err)
					}
					parts := strings.Split(string(snapshot), "\n\n") // the body is one line, and last
					surviveRoundTrip(t, types[i], parts[len(parts)-1])
				})
			}
		}
	}
}

func surviveRoundTrip(t *testing.T, typ reflect.Type, body string) {
	v := reflect.New(typ).Interface()
	err := Decode([]byte(body), v)
	if refusedUnions[typ.Name()] != "" {
		want := "UnsupportedFeatureException: The member " + refusedUnions[typ.Name()] + " is not implemented by Steady yet; leave it out."
		if err == nil || err.Error() != want {
			t.Fatalf("decode: %v, want %s", err, want)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := normal(t, out), normal(t, []byte(body)); got != want {
		t.Errorf("encoded\n%s\nwant\n%s", got, want)
	}
}

// refusedUnions are members of operations themselves whose variants only the SDK
// knows, by input or output type.
var refusedUnions = map[string]string{
	"CreateGatewayInput": "configuration",
	"UpdateGatewayInput": "configuration",
}

func moduleDir(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatalf("find module %s: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}

// normal is JSON with its keys in order.
func normal(t *testing.T, data []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	out, _ := json.Marshal(v)
	return string(out)
}

// Every member in the SDK's runtime schemas is a Go field of the name that the
// codec gives it, and the other way round, through all nested shapes.
func TestMembersAreThoseOfTheSchemas(t *testing.T) {
	for _, s := range sdkServices {
		seen := map[reflect.Type]bool{}
		for _, types := range s.operationTypes(t) {
			for _, typ := range types {
				compareMembers(t, typ, seen)
			}
		}
		if len(seen) < s.structures {
			t.Errorf("compared only %d structures of %s", len(seen), s.name)
		}
	}
}

func compareMembers(t *testing.T, typ reflect.Type, seen map[reflect.Type]bool) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		compareMembers(t, typ.Elem(), seen)
		return
	case reflect.Struct:
	default:
		return
	}
	if typ == timeType || seen[typ] {
		return
	}
	seen[typ] = true
	var got []string
	for _, m := range (builder{}).members(typ) {
		got = append(got, m.name)
		compareMembers(t, typ.Field(m.field).Type, seen)
	}
	slices.Sort(got)
	var want []string
	if schema := schemaOf(typ); schema != nil { // an output of nothing has none
		for name := range schema.Members() {
			want = append(want, name)
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s has the members\n%q\nits schema\n%q", typ, got, want)
	}
}
