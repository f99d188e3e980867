package function

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"net/url"
	"strconv"
	"strings"

	"steady/insights/value"
)

var encodings = map[string]Function{
	"urlencode":    ofText(func(s string) value.Value { return value.Of(url.QueryEscape(s)) }),
	"urldecode":    ofText(func(s string) value.Value { return unless(url.QueryUnescape(s)) }),
	"base64encode": ofText(func(s string) value.Value { return value.Of(base64.StdEncoding.EncodeToString([]byte(s))) }),
	"base64decode": ofText(base64Decode),
	"md5":          ofText(func(s string) value.Value { return value.Of(fmt.Sprintf("%x", md5.Sum([]byte(s)))) }),
	"sha256":       ofText(func(s string) value.Value { return value.Of(fmt.Sprintf("%x", sha256.Sum256([]byte(s)))) }),
	"hextoascii": ofText(func(s string) value.Value {
		b, err := hex.DecodeString(bareHex(s))
		return unless(string(b), err)
	}),
	"hextodec": ofText(hexToDec),
	"dectohex": strict(1, 1, func(a []value.Value) value.Value {
		n, ok := a[0].Number()
		if !ok || n != math.Trunc(n) || math.Abs(n) >= 1<<63 {
			return value.Value{}
		}
		return value.Of(strconv.FormatInt(int64(n), 16))
	}),
}

// unless is a text, or missing where there is an error.
func unless(s string, err error) value.Value {
	if err != nil {
		return value.Value{}
	}
	return value.Of(s)
}

func base64Decode(s string) value.Value {
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if b, err := e.DecodeString(s); err == nil {
			return value.Of(string(b))
		}
	}
	return value.Value{}
}

func bareHex(s string) string { return strings.TrimPrefix(strings.TrimPrefix(s, "0x"), "0X") }

func hexToDec(s string) value.Value {
	if n, err := strconv.ParseUint(bareHex(s), 16, 53); err == nil {
		return value.OfNumber(float64(n))
	}
	n, ok := new(big.Int).SetString(bareHex(s), 16) // more than a number holds exactly
	if !ok || len(s) > 400 {
		return value.Value{}
	}
	return value.Of(n.String())
}
