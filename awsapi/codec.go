package awsapi

import (
	"fmt"
	"reflect"
	"sync"
	"time"
)

// codec reads and writes the values of one Go type.
type codec struct {
	encode func(b []byte, v reflect.Value) ([]byte, error)
	decode func(p *parser, v reflect.Value) error
}

// codecs has the finished codecs: reflect.Type to *codec.
var codecs sync.Map

var timeType = reflect.TypeFor[time.Time]()

func codecOf(t reflect.Type) *codec {
	if c, ok := codecs.Load(t); ok {
		return c.(*codec)
	}
	made := builder{}
	c := made.codec(t)
	for t, c := range made {
		codecs.LoadOrStore(t, c)
	}
	return c
}

// builder has the codecs of one type and all that it reaches. A codec is in it
// before it is finished, so that a type may contain itself; codecs are published
// only when the whole graph is finished.
type builder map[reflect.Type]*codec

func (b builder) codec(t reflect.Type) *codec {
	if c, ok := b[t]; ok {
		return c
	}
	c := &codec{}
	b[t] = c
	*c = b.build(t)
	return c
}

func (b builder) build(t reflect.Type) codec {
	if t == timeType {
		return codec{encodeTime, decodeTime}
	}
	switch t.Kind() {
	case reflect.String:
		return codec{encodeString, decodeString}
	case reflect.Bool:
		return codec{encodeBool, decodeBool}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return codec{encodeInt, decodeInt}
	case reflect.Float32, reflect.Float64:
		return codec{encodeFloat, decodeFloat}
	case reflect.Pointer:
		return pointerCodec(b.codec(t.Elem()))
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return codec{encodeBlob, decodeBlob}
		}
		return listCodec(b.codec(t.Elem()))
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			return mapCodec(t, b.codec(t.Elem()))
		}
	case reflect.Struct:
		return structCodec(b.members(t))
	case reflect.Interface:
		return codec{encodeInterface, decodeUnion}
	}
	return unsupported(t)
}

// unsupported is the codec of a type that no AWS shape has.
func unsupported(t reflect.Type) codec {
	err := fmt.Errorf("awsapi: the Go type %s has no AWS JSON form; use a type of the SDK", t)
	return codec{
		encode: func(b []byte, _ reflect.Value) ([]byte, error) { return b, err },
		decode: func(*parser, reflect.Value) error { return err },
	}
}

// member is one member of a structure.
type member struct {
	name  string // on the wire
	field int
	key   string // the quoted name and its colon
	omit  func(reflect.Value) bool
	codec *codec
}

// members lists the members of an SDK structure. ResultMetadata is the SDK's own;
// unexported fields are markers.
func (b builder) members(t reflect.Type) []member {
	var ms []member
	names := schemaNames(t)
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		name := names.wireName(f.Name)
		ms = append(ms, member{
			name:  name,
			field: i,
			key:   string(appendQuoted(nil, name)) + ":",
			omit:  absent(f.Type),
			codec: b.memberCodec(t, i, name),
		})
	}
	return ms
}

// absent tells when a member of type t is not written. Numbers and booleans that
// are no pointers are always written, as ECS answers runningCount 0; a string that
// is no pointer is an enumeration, and empty means absent.
func absent(t reflect.Type) func(reflect.Value) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return reflect.Value.IsNil
	case reflect.String:
		return func(v reflect.Value) bool { return v.Len() == 0 }
	}
	return func(reflect.Value) bool { return false }
}

func pointerCodec(elem *codec) codec {
	return codec{
		encode: func(b []byte, v reflect.Value) ([]byte, error) {
			if v.IsNil() {
				return append(b, "null"...), nil
			}
			return elem.encode(b, v.Elem())
		},
		decode: func(p *parser, v reflect.Value) error {
			fresh := reflect.New(v.Type().Elem())
			v.Set(fresh)
			return elem.decode(p, fresh.Elem())
		},
	}
}

func listCodec(elem *codec) codec {
	return codec{encode: encodeList(elem), decode: decodeList(elem)}
}

func mapCodec(t reflect.Type, elem *codec) codec {
	return codec{encode: encodeMap(elem), decode: decodeMap(t, elem)}
}

func structCodec(members []member) codec {
	return codec{encode: encodeStruct(members), decode: decodeStruct(members)}
}
