package awsapi

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/smithy-go/document"
)

// Encode writes v, an output of the SDK or a pointer to one, as AWS JSON 1.1. A
// nil pointer is an empty structure. It fails only if v holds something that no
// AWS shape has, such as a channel or an unknown union member.
func Encode(v any) ([]byte, error) {
	rv := reflect.ValueOf(v)
	if !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil() {
		return []byte("{}"), nil
	}
	return codecOf(rv.Type()).encode(nil, rv)
}

func encodeStruct(members []member) func([]byte, reflect.Value) ([]byte, error) {
	return func(b []byte, v reflect.Value) ([]byte, error) {
		b = append(b, '{')
		first := true
		for i := range members {
			m := &members[i]
			f := v.Field(m.field)
			if m.omit(f) {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(b, m.key...)
			var err error
			if b, err = m.codec.encode(b, f); err != nil {
				return b, fmt.Errorf("encode member %s: %w", m.name, err)
			}
		}
		return append(b, '}'), nil
	}
}

func encodeList(elem *codec) func([]byte, reflect.Value) ([]byte, error) {
	return func(b []byte, v reflect.Value) ([]byte, error) {
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = elem.encode(b, v.Index(i)); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	}
}

// encodeMap writes keys in order, so that equal values have equal text.
func encodeMap(elem *codec) func([]byte, reflect.Value) ([]byte, error) {
	return func(b []byte, v reflect.Value) ([]byte, error) {
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		b = append(b, '{')
		for i, key := range keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendQuoted(b, key.String()), ':')
			var err error
			if b, err = elem.encode(b, v.MapIndex(key)); err != nil {
				return b, err
			}
		}
		return append(b, '}'), nil
	}
}

// encodeInterface writes a union as a structure with its one member, a document as
// the JSON it is, and a value of no declared type (in Error.Fields) by its own type.
func encodeInterface(b []byte, v reflect.Value) ([]byte, error) {
	if v.IsNil() {
		return append(b, "null"...), nil
	}
	if v.NumMethod() == 0 {
		return codecOf(v.Elem().Type()).encode(b, v.Elem())
	}
	if doc, ok := v.Interface().(document.Marshaler); ok {
		text, err := doc.MarshalSmithyDocument()
		return append(b, text...), err
	}
	variant := reflect.Indirect(v.Elem())
	// The SDK names a variant after its union: GatewayConfigurationMemberAlb.
	name, ok := strings.CutPrefix(variant.Type().Name(), v.Type().Name()+"Member")
	if !ok || name == "" {
		return b, fmt.Errorf("awsapi: the Go type %s is no member of the union %s", v.Elem().Type(), v.Type())
	}
	value := variant.FieldByName("Value") // every variant has it
	b = append(appendQuoted(append(b, '{'), names(nil).wireName(name)), ':')
	b, err := codecOf(value.Type()).encode(b, value)
	return append(b, '}'), err
}

func encodeString(b []byte, v reflect.Value) ([]byte, error) {
	return appendQuoted(b, v.String()), nil
}

func encodeBool(b []byte, v reflect.Value) ([]byte, error) {
	return strconv.AppendBool(b, v.Bool()), nil
}

func encodeInt(b []byte, v reflect.Value) ([]byte, error) {
	return strconv.AppendInt(b, v.Int(), 10), nil
}

// encodeFloat writes what JSON has no number for as the strings that AWS uses.
func encodeFloat(b []byte, v reflect.Value) ([]byte, error) {
	f := v.Float()
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...), nil
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...), nil
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...), nil
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, f, format, -1, v.Type().Bits()), nil
}

func encodeBlob(b []byte, v reflect.Value) ([]byte, error) {
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, v.Bytes())
	return append(b, '"'), nil
}

// encodeTime writes seconds since 1970 with up to three decimals, ECS's form.
func encodeTime(b []byte, v reflect.Value) ([]byte, error) {
	return appendMillis(b, v.Interface().(time.Time).UnixMilli()), nil
}

func appendMillis(b []byte, ms int64) []byte {
	if ms < 0 {
		b = append(b, '-')
		ms = -ms
	}
	b = strconv.AppendInt(b, ms/1000, 10)
	ms %= 1000
	if ms == 0 {
		return b
	}
	b = append(b, '.', byte('0'+ms/100))
	if ms%100 != 0 {
		b = append(b, byte('0'+ms/10%10))
	}
	if ms%10 != 0 {
		b = append(b, byte('0'+ms%10))
	}
	return b
}

// appendQuoted appends s as a JSON string; invalid UTF-8 becomes U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if c >= utf8.RuneSelf && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		b = appendEscape(append(b, s[start:i]...), r)
		i += size
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

func appendEscape(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	case utf8.RuneError:
		return utf8.AppendRune(b, utf8.RuneError)
	}
	return append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&0xf])
}
