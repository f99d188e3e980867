package awsapi

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Decode reads data, one AWS JSON 1.1 structure or nothing, into a pointer to an
// input of the SDK. Unknown members are skipped and null means absent; of a member
// that occurs twice, the last counts.
//
// A document that does not fit gives an *Error with code SerializationException
// whose field "member" is the path of the offending member, if it is one; a union
// gives UnsupportedFeatureException.
func Decode(data []byte, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("awsapi: decode into %T: want a pointer to a structure", into)
	}
	p := &parser{data: data}
	if p.peek(); p.pos == len(data) {
		return nil
	}
	err := codecOf(v.Elem().Type()).decode(p, v.Elem())
	if err == nil {
		err = p.end()
	}
	if de, ok := errors.AsType[*decodeError](err); ok {
		return de.public()
	}
	return err
}

// decodeError says why a document does not fit. The path grows while the decoder
// returns from the member to the top.
type decodeError struct {
	message string
	path    string
	union   bool
}

func (e *decodeError) Error() string { return e.path + ": " + e.message }

func (e *decodeError) public() *Error {
	path := strings.TrimPrefix(e.path, ".")
	if e.union {
		return Errorf("UnsupportedFeatureException", "The member %s is not implemented by Steady yet; leave it out.", path)
	}
	out := Errorf("SerializationException", "%s", e.message)
	if path != "" {
		out.Fields = map[string]any{"member": path}
	}
	return out
}

func wrongJSON(message string) error { return &decodeError{message: message} }

// within says that err happened at step (".name" or "[3]") of a structure or list.
func within(step string, err error) error {
	if de, ok := errors.AsType[*decodeError](err); ok {
		de.path = step + de.path
	}
	return err
}

// mismatch is the error for a value of the wrong type, in the words of the JSON
// front end of ECS. want is a Java type's name, or empty for structures and lists.
func (p *parser) mismatch(want string) error {
	token := ""
	switch c := p.peek(); {
	case c == '{':
		return wrongJSON("Start of structure or map found where not expected.")
	case c == '[':
		return wrongJSON("Start of list found where not expected")
	case c == '"':
		token = "STRING_VALUE"
	case c == '-' || isDigit(c):
		token = "NUMBER_VALUE"
	case c == 't':
		token = "TRUE_VALUE"
	case c == 'f':
		token = "FALSE_VALUE"
	case c == 'n':
		token = "NULL_VALUE"
	default:
		return p.malformed("a value")
	}
	if want == "" {
		return wrongJSON("Unexpected field type")
	}
	return wrongJSON(token + " cannot be converted to " + want)
}

func decodeStruct(members []member) func(*parser, reflect.Value) error {
	byName := make(map[string]*member, len(members))
	for i := range members {
		byName[members[i].name] = &members[i]
	}
	return func(p *parser, v reflect.Value) error {
		if p.peek() != '{' {
			return p.mismatch("")
		}
		return p.object(func(key []byte) error {
			m := byName[string(key)]
			if m == nil {
				return p.skip() // real agents send members that the API does not have
			}
			f := v.Field(m.field)
			f.SetZero()
			if p.peek() == 'n' {
				return p.literal("null")
			}
			if err := m.codec.decode(p, f); err != nil {
				return within("."+m.name, err)
			}
			return nil
		})
	}
}

// maxElements is how long a list of a request may be: "{}," takes three bytes of
// the body, but hundreds of memory when it is a container definition. It is one more
// than any list of AWS may have, whose operation then refuses it in its own words.
const maxElements = 10_001

// decodeList refuses null elements: no list of AWS is sparse.
func decodeList(elem *codec) func(*parser, reflect.Value) error {
	return func(p *parser, v reflect.Value) error {
		if p.peek() != '[' {
			return p.mismatch("")
		}
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		return p.array(func(i int) error {
			if i == maxElements {
				return wrongJSON(fmt.Sprintf("a list of the request body has more than %d elements", maxElements))
			}
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
			if err := elem.decode(p, v.Index(i)); err != nil {
				return within("["+strconv.Itoa(i)+"]", err)
			}
			return nil
		})
	}
}

func decodeMap(t reflect.Type, elem *codec) func(*parser, reflect.Value) error {
	return func(p *parser, v reflect.Value) error {
		if p.peek() != '{' {
			return p.mismatch("")
		}
		v.Set(reflect.MakeMap(t))
		return p.object(func(key []byte) error {
			name := string(key)
			if p.peek() == 'n' {
				return p.literal("null")
			}
			value := reflect.New(t.Elem()).Elem()
			if err := elem.decode(p, value); err != nil {
				return within("."+name, err)
			}
			v.SetMapIndex(reflect.ValueOf(name).Convert(t.Key()), value)
			return nil
		})
	}
}

// decodeUnion refuses: which members a union has cannot be told from its Go type.
// See memberCodec for those that the SDK reads.
func decodeUnion(*parser, reflect.Value) error { return &decodeError{union: true} }

func decodeString(p *parser, v reflect.Value) error {
	if p.peek() != '"' {
		return p.mismatch("String")
	}
	s, err := p.stringBytes()
	if err != nil {
		return err
	}
	v.SetString(string(s))
	return nil
}

func decodeBool(p *parser, v reflect.Value) error {
	switch p.peek() {
	case 't':
		v.SetBool(true)
		return p.literal("true")
	case 'f':
		v.SetBool(false)
		return p.literal("false")
	}
	return p.mismatch("Boolean")
}

func decodeInt(p *parser, v reflect.Value) error {
	want := "Integer"
	if v.Type().Bits() == 64 {
		want = "Long"
	}
	if c := p.peek(); c != '-' && !isDigit(c) {
		return p.mismatch(want)
	}
	text, err := p.number()
	if err != nil {
		return err
	}
	i, err := wholeNumber(text)
	if errors.Is(err, strconv.ErrRange) || err == nil && v.OverflowInt(i) {
		return outOfRange(text, want)
	}
	if err != nil {
		return wrongJSON("NUMBER_VALUE cannot be converted to " + want)
	}
	v.SetInt(i)
	return nil
}

// wholeNumber also takes 1.0 and 1e3, which some clients write for integers.
func wholeNumber(text string) (int64, error) {
	if !strings.ContainsAny(text, ".eE") {
		return strconv.ParseInt(text, 10, 64)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, err
	}
	if f != math.Trunc(f) {
		return 0, strconv.ErrSyntax
	}
	if math.Abs(f) > 1<<53 { // beyond, a float64 skips integers
		return 0, strconv.ErrRange
	}
	return int64(f), nil
}

func outOfRange(text, want string) error {
	if len(text) > 40 {
		text = text[:40] + "…"
	}
	return wrongJSON(fmt.Sprintf("Numeric value (%s) out of range of %s", text, want))
}

func decodeFloat(p *parser, v reflect.Value) error {
	want := "Double"
	if v.Type().Bits() == 32 {
		want = "Float"
	}
	f, err := p.float(want)
	if err != nil {
		return err
	}
	v.SetFloat(f)
	return nil
}

// float reads a number, or one of the strings that AWS writes for what JSON has no
// number for. want is "Float" or "Double".
func (p *parser) float(want string) (float64, error) {
	if rest := p.rest(); len(rest) > 0 && rest[0] == '"' {
		for _, name := range []string{"NaN", "Infinity", "-Infinity"} {
			if strings.HasPrefix(rest, `"`+name+`"`) {
				p.pos += len(name) + 2
				return strconv.ParseFloat(name, 64)
			}
		}
	}
	if c := p.peek(); c != '-' && !isDigit(c) {
		return 0, p.mismatch(want)
	}
	text, err := p.number()
	if err != nil {
		return 0, err
	}
	bits := 64
	if want == "Float" {
		bits = 32
	}
	f, err := strconv.ParseFloat(text, bits)
	if err != nil {
		return 0, outOfRange(text, want)
	}
	return f, nil
}

// rest is the start of what is still to be read, long enough for any literal.
func (p *parser) rest() string {
	p.peek()
	return string(p.data[p.pos:min(p.pos+16, len(p.data))])
}

func decodeBlob(p *parser, v reflect.Value) error {
	if p.peek() != '"' {
		return p.mismatch("Blob")
	}
	s, err := p.stringBytes()
	if err != nil {
		return err
	}
	blob, err := base64.StdEncoding.AppendDecode([]byte{}, s)
	if err != nil {
		return wrongJSON("STRING_VALUE is not valid base64 and cannot be converted to Blob")
	}
	v.SetBytes(blob)
	return nil
}

// Timestamps outside the years 0 to 9999 are refused.
const (
	minSeconds = -62167219200
	maxSeconds = 253402300799
)

// decodeTime reads seconds since 1970, or a date and time as in RFC 3339, to the
// millisecond.
func decodeTime(p *parser, v reflect.Value) error {
	if p.peek() == '"' {
		return decodeDate(p, v)
	}
	seconds, err := p.float("Timestamp")
	if err != nil {
		return err
	}
	if seconds < minSeconds || seconds > maxSeconds {
		return outOfRange(strconv.FormatFloat(seconds, 'g', -1, 64), "Timestamp")
	}
	v.Set(reflect.ValueOf(time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()))
	return nil
}

func decodeDate(p *parser, v reflect.Value) error {
	s, err := p.stringBytes()
	if err != nil {
		return err
	}
	t, err := time.Parse(time.RFC3339Nano, string(s))
	if err != nil {
		return wrongJSON("STRING_VALUE cannot be converted to Timestamp")
	}
	v.Set(reflect.ValueOf(time.UnixMilli(t.UnixMilli()).UTC()))
	return nil
}
