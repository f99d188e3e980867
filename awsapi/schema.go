package awsapi

import (
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/document"
)

// names are the names of a structure's members as its schema has them, by the name of
// the Go field. They differ in their first letter only: ECS writes serviceName,
// EventBridge FailedEntryCount, and now and then awsvpcConfiguration.
type names map[string]string

// schemaNames are the names of a structure of the SDK; none of any other type.
func schemaNames(t reflect.Type) names {
	n := names{}
	if s := schemaOf(t); s != nil {
		for name := range s.Members() {
			n[strings.ToUpper(name[:1])+name[1:]] = name
		}
	}
	return n
}

// wireName is the member name of a Go field. What has no schema is named as in ECS.
func (n names) wireName(field string) string {
	if name, ok := n[field]; ok {
		return name
	}
	return strings.ToLower(field[:1]) + field[1:]
}

// schemaOf asks a structure of the SDK to serialize itself, which begins with its
// schema; nil of any other type.
func schemaOf(t reflect.Type) *smithy.Schema {
	v, ok := reflect.New(t).Interface().(smithy.Serializable)
	if !ok {
		return nil
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
