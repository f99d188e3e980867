package awsapi

import (
	"encoding/json"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/document"
)

// operationTypes are the input and output type of every operation of ECS.
func operationTypes(t *testing.T) map[string][2]reflect.Type {
	t.Helper()
	client := reflect.TypeFor[*ecs.Client]()
	types := map[string][2]reflect.Type{}
	for _, name := range OperationNames((*ecs.Client)(nil)) {
		m, _ := client.MethodByName(name)
		types[name] = [2]reflect.Type{m.Type.In(2).Elem(), m.Type.Out(0).Elem()}
	}
	if len(types) < 70 {
		t.Fatalf("the ECS client has only %d operations", len(types))
	}
	return types
}

// The SDK ships, for each operation, a request and a reply with every member set.
func TestSDKSnapshotsSurviveDecodeAndEncode(t *testing.T) {
	dir := moduleDir(t, "github.com/aws/aws-sdk-go-v2/service/ecs")
	for name, types := range operationTypes(t) {
		for i, file := range []string{"request_snapshot/" + name + ".request.snap", "response_snapshot/" + name + ".response.snap"} {
			t.Run(file, func(t *testing.T) {
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
	seen := map[reflect.Type]bool{}
	for _, types := range operationTypes(t) {
		for _, typ := range types {
			compareMembers(t, typ, seen)
		}
	}
	if len(seen) < 300 {
		t.Errorf("compared only %d structures", len(seen))
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
	for name := range schemaOf(t, typ).Members() {
		want = append(want, name)
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s has the members\n%q\nits schema\n%q", typ, got, want)
	}
}

// schemaOf asks a structure to serialize itself, which begins with its schema.
func schemaOf(t *testing.T, typ reflect.Type) *smithy.Schema {
	v, ok := reflect.New(typ).Interface().(smithy.Serializable)
	if !ok {
		t.Fatalf("%s cannot be serialized", typ)
	}
	s := &schemaRecorder{}
	v.Serialize(s)
	return s.schema
}

// schemaRecorder keeps the schema of the first structure.
type schemaRecorder struct{ schema *smithy.Schema }

func (r *schemaRecorder) WriteStruct(s *smithy.Schema) {
	if r.schema == nil {
		r.schema = s
	}
}
func (*schemaRecorder) Bytes() []byte                                { return nil }
func (*schemaRecorder) WriteInt8(*smithy.Schema, int8)               {}
func (*schemaRecorder) WriteInt16(*smithy.Schema, int16)             {}
func (*schemaRecorder) WriteInt32(*smithy.Schema, int32)             {}
func (*schemaRecorder) WriteInt64(*smithy.Schema, int64)             {}
func (*schemaRecorder) WriteFloat32(*smithy.Schema, float32)         {}
func (*schemaRecorder) WriteFloat64(*smithy.Schema, float64)         {}
func (*schemaRecorder) WriteBool(*smithy.Schema, bool)               {}
func (*schemaRecorder) WriteString(*smithy.Schema, string)           {}
func (*schemaRecorder) WriteBigInt(*smithy.Schema, *big.Int)         {}
func (*schemaRecorder) WriteBigFloat(*smithy.Schema, *big.Float)     {}
func (*schemaRecorder) WriteBlob(*smithy.Schema, []byte)             {}
func (*schemaRecorder) WriteTime(*smithy.Schema, time.Time)          {}
func (*schemaRecorder) WriteUnion(_, _ *smithy.Schema)               {}
func (*schemaRecorder) CloseUnion()                                  {}
func (*schemaRecorder) WriteDocument(*smithy.Schema, document.Value) {}
func (*schemaRecorder) WriteNil(*smithy.Schema)                      {}
func (*schemaRecorder) CloseStruct()                                 {}
func (*schemaRecorder) WriteList(*smithy.Schema)                     {}
func (*schemaRecorder) CloseList()                                   {}
func (*schemaRecorder) WriteMap(*smithy.Schema)                      {}
func (*schemaRecorder) WriteKey(*smithy.Schema, string)              {}
func (*schemaRecorder) CloseMap()                                    {}
