package pattern

import (
	"strings"
	"testing"
)

// instance is the event of the documentation's examples.
const instance = `{
  "version": "0", "id": "ddddd4-aaaa-7777-4444-345dd43cc333", "detail-type": "EC2 Instance State-change Notification",
  "source": "aws.ec2", "account": "012345679012", "time": "2017-10-02T16:24:49Z", "region": "us-east-1",
  "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-000000aaaaaa00000"],
  "detail": {"c-count": 5, "d-count": 3, "x-limit": 301.8, "source-ip": "10.0.0.33",
             "instance-id": "i-000000aaaaaa00000", "state": "running", "none": null, "empty": "", "yes": true, "no": []}
}`

func matches(t *testing.T, pattern, event string) bool {
	t.Helper()
	p, err := Parse(pattern)
	if err != nil {
		t.Fatalf("%s: %v", pattern, err)
	}
	e, err := ParseEvent([]byte(event))
	if err != nil {
		t.Fatal(err)
	}
	return p.Matches(e)
}

// Each pattern of the documentation, and its opposite.
func TestPatternsOfTheDocumentation(t *testing.T) {
	for pattern, want := range map[string]bool{
		`{"detail-type": ["EC2 Instance State-change Notification"], "detail": {"state": ["initializing", "running"]}}`: true,
		`{"detail": {"state": ["initializing"]}}`:                                                     false,
		`{"resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-000000aaaaaa00000", "other"]}`: true,
		`{"time": [{"prefix": "2017-10-02"}]}`:                                                        true,
		`{"time": [{"prefix": "2017-10-03"}]}`:                                                        false,
		`{"time": [{"prefix": ""}]}`:                                                                  true,
		`{"source": [{"prefix": {"equals-ignore-case": "AWS."}}]}`:                                    true,
		`{"source": [{"prefix": {"equals-ignore-case": "AWS.EC2.x"}}]}`:                               false,
		`{"source": [{"suffix": "ec2"}]}`:                                                             true,
		`{"source": [{"suffix": "ec3"}]}`:                                                             false,
		`{"source": [{"suffix": {"equals-ignore-case": ".Ec2"}}]}`:                                    true,
		`{"source": [{"equals-ignore-case": "AWS.EC2"}]}`:                                             true,
		`{"source": [{"equals-ignore-case": "EC2"}]}`:                                                 false,
		`{"source": [{"exactly": "aws.ec2"}]}`:                                                        true,
		`{"source": [{"wildcard": "aws.*2"}]}`:                                                        true,
		`{"source": [{"wildcard": "*w*.*"}]}`:                                                         true,
		`{"source": [{"wildcard": "aws"}]}`:                                                           false,
		`{"source": [{"wildcard": "aws.\\*"}]}`:                                                       false,
		`{"detail": {"state": [{"anything-but": "initializing"}]}}`:                                   true,
		`{"detail": {"state": [{"anything-but": "running"}]}}`:                                        false,
		`{"detail": {"state": [{"anything-but": ["stopped", "overloaded"]}]}}`:                        true,
		`{"detail": {"x-limit": [{"anything-but": 123}]}}`:                                            true,
		`{"detail": {"x-limit": [{"anything-but": [100, 301.80]}]}}`:                                  false,
		`{"detail": {"state": [{"anything-but": {"prefix": "init"}}]}}`:                               true,
		`{"detail": {"state": [{"anything-but": {"prefix": ["init", "run"]}}]}}`:                      false,
		`{"detail": {"state": [{"anything-but": {"suffix": ["ing"]}}]}}`:                              false,
		`{"detail": {"state": [{"anything-but": {"equals-ignore-case": "RUNNING"}}]}}`:                false,
		`{"detail": {"state": [{"anything-but": {"wildcard": "*/lib/*"}}]}}`:                          true,
		`{"detail": {"state": [{"anything-but": {"wildcard": ["r*g"]}}]}}`:                            false,
		`{"detail": {"none": [{"anything-but": "x"}]}}`:                                               true,
		`{"detail": {"c-count": [{"anything-but": {"prefix": "x"}}]}}`:                                true,
		`{"detail": {"missing": [{"anything-but": "x"}]}}`:                                            false,
		`{"detail": {"c-count": [{"numeric": [">", 0, "<=", 5]}], "d-count": [{"numeric": ["<", 10]}], "x-limit": [{"numeric": ["=", 3.018e2]}]}}`: true,
		`{"detail": {"c-count": [{"numeric": [">", 5]}]}}`:           false,
		`{"detail": {"c-count": [{"numeric": [">=", 5, "<", 6]}]}}`:  true,
		`{"detail": {"c-count": [{"numeric": ["<", 5]}]}}`:           false,
		`{"detail": {"state": [{"numeric": ["<", 5]}]}}`:             false,
		`{"detail": {"c-count": [5.0]}}`:                             true,
		`{"detail": {"c-count": ["5"]}}`:                             false,
		`{"detail": {"source-ip": [{"cidr": "10.0.0.0/24"}]}}`:       true,
		`{"detail": {"source-ip": [{"cidr": "10.0.0.32/31"}]}}`:      true,
		`{"detail": {"source-ip": [{"cidr": "10.0.1.0/24"}]}}`:       false,
		`{"detail": {"source-ip": [{"cidr": "2001:db8::/32"}]}}`:     false,
		`{"detail": {"state": [{"cidr": "0.0.0.0/0"}]}}`:             false,
		`{"detail": {"c-count": [{"exists": true}]}}`:                true,
		`{"detail": {"c-count": [{"exists": false}]}}`:               false,
		`{"detail": {"missing": [{"exists": false}]}}`:               true,
		`{"missing": {"below": [{"exists": false}]}}`:                true,
		`{"detail": [{"exists": false}]}`:                            true, // only leaves exist
		`{"detail": {"no": [{"exists": true}]}}`:                     false,
		`{"detail": {"none": [{"exists": true}]}}`:                   true,
		`{"detail": {"missing": [{"exists": false}, "x"]}}`:          true,
		`{"detail": {"none": [null], "empty": [""], "yes": [true]}}`: true,
		`{"detail": {"empty": [null]}}`:                              false,
		`{"detail": {"none": [""]}}`:                                 false,
		`{"detail": {"yes": ["true"]}}`:                              false,
		`{"detail.state": ["running"]}`:                              true,
		`{"Detail": {"state": ["running"]}}`:                         false,
		`{"account": [{"prefix": "0123"}], "detail": {"state": [{"anything-but": "initializing"}], "source-ip": [{"cidr": "10.0.0.0/8"}]}}`: true,
		// A later member of the same path replaces an earlier one.
		`{"source": ["aws.ec2"], "source": ["aws.ecs"]}`: false,
	} {
		if got := matches(t, pattern, instance); got != want {
			t.Errorf("%s: %v", pattern, got)
		}
	}
}

func TestOr(t *testing.T) {
	const alarm = `{"source": "aws.cloudwatch", "metricType": "MetricType", "namespace": "AWS/EC2", "metricId": 1234, "detail": {"$or": ["10.0.0.7", 3]}}`
	for pattern, want := range map[string]bool{
		`{"source": ["aws.cloudwatch"], "$or": [{"metricName": ["CPUUtilization"]}, {"namespace": ["AWS/EC2", "AWS/ES"]}]}`:                         true,
		`{"source": ["aws.cloudwatch"], "$or": [{"metricName": ["CPUUtilization"]}, {"namespace": ["AWS/ES"]}]}`:                                    false,
		`{"$or": [{"scope": ["x"]}, {"metricType": ["MetricType"], "namespace": ["AWS/EC2"], "$or": [{"metricId": [1234]}, {"spaceId": [1000]}]}]}`: true,
		`{"$or": [{"scope": ["x"]}, {"metricType": ["MetricType"], "$or": [{"metricId": [1]}, {"spaceId": [1000]}]}]}`:                              false,
		// What comes behind a $or belongs to each of its alternatives.
		`{"$or": [{"namespace": ["AWS/EC2"]}, {"scope": ["x"]}], "source": ["aws.ecs"]}`: false,
		// "Otherwise, Ruler just treats the $or as normal field name."
		`{"detail": {"$or": [{"cidr": "10.0.0.0/24"}]}}`:                                    true,
		`{"detail": {"$or": [{"numeric": [">", 0, "<=", 5]}, {"cidr": "192.168.0.0/16"}]}}`: true,
		`{"detail": {"$or": [{"numeric": [">", 10]}, {"numeric": ["<", 0]}]}}`:              false,
		`{"detail": {"$or": [3]}}`: true,
		`{"$or": {"metricType": ["MetricType"], "namespace": ["AWS/EC2"]}}`: false,
	} {
		if got := matches(t, pattern, alarm); got != want {
			t.Errorf("%s: %v", pattern, got)
		}
	}
}

func TestArrays(t *testing.T) {
	const staff = `{"employees": [[{"first": "John", "last": "Doe"}, {"first": "Anna", "last": "Smith", "at": ["x", "y"]}],
		[{"first": "Peter", "last": "Jones", "boss": {"first": "Ada"}}]], "tags": ["a", ["b", 1]], "a.b": "dotted", "flat": [{"k": 1}, "text"]}`
	for pattern, want := range map[string]bool{
		`{"employees": {"first": ["Anna"]}}`:                                                     true,
		`{"employees": {"first": ["Anna"], "last": ["Smith"]}}`:                                  true,
		`{"employees": {"first": ["Anna"], "last": ["Jones"]}}`:                                  false,
		`{"employees": {"first": ["Anna"], "last": ["Doe"]}}`:                                    false,
		`{"employees": {"first": ["Anna"], "at": ["y"]}}`:                                        true,
		`{"employees": {"first": ["Peter"], "boss": {"first": ["Ada"]}}}`:                        true,
		`{"employees": {"first": ["Anna"], "boss": {"first": ["Ada"]}}}`:                         false,
		`{"employees": {"first": ["Anna"], "boss": {"first": [{"exists": false}]}}}`:             false, // asked of the whole event
		`{"employees": {"first": ["Anna"], "aunt": [{"exists": false}]}}`:                        true,
		`{"employees": {"first": [{"anything-but": "John"}], "last": ["Doe"]}}`:                  false,
		`{"employees": {"$or": [{"first": ["John"]}, {"first": ["Peter"]}], "last": ["Jones"]}}`: true,
		`{"employees": {"$or": [{"first": ["John"]}, {"first": ["Anna"]}], "last": ["Jones"]}}`:  false,
		`{"tags": ["b"]}`:                   true,
		`{"tags": [{"anything-but": "a"}]}`: true,
		`{"tags": ["c"]}`:                   false,
		`{"a": {"b": ["dotted"]}}`:          true,
		`{"flat": ["text"]}`:                true,
		`{"flat": {"k": [1]}}`:              true,
		`{"flat": ["text"], "flat.k": [1]}`: false, // in different elements
	} {
		if got := matches(t, pattern, staff); got != want {
			t.Errorf("%s: %v", pattern, got)
		}
	}
}

// What AWS answered to these patterns, word for word.
func TestErrors(t *testing.T) {
	at := func(reason, pattern, column string) string {
		return reason + "\n at [Source: (String)\"" + pattern + "\"; line: 1, column: " + column + "]"
	}
	for _, c := range []struct{ pattern, reason, column string }{
		{`{"int": 42}`, `"int" must be an object or an array`, "11"},
		{`{"string": "my-value"}`, `"string" must be an object or an array`, "13"},
		{`{"resources": []}`, `Empty arrays are not allowed`, "17"},
		{`{"source": ["aws.health"], "detail": {}}`, `Empty objects are not allowed`, "40"},
		{`["not", "a", "dict", "but valid json"]`, `Filter is not an object`, "2"},
		{`{"my_key": [{"EXISTS": true}]}`, `Unrecognized match type EXISTS`, "28"},
		{`{"detail": {"equal": [{"NUMERIC": ["=", 5]}]}}`, `Unrecognized match type NUMERIC`, "36"},
		{`{"detail": {"c-count": [{"numeric": [">", 0, ">", 0]}]}}`, `Bad numeric range operator: >`, "49"},
		{`{"detail": {"c-count": [{"numeric": [">", 0, "<"]}]}}`, `Value of < must be numeric`, "50"},
		{`{"time": [{"prefix": 123}]}`, `prefix match pattern must be a string`, "25"},
		{`{"time": [{"prefix": ["2022-07-13"]}]}`, `prefix match pattern must be a string`, "23"},
		{`{"FileName": [{"suffix": [".png"]}]}`, `suffix match pattern must be a string`, "27"},
		{`{"EventBusArn": [{"wildcard": 123}]}`, `wildcard match pattern must be a string`, "34"},
		{`{"EventBusArn": [{"wildcard": "arn:aws:events:us-east-1:**:event-bus/*"}]}`, `Consecutive wildcard characters at pos 26`, "72"},
		{`{"detail-type": [{"equals-ignore-case": {"prefix": "ec2"}}]}`, `equals-ignore-case match pattern must be a string`, "42"},
		{`{"detail": {"sourceIPAddress": [{"cidr": ["bad-type"]}]}}`, `prefix match pattern must be a string`, "43"},
		{`{"detail": {"state": [{"anything-but": {"equals-ignore-case": 123}}]}}`, `Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.`, "66"},
		{`{"detail": {"state": [{"anything-but": {"prefix": 123}}]}}`, `prefix/suffix match pattern must be a string`, "54"},
		{`{"detail": {"FileName": [{"anything-but": {"prefix": {"equals-ignore-case": "file"}}}]}}`, onlyScalars, "55"},
		{`this is valid json but not a dict`, `Unrecognized token 'this': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')`, "5"},
		{`{"not": closed mark"`, `Unrecognized token 'closed': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')`, "15"},
		{`{'bad': 'quotation'}`, `Unexpected character (''' (code 39)): was expecting double-quote to start field name`, "2"},
	} {
		checkError(t, c.pattern, at(c.reason, c.pattern, c.column))
	}
	// In a list, it tells the place twice.
	for _, c := range []struct{ pattern, reason, column string }{
		{`{"detail": {"state": [{"anything-but": {"equals-ignore-case": [123, 456]}}]}}`, `Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.`, "67"},
		{`{"detail": {"state": [{"anything-but": {"wildcard": [123, "*/dir/*"]}}]}}`, `wildcard match pattern must be a string`, "57"},
		{`{"detail": {"state": [{"anything-but": {"prefix": [123, "test"]}}]}}`, `prefix/suffix match pattern must be a string`, "55"},
	} {
		checkError(t, c.pattern, at(at(c.reason, c.pattern, c.column), c.pattern, c.column))
	}
	for pattern, reason := range map[string]string{
		`{"ip": [{"cidr": "bad-filter"}]}`:              `Malformed CIDR, one '/' required`,
		`{"ip": [{"cidr": "xx.11.xx/8"}]}`:              `Nonstandard IP address: xx.11.xx`,
		`{"ip": [{"cidr": "xxxx:db8:1234:1a00::/64"}]}`: `Nonstandard IP address: xxxx:db8:1234:1a00::`,
		`{"ip": [{"cidr": "10.0.0.0/xx"}]}`:             `Malformed CIDR, mask bits must be an integer`,
		`{"ip": [{"cidr": "10.0.0.0/32"}]}`:             `IPv4 mask bits must be < 32`,
		`{"ip": [{"cidr": "2001:db8::/128"}]}`:          `IPv6 mask bits must be < 128`,
	} {
		checkError(t, pattern, reason)
	}
}

func checkError(t *testing.T, pattern, reason string) {
	t.Helper()
	_, err := Parse(pattern)
	if want := "Event pattern is not valid. Reason: " + reason; err == nil || err.Error() != want {
		t.Errorf("%s:\ngot  %v\nwant %s", pattern, err, want)
	}
}

// Further patterns that are refused, by a part of the reason.
func TestRefused(t *testing.T) {
	big := `{"$or": [` + strings.Repeat(`{"a": [1]}, `, 31) + `{"a": [1]}], "x": {"$or": [` + strings.Repeat(`{"a": [1]}, `, 31) + `{"a": [1]}]}}`
	for pattern, reason := range map[string]string{
		``:                      "Filter is not an object",
		`{`:                     "Unexpected end-of-input: expected close marker for Object",
		`{"a": ["x"`:            "Unexpected end-of-input: expected close marker for Array",
		`{"a": ["x"}`:           "Unexpected close marker '}': expected ']'",
		`{"a": ["x`:             "Unexpected end-of-input in VALUE_STRING",
		`{"a": ["\q"]}`:         "Illegal character",
		`{"a" ["x"]}`:           "was expecting a colon",
		`{"a": ["x" "y"]}`:      "was expecting comma to separate Array entries",
		`{"a": ["x"] "b": [1]}`: "was expecting comma to separate Object entries",
		`{"a": ["x"],}`:         "was expecting double-quote to start field name",
		`{"a": ["x"]} {}`:       "was expecting the end",
		`{"a": [["x"]]}`:        "Match value must be String, number, true, false, or null",
		`{"a": [{}]}`:           "Match expression name not found",
		`{"a": [{"prefix": "x", "suffix": "y"}]}`:        "Only one key allowed in match expression",
		`{"a": [{"prefix": {"suffix": "y"}}]}`:           "Unsupported prefix pattern: suffix",
		`{"a": [{"exists": "true"}]}`:                    "exists match pattern must be either true or false.",
		`{"a": [{"exists": null}]}`:                      "exists match pattern must be either true or false.",
		`{"a": [{"numeric": 5}]}`:                        "Value of numeric must be an array.",
		`{"a": [{"numeric": [5]}]}`:                      "Invalid member in numeric match: 5",
		`{"a": [{"numeric": ["!=", 5]}]}`:                "Unrecognized numeric range operator: !=",
		`{"a": [{"numeric": ["=", "5"]}]}`:               "Value of equals must be numeric",
		`{"a": [{"numeric": ["=", 5, 6]}]}`:              "Too many elements in numeric expression",
		`{"a": [{"numeric": [">", 5, "<", 3]}]}`:         "Bottom must be less than top",
		`{"a": [{"numeric": [">", 5, "<", 7, 9]}]}`:      "Too many terms in numeric range expression",
		`{"a": [{"numeric": ["<", 5000000001]}]}`:        outOfRange,
		`{"a": [{"anything-but": null}]}`:                onlyScalars,
		`{"a": [{"anything-but": []}]}`:                  "mixed type is not supported",
		`{"a": [{"anything-but": [1, "x"]}]}`:            "mixed type is not supported",
		`{"a": [{"anything-but": [null]}]}`:              "start|null|boolean is not supported",
		`{"a": [{"anything-but": {"cidr": "x"}}]}`:       "Unsupported anything-but pattern: cidr",
		`{"a": [{"anything-but": {"prefix": ""}}]}`:      "Null prefix/suffix not allowed",
		`{"a": [{"wildcard": "a\\b"}]}`:                  "Invalid escape character at pos 2",
		`{"$or": [{"a": ["x"]}]}`:                        "There must have at least 2 Objects in $or relationship.",
		`{"$or": [{"a": ["x"]}, [{"a": ["x"]}]]}`:        "Only JSON object is allowed in array of $or relationship.",
		`{"$or": [{"a": {"numeric": [1]}}, {"b": [1]}]}`: "numeric is Ruler reserved fieldName which cannot be used inside $or.",
		`{"$or": []}`: "Empty arrays are not allowed",
		big:           "Rule is too complex",
	} {
		_, err := Parse(pattern)
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v, want %s", pattern, err, reason)
		}
	}
}

func TestPlacesInLongPatterns(t *testing.T) {
	_, err := Parse("{\n  \"é😀\": [1],\n  \"a\": 5" + strings.Repeat(" ", 600) + "}")
	if err == nil || !strings.Contains(err.Error(), `"[truncated 124 chars]; line: 3, column: 9]`) {
		t.Errorf("%v", err)
	}
}

func TestEventsThatAreNone(t *testing.T) {
	for _, event := range []string{``, `null`, `[]`, `"x"`, `{"a": 1} {}`, `{"a": `} {
		if _, err := ParseEvent([]byte(event)); err == nil {
			t.Errorf("%s is taken for an event", event)
		}
	}
}
