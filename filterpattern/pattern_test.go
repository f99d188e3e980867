package filterpattern

import (
	"strings"
	"testing"
)

const (
	trail = `{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],
"objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"ThisFlag":true,"a.b":{"c]":1},"latency":50.5,"code":400}`
	user   = `{"user":{"id":1,"email":"John.Stiles@example.com"},"users":[{"id":2,"email":"John.Doe@example.com"},{"id":3}],"actions":["GET","PUT","DELETE"],"coordinates":[[0,1,2],[4,5,6]]}`
	access = `127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534`
)

// The examples of CloudWatch's own description, and the traps around them.
func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern, message string
		want             bool
	}{
		{"", "anything", true},
		{" ", "", true},

		{"ERROR", "[ERROR] A fatal exception has occurred", true},
		{"ERROR", "Exiting with ERRORCODE: -1", true},
		{"ERROR", "an error", false},
		{`ERROR -"Exiting"`, "Exiting with ERRORCODE: -1", false},
		{`"ERROR" - "Exiting"`, "[ERROR] A fatal exception", true},
		{"-ERROR", "all is well", true},
		{"-ERROR", "an ERROR", false},
		{"ERROR Exception", "[ERROR] Caught IllegalArgumentException", true},
		{"ERROR Exception", "Exception", false},
		{"Failed to process the request", "[ERROR] Unable to continue: Failed to process the request", true},
		{`"Failed to process"`, "Failed now to process", false},
		{`"a \"b\" \\ c"`, `a "b" \ c`, true},
		{"?ERROR ?WARN", "WARN message", true},
		{"?ERROR ?WARN", "INFO message", false},
		{"?ERROR ?WARN message", "INFO message", true}, // the question marks are ignored
		{"?ERROR -WARN", "INFO", true},
		{"%AUTHORIZED%", "UNAUTHORIZED", true},
		{`%^[45]\d\d$%`, "404", true},
		{`%^[45]\d\d$%`, "1404", false},
		{`ERROR -%code=\x28\d%`, "ERROR code=(5", false},
		{"größer", "10 ist größer", true},

		{`{ $.eventType = "UpdateTrail" }`, trail, true},
		{`{$.eventType=UpdateTrail}`, trail, true},
		{`{ $.eventType = Update* }`, trail, true},
		{`{ $.eventType = "*Trail" }`, trail, true},
		{`{ $.eventType = *dateT* }`, trail, true},
		{`{ $.eventType = Up*ail }`, trail, false}, // in the middle it is a plain character
		{`{ $.eventType = Up*ail }`, `{"eventType":"Up*ail"}`, true},
		{`{ $.eventType = %^Up.*l$% }`, trail, true},
		{`{ $.eventType != %^Up.*l$% }`, trail, false},
		{`{ $.sourceIPAddress != 123.123.* }`, trail, true},
		{`{ $.sourceIPAddress != 111.111.* }`, trail, false},
		{`{ $.arrayKey[0] = "value" }`, trail, true},
		{`{ $.arrayKey[5] = "value" }`, trail, false},
		{`{ $.arrayKey[*] = "another value" }`, trail, true},
		{`{ $.objectList[1].id = 2 }`, trail, true},
		{`{ $.objectList[*].id > 1 }`, trail, true},
		{`{ $.objectList[*].id > 2 }`, trail, false},
		{`{ $.arrayKey = "value" }`, trail, false},
		{`{ $.arrayKey != "value" }`, trail, false}, // a list is no value
		{`{ $.missing != "value" }`, trail, false},
		{`{ $.SomeObject IS NULL }`, trail, true},
		{`{ $.eventType IS NULL }`, trail, false},
		{`{ $.SomeObject != "x" }`, trail, false},
		{`{ $.SomeOtherObject NOT EXISTS }`, trail, true},
		{`{ $.SomeObject NOT EXISTS }`, trail, false},
		{`{ $.ThisFlag IS TRUE }`, trail, true},
		{`{ $.ThisFlag is false }`, trail, false},
		{`{ $["a.b"]['c]'] = 1 }`, trail, true},
		{`{ $.["a.b"].d NOT EXISTS }`, trail, true},
		{`{ $.latency = * }`, trail, true},
		{`{ $.latency >= 50.5 && $.latency < 1e2 }`, trail, true},
		{`{ $.latency > +1000 }`, trail, false},
		{`{ $.code = 400.0 }`, trail, true},
		{`{ $.code = "400" }`, trail, true},
		{`{ $.code = 4* }`, trail, true},
		{`{ $.eventType > 5 }`, trail, false},
		{`{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }`, user, true},
		{`{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }`, user, false},
		{`{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch }`, user, true},
		{`{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch) && $.actions[2] = nomatch }`, user, false},
		{`{ $.a = "x y" }`, `{"a":"\u0078 y"}`, true}, // however it is written
		{`{ $.a = "x/y" }`, `{"a":"x\/y"}`, true},
		{`{ $.a = x || $.b = y }`, `{"b":"y"}`, true},
		{`{ $.a = x && $.b != y }`, `{"a":"x","b":"z"}`, true},
		{`{ $.a = 1 }`, `not JSON`, false},
		{`{ $.a = 1 }`, `{"a":1} {"a":1}`, false},
		{`{ $.a NOT EXISTS }`, `not JSON`, false},

		{"[ip, user, username, timestamp, request, status_code, bytes]", access, true},
		{"[ip, user, username]", access, false},
		{"[..., status_code, bytes]", access, true},
		{"[ip, user, ...]", access, true},
		{"[ip, ..., x, y, z, a, b, c, d]", access, false},
		{"[ip, user, username, timestamp, request, status_code = 4*, bytes > 1000]", access, true},
		{"[ip, user, username, timestamp, request = *html*, status_code = 4*, bytes]", access, true},
		{"[..., request=*.html*, status_code=4*,]", access, true},
		{"[..., status_code=404 || status_code=410, bytes]", access, true},
		{"[..., (s=404 || s=410) && s!=404, bytes]", access, false},
		{"[ip=%127\\.0\\.0\\.[1-9]%, ...]", access, true},
		{`[ip, -, user = "frank", ...]`, access, true},
		{"[w1=ERROR, w2]", "ERROR message", true},
		{"[w1=!ERROR&&w1=!WARN, w2]", "INFO message", true},
		{"[w1=!ERROR&&w1=!WARN, w2]", "WARN message", false},
		{"[,,]", "a b c", true},
		{"[a, b]", "[x", false},
		{"[a]", "[x", true},
		{"[a = 5]", `"5"`, true},
		{"[a <= 5]", `five`, false},
	} {
		p, err := Parse(tt.pattern)
		if err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
			continue
		}
		if got := p.Match(tt.message); got != tt.want {
			t.Errorf("%s matches %q: %t", tt.pattern, tt.message, got)
		}
	}
}

func TestInvalidPatterns(t *testing.T) {
	for pattern, want := range map[string]string{
		"foo:bar":                           "Invalid filter pattern: Invalid character(s) in term 'foo:bar'",
		`""`:                                `Invalid filter pattern: Invalid character(s) in term '""'`,
		`"open`:                             `Invalid filter pattern: Invalid character(s) in term '"open'`,
		"%a(b)%":                            "Invalid filter pattern: Invalid character(s) in term '%a(b)%'",
		"%something!%":                      "Invalid filter pattern: Invalid character(s) in term '%something!%'",
		"%open":                             "Invalid filter pattern: Invalid character(s) in term '%open'",
		"%%":                                "Invalid filter pattern: Invalid character(s) in term '%%'",
		"%a{2,1}%":                          "Invalid filter pattern: Invalid character(s) in term '%a{2,1}%'",
		"%a% %b% %c%":                       "Invalid filter pattern: it has more than 2 regular expressions",
		"a -":                               "Invalid filter pattern: a term is missing at its end",
		`{ $.a = 1`:                         "Invalid filter pattern: If a filter pattern starts with '{' it must end with '}'",
		`{ }`:                               `Invalid filter pattern: "" should be a property selector, which starts with $`,
		`{ $ = 1 }`:                         `Invalid filter pattern: the property selector "$ = 1 " names no property`,
		`{ $. = 1 }`:                        `Invalid filter pattern: " = 1 " should be the name of a property`,
		`{ $.a[x] = 1 }`:                    "Invalid filter pattern: [x] should be the number of an element",
		`{ $.a[1 = 1 }`:                     "Invalid filter pattern: a bracket is not closed",
		`{ $.a['x] = 1 }`:                   `Invalid filter pattern: "'x] = 1 " is not closed`,
		`{ $.a }`:                           `Invalid filter pattern: "" should be a comparison`,
		`{ $.a = }`:                         `Invalid filter pattern: "" should be a value; put text into double quotes`,
		`{ $.a = @x }`:                      `Invalid filter pattern: "@x " should be a value; put text into double quotes`,
		`{ ($.a = 1 }`:                      "Invalid filter pattern: a parenthesis is not closed",
		`{ $.a = 1 $.b = 2 }`:               `Invalid filter pattern: "$.b = 2 " is not understood`,
		`[a, b`:                             "Invalid filter pattern: If a filter pattern starts with '[' it must end with ']'",
		`[..., a, ...]`:                     "Invalid filter pattern: it has more than one ellipsis",
		`[a = 1 || b = 2]`:                  `Invalid filter pattern: "b = 2" should be the name of the field`,
		"[ip, s = 4* && bytes > 1000]":      `Invalid filter pattern: "bytes > 1000" should be the name of the field`,
		`[a b]`:                             `Invalid filter pattern: "b" should be a comparison`,
		strings.Repeat("x", MaxLength+1):    "Invalid filter pattern: it has more than 1024 characters",
		"{" + strings.Repeat("(", 60) + "}": "Invalid filter pattern: more than 50 parentheses are within each other",
	} {
		if _, err := Parse(pattern); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", pattern, err, want)
		}
	}
}

func TestRequired(t *testing.T) {
	p, err := Parse(`ERROR "a b" -not %re%`)
	if err != nil || strings.Join(p.Required(), "|") != "ERROR|a b" {
		t.Errorf("%v requires %q", err, p.Required())
	}
	if p, err := Parse("?a ?b"); err != nil || p.Required() != nil {
		t.Errorf("%v requires %q", err, p.Required())
	}
}

// No pattern and no message make it fail, and what a message must contain it does.
func FuzzParse(f *testing.F) {
	f.Add(`ERROR -"x" ?%a%`, "an ERROR")
	f.Add(`{ ($.a[*].b = "x*" || $['c'] IS NULL) && $.d NOT EXISTS }`, trail)
	f.Add(`[a, ..., (b = 4* && b != 5) || b > 1e3, c=%x%]`, access)
	f.Fuzz(func(t *testing.T, pattern, message string) {
		p, err := Parse(pattern)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n") && !strings.ContainsAny(pattern, "\n") {
				t.Errorf("%q: the error has several lines: %v", pattern, err)
			}
			return
		}
		if p.Match(message) {
			for _, text := range p.Required() {
				if !strings.Contains(message, text) {
					t.Errorf("%q matches %q, which lacks %q", pattern, message, text)
				}
			}
		}
	})
}
