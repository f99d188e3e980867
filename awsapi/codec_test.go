package awsapi

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/document"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// probe has one member of each kind that AWS knows.
type probe struct {
	Text     *string
	Status   types.TaskStopCode
	Count    int32
	MaxCount *int32
	Long     int64
	Share    float64
	Narrow   float32
	Enabled  bool
	Dry      *bool
	At       *time.Time
	Blob     []byte
	Names    []string
	Inner    *probe
	List     []probe
	Options  map[string]string
	Nested   map[string][]string
}

func TestEncode(t *testing.T) {
	at := func(ms int64) *time.Time { t := time.UnixMilli(ms); return &t }
	const zeros = `"count":0,"long":0,"share":0,"narrow":0,"enabled":false`
	for name, c := range map[string]struct {
		in   any
		want string
	}{
		"zero numbers and false are written, what is absent is not": {&probe{}, `{` + zeros + `}`},
		"nil output":                 {(*probe)(nil), `{}`},
		"empty lists and maps":       {&probe{Names: []string{}, Options: map[string]string{}, Blob: []byte{}}, `{` + zeros + `,"blob":"","names":[],"options":{}}`},
		"pointers to zero":           {&probe{Text: aws.String(""), MaxCount: aws.Int32(0), Dry: aws.Bool(false)}, `{"text":"","count":0,"maxCount":0,"long":0,"share":0,"narrow":0,"enabled":false,"dry":false}`},
		"an enumeration":             {&probe{Status: types.TaskStopCodeUserInitiated}, `{"status":"UserInitiated",` + zeros + `}`},
		"whole seconds":              {map[string]any{"at": at(1700000000000)}, `{"at":1700000000}`},
		"milliseconds":               {map[string]any{"at": at(1700000000123)}, `{"at":1700000000.123}`},
		"a tenth":                    {map[string]any{"at": at(1700000000100)}, `{"at":1700000000.1}`},
		"a few milliseconds":         {map[string]any{"at": at(1700000000007)}, `{"at":1700000000.007}`},
		"before 1970":                {map[string]any{"at": at(-1500)}, `{"at":-1.5}`},
		"nanoseconds are cut":        {map[string]any{"at": time.Unix(1, 999_999_999)}, `{"at":1.999}`},
		"base64":                     {&probe{Blob: []byte("hi?")}, `{` + zeros + `,"blob":"aGk/"}`},
		"keys in order":              {map[string]string{"b": "2", "a": "1"}, `{"a":"1","b":"2"}`},
		"special characters":         {map[string]string{"a": "\"\\\n\r\t\x01\x7f<é\u2028😀"}, `{"a":"\"\\\n\r\t\u0001` + "\x7f<é\u2028😀" + `"}`},
		"invalid UTF-8":              {map[string]string{"a": "x\xff\xe2\x82y"}, `{"a":"x���y"}`},
		"floats":                     {[]float64{0.1, 1e21, 1e-7, 100, math.NaN(), math.Inf(1), math.Inf(-1)}, `[0.1,1e+21,1e-07,100,"NaN","Infinity","-Infinity"]`},
		"narrow floats":              {[]float32{0.1}, `[0.1]`},
		"values of no declared type": {map[string]any{"ids": []string{"a"}, "n": 1, "none": nil}, `{"ids":["a"],"n":1,"none":null}`},
		"a union": {&types.ServiceConnectConfiguration{ContainerConfigurations: []types.ServiceConnectContainerConfiguration{
			&types.ServiceConnectContainerConfigurationMemberLogLevel{Value: "debug"}}},
			`{"enabled":false,"containerConfigurations":[{"logLevel":"debug"}]}`},
		"a document": {&types.DeploymentLifecycleHook{HookDetails: document.NewLazyDocument(map[string]any{"a": []int{1}})},
			`{"hookDetails":{"a":[1]}}`},
		"SDK output": {&ecs.ListTasksOutput{TaskArns: []string{}}, `{"taskArns":[]}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Encode(c.in)
			if err != nil {
				t.Fatal(err)
			}
			if !json.Valid(got) {
				t.Errorf("not JSON: %s", got)
			}
			if normal(t, got) != normal(t, []byte(c.want)) || len(got) != len(c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestEncodeRefusesWhatAWSHasNot(t *testing.T) {
	for _, v := range []any{
		map[string]any{"c": make(chan int)},
		map[int]string{1: "a"},
		&types.ServiceConnectConfiguration{ContainerConfigurations: []types.ServiceConnectContainerConfiguration{&types.UnknownUnionMember{Tag: "x"}}},
	} {
		if out, err := Encode(v); err == nil {
			t.Errorf("%#v was encoded as %s", v, out)
		}
	}
}

func TestDecode(t *testing.T) {
	at := func(ms int64) *time.Time { t := time.UnixMilli(ms).UTC(); return &t }
	for name, c := range map[string]struct {
		in   string
		want probe
	}{
		"nothing":                      {"", probe{}},
		"white space":                  {" \r\n\t", probe{}},
		"an empty structure":           {" { } ", probe{}},
		"each kind of member":          {`{"text":"a","status":"EssentialContainerExited","count":-3,"maxCount":0,"long":9007199254740993,"share":1.5,"narrow":2,"enabled":true,"dry":false}`, probe{Text: aws.String("a"), Status: types.TaskStopCodeEssentialContainerExited, Count: -3, MaxCount: aws.Int32(0), Long: 9007199254740993, Share: 1.5, Narrow: 2, Enabled: true, Dry: aws.Bool(false)}},
		"null is absent":               {`{"text":null,"count":null,"names":null,"inner":null,"options":null,"at":null,"blob":null}`, probe{}},
		"unknown members are skipped":  {`{"Text":"x","foo":{"a":[1,{"b":null}],"c":"\u00e9"},"count":1,"":true}`, probe{Count: 1}},
		"of two, the last counts":      {`{"count":1,"inner":{"count":1,"text":"x"},"count":2,"inner":{"count":3},"names":["a"],"names":["b"]}`, probe{Count: 2, Inner: &probe{Count: 3}, Names: []string{"b"}}},
		"null takes back":              {`{"count":1,"count":null}`, probe{}},
		"empty list and map":           {`{"names":[],"options":{}}`, probe{Names: []string{}, Options: map[string]string{}}},
		"maps":                         {`{"options":{"a":"1","b":null},"nested":{"x":["y"]}}`, probe{Options: map[string]string{"a": "1"}, Nested: map[string][]string{"x": {"y"}}}},
		"lists of structures":          {`{"list":[{"count":1},{}]}`, probe{List: []probe{{Count: 1}, {}}}},
		"a name in escapes":            {`{"\u0063ount":4}`, probe{Count: 4}},
		"escapes":                      {`{"text":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}`, probe{Text: aws.String("\"\\/\b\f\n\r\té😀")}},
		"half of a surrogate pair":     {`{"text":"\ud83d!"}`, probe{Text: aws.String("\ufffd!")}},
		"invalid UTF-8 is replaced":    {"{\"text\":\"a\xffb\"}", probe{Text: aws.String("a\ufffdb")}},
		"whole numbers in other forms": {`{"count":3.0,"long":1e3}`, probe{Count: 3, Long: 1000}},
		"the ends of int32":            {`{"count":-2147483648,"maxCount":2147483647}`, probe{Count: math.MinInt32, MaxCount: aws.Int32(math.MaxInt32)}},
		"time as a number":             {`{"at":1700000000.123}`, probe{At: at(1700000000123)}},
		"time in Java's form":          {`{"at":1.479244799999E9}`, probe{At: at(1479244799999)}},
		"time as a date":               {`{"at":"2023-11-14T23:13:20.5+01:00"}`, probe{At: at(1700000000500)}},
		"base64":                       {`{"blob":"aGk/"}`, probe{Blob: []byte("hi?")}},
		"infinity":                     {`{"share":"Infinity","narrow":"-Infinity"}`, probe{Share: math.Inf(1), Narrow: float32(math.Inf(-1))}},
		"nesting to the limit":         {`{"x":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`, probe{}},
	} {
		t.Run(name, func(t *testing.T) {
			var got probe
			if err := Decode([]byte(c.in), &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestDecodeSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ in, message, member string }{
		"string for integer":      {`{"count":"1"}`, "STRING_VALUE cannot be converted to Integer", "count"},
		"true for long":           {`{"long":true}`, "TRUE_VALUE cannot be converted to Long", "long"},
		"string for double":       {`{"share":"much"}`, "STRING_VALUE cannot be converted to Double", "share"},
		"number for string":       {`{"text":1}`, "NUMBER_VALUE cannot be converted to String", "text"},
		"false for enumeration":   {`{"status":false}`, "FALSE_VALUE cannot be converted to String", "status"},
		"string for boolean":      {`{"dry":"true"}`, "STRING_VALUE cannot be converted to Boolean", "dry"},
		"structure for string":    {`{"text":{}}`, "Start of structure or map found where not expected.", "text"},
		"list for string":         {`{"text":[]}`, "Start of list found where not expected", "text"},
		"list for structure":      {`{"inner":[]}`, "Start of list found where not expected", "inner"},
		"string for structure":    {`{"inner":"a"}`, "Unexpected field type", "inner"},
		"string for list":         {`{"names":"a"}`, "Unexpected field type", "names"},
		"structure for list":      {`{"list":{}}`, "Start of structure or map found where not expected.", "list"},
		"null in a list":          {`{"names":["a",null]}`, "NULL_VALUE cannot be converted to String", "names[1]"},
		"deep inside":             {`{"inner":{"list":[{},{"nested":{"k":["a",2]}}]}}`, "NUMBER_VALUE cannot be converted to String", "inner.list[1].nested.k[1]"},
		"fraction":                {`{"count":1.5}`, "NUMBER_VALUE cannot be converted to Integer", "count"},
		"int32 overflow":          {`{"maxCount":2147483648}`, "Numeric value (2147483648) out of range of Integer", "maxCount"},
		"int64 overflow":          {`{"long":9223372036854775808}`, "Numeric value (9223372036854775808) out of range of Long", "long"},
		"integer with exponent":   {`{"long":1e400}`, "Numeric value (1e400) out of range of Long", "long"},
		"double overflow":         {`{"share":1e400}`, "Numeric value (1e400) out of range of Double", "share"},
		"float overflow":          {`{"narrow":1e39}`, "Numeric value (1e39) out of range of Float", "narrow"},
		"a long number is cut":    {`{"count":` + strings.Repeat("1", 60) + `}`, "Numeric value (" + strings.Repeat("1", 40) + "…) out of range of Integer", "count"},
		"no date":                 {`{"at":"yesterday"}`, "STRING_VALUE cannot be converted to Timestamp", "at"},
		"time out of range":       {`{"at":1e15}`, "Numeric value (1e+15) out of range of Timestamp", "at"},
		"no time":                 {`{"at":"NaN"}`, "STRING_VALUE cannot be converted to Timestamp", "at"},
		"no base64":               {`{"blob":"a"}`, "STRING_VALUE is not valid base64 and cannot be converted to Blob", "blob"},
		"number for base64":       {`{"blob":1}`, "NUMBER_VALUE cannot be converted to Blob", "blob"},
		"too long a list":         {`{"list":[{}` + strings.Repeat(",{}", maxElements) + `]}`, "a list of the request body has more than 10001 elements", "list"},
		"a list as the body":      {`[]`, "Start of list found where not expected", ""},
		"null as the body":        {`null`, "Unexpected field type", ""},
		"no JSON":                 {`cluster=default`, "the request body has 'c' at byte 0 where a value should be", ""},
		"cut off":                 {`{"count":1`, "the request body ends where '}' should be", ""},
		"cut off in a string":     {`{"count`, "the request body ends where the closing quote of a string should be", ""},
		"trailing garbage":        {`{} {}`, "the request body has '{' at byte 3 where the end should be", ""},
		"trailing comma":          {`{"count":1,}`, "the request body has '}' at byte 11 where a member name should be", ""},
		"trailing comma in list":  {`{"x":[1,]}`, "the request body has ']' at byte 8 where a value should be", ""},
		"leading zero":            {`{"x":01}`, "the request body has '1' at byte 6 where '}' should be", ""},
		"bad escape when skipped": {`{"x":"\q"}`, `the request body has 'q' at byte 7 where an escape sequence should be`, ""},
		"bad literal":             {`{"enabled":trüe}`, "the request body has 'Ã' at byte 13 where true should be", "enabled"},
		"control character":       {"{\"text\":\"a\nb\"}", `the request body has '\n' at byte 10 where a character of a string should be`, "text"},
		"nesting bomb":            {strings.Repeat(`{"x":`, 100_000), "the request body nests deeper than 64 levels", ""},
		"nesting bomb of lists":   {`{"x":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, "the request body nests deeper than 64 levels", ""},
		"nesting bomb of members": {strings.Repeat(`{"inner":`, 65), "the request body nests deeper than 64 levels", strings.TrimPrefix(strings.Repeat(".inner", 64), ".")},
	} {
		t.Run(name, func(t *testing.T) {
			err := Decode([]byte(c.in), &probe{})
			got, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("got %v, want an *Error", err)
			}
			member, _ := got.Fields["member"].(string)
			if got.Code != "SerializationException" || got.Message != c.message || member != c.member {
				t.Errorf("got  %s at %q\nwant %s at %q", got, member, c.message, c.member)
			}
		})
	}
}

func TestDecodeIntoSomethingElse(t *testing.T) {
	for _, into := range []any{nil, probe{}, (*probe)(nil), new(string)} {
		if err := Decode([]byte(`{}`), into); err == nil {
			t.Errorf("decoded into %T", into)
		}
	}
}

// Unions and documents of nested structures are read by the SDK.
func TestDecodeUnionsAndDocuments(t *testing.T) {
	in := ecs.CreateServiceInput{}
	if err := Decode([]byte(`{
		"serviceConnectConfiguration": {"enabled": true, "containerConfigurations": [{"logLevel": "debug"}]},
		"deploymentConfiguration": {"lifecycleHooks": [{"hookDetails": {"b": [1, "x"]}, "roleArn": "r"}]}
	}`), &in); err != nil {
		t.Fatal(err)
	}
	level := in.ServiceConnectConfiguration.ContainerConfigurations[0].(*types.ServiceConnectContainerConfigurationMemberLogLevel)
	if level.Value != "debug" || !in.ServiceConnectConfiguration.Enabled {
		t.Errorf("service connect: %+v", in.ServiceConnectConfiguration)
	}
	hook := in.DeploymentConfiguration.LifecycleHooks[0]
	out, err := Encode(&hook)
	if want := `{"hookDetails":{"b":[1,"x"]},"roleArn":"r"}`; err != nil || string(out) != want {
		t.Errorf("hook: %s, %v, want %s", out, err, want)
	}

	for _, bad := range []string{`[{"volume": 11}]`, `[null]`, `["debug"]`, `{}`, `[{"logLevel": 1}]`} {
		err := Decode([]byte(`{"serviceConnectConfiguration": {"containerConfigurations": `+bad+`}}`), &ecs.CreateServiceInput{})
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Message != "Unexpected field type" || e.Fields["member"] != "serviceConnectConfiguration.containerConfigurations" {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// FuzzDecode holds that the decoder never panics, accepts nothing but JSON, and
// that what it understood survives a round trip.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"cluster":"c","desiredCount":2,"tags":[{"key":"k","value":"v"}]}`,
		`{"serviceConnectConfiguration":{"containerConfigurations":[{"logLevel":"debug"}]}}`,
		`{"deploymentConfiguration":{"canaryConfiguration":{"canaryPercent":1e1},"lifecycleHooks":[{"hookDetails":{"a":[1,null,1e400]}}]}}`,
		`{"text":"\ud83d\ude00","at":"2023-11-14T23:13:20.5+01:00","blob":"aGk/","share":"NaN","narrow":1e-40,"inner":{"long":-9223372036854775808},"nested":{"a":["b"]}}`,
		`{"x":[[[{"y":"\u00e9"}]]],"text":null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		type skipsAll struct{}
		err := Decode(data, &skipsAll{})
		if valid := json.Valid(data) && data[firstByte(data)] == '{'; err == nil && !valid && len(strings.Trim(string(data), " \r\n\t")) > 0 {
			t.Errorf("accepted what is no JSON structure: %q", data)
		} else if err != nil && valid && !strings.Contains(err.Error(), "deeper") {
			t.Errorf("refused JSON: %v", err)
		}
		for _, typ := range []reflect.Type{reflect.TypeFor[probe](), reflect.TypeFor[ecs.CreateServiceInput](), reflect.TypeFor[ecs.RegisterTaskDefinitionInput]()} {
			roundTrip(t, typ, data)
		}
	})
}

func firstByte(data []byte) int {
	for i, c := range data {
		if !strings.ContainsRune(" \r\n\t", rune(c)) {
			return i
		}
	}
	return 0
}

func roundTrip(t *testing.T, typ reflect.Type, data []byte) {
	first := reflect.New(typ).Interface()
	if err := Decode(data, first); err != nil {
		if _, ok := errors.AsType[*Error](err); !ok {
			t.Errorf("an error the caller is not told: %v", err)
		}
		return
	}
	text, err := Encode(first)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	if !json.Valid(text) {
		t.Fatalf("encoded what is no JSON: %q", text)
	}
	second := reflect.New(typ).Interface()
	if err := Decode(text, second); err != nil {
		t.Fatalf("decode %s: %v", text, err)
	}
	again, err := Encode(second)
	if err != nil || string(again) != string(text) {
		t.Errorf("%s became %s, %v", text, again, err)
	}
}

func BenchmarkEncodeDescribeServices(b *testing.B) {
	out := describedService(100)
	b.ReportAllocs()
	for b.Loop() {
		text, err := Encode(out)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
	}
}

func BenchmarkDecodeCreateService(b *testing.B) {
	body := []byte(`{"cluster":"default","serviceName":"web","taskDefinition":"web:1","desiredCount":3,"launchType":"EC2","deploymentConfiguration":{"deploymentCircuitBreaker":{"enable":true,"rollback":true},"maximumPercent":200,"minimumHealthyPercent":100},"placementStrategy":[{"type":"spread","field":"attribute:ecs.availability-zone"}],"tags":[{"key":"team","value":"a"}]}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := Decode(body, &ecs.CreateServiceInput{}); err != nil {
			b.Fatal(err)
		}
	}
}

// describedService is a reply to DescribeServices with that many events.
func describedService(events int) *ecs.DescribeServicesOutput {
	now := time.UnixMilli(1700000000123)
	s := types.Service{
		ServiceName: aws.String("web"), ServiceArn: aws.String("arn:aws:ecs:us-east-1:000000000000:service/default/web"),
		Status: aws.String("ACTIVE"), DesiredCount: 3, RunningCount: 3, CreatedAt: &now,
		Deployments: []types.Deployment{{Id: aws.String("ecs-svc/1"), Status: aws.String("PRIMARY"), DesiredCount: 3, RunningCount: 3, CreatedAt: &now, UpdatedAt: &now}},
	}
	for range events {
		s.Events = append(s.Events, types.ServiceEvent{
			Id: aws.String("0a1b2c3d-0000-4000-8000-000000000000"), CreatedAt: &now,
			Message: aws.String("(service web) has started 1 tasks: (task c13b4cb40f1f4fe4a2971f76ae5a47ad)."),
		})
	}
	return &ecs.DescribeServicesOutput{Services: []types.Service{s}}
}
