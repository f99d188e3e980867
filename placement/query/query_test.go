package query

import (
	"errors"
	"strings"
	"testing"
	"time"

	"steady/model"
)

// instance is a t3.small in us-east-1a that runs two tasks of the service web and
// one of the family batch.
func instance() Target {
	return Target{
		Instance: &model.Instance{
			ID:               "a1",
			AvailabilityZone: "us-east-1a",
			EC2InstanceID:    "i-abcd1234",
			AgentConnected:   true,
			AgentVersion:     "1.14.5",
			RegisteredAt:     time.Date(2018, 6, 18, 22, 28, 28, 0, time.UTC),
			Attributes: []model.Attribute{
				{Name: "ecs.instance-type", Value: "t3.small"},
				{Name: "ecs.os-type", Value: "linux"},
				{Name: "stack", Value: "prod"},
				{Name: "ssd"},
				{Name: "rack", Value: "row 7 (north)"},
			},
		},
		RunningTasks: 3,
		Groups:       map[string]int{"service:web": 2, "family:batch": 1},
	}
}

func TestMatches(t *testing.T) {
	tests := []struct {
		expression string
		want       bool
	}{
		// The examples of the ECS developer guide.
		{"attribute:ecs.instance-type == t2.small", false},
		{"attribute:ecs.availability-zone in [us-east-1a, us-east-1b]", true},
		{"attribute:ecs.instance-type =~ g2.* and attribute:ecs.availability-zone != us-east-1d", false},
		{"task:group == service:production", false},
		{"not(task:group == database)", true},
		{"runningTasksCount == 1", false},
		{"agentVersion < 1.14.5", false},
		{"registeredAt < 2018-02-13", false},
		{"ec2InstanceId in ['i-abcd1234', 'i-wxyx7890']", true},

		// Every subject with every operator that it takes.
		{"agentConnected == true", true},
		{"agentConnected equals false", false},
		{"agentConnected != true", false},
		{"agentConnected in [true, false]", true},
		{"agentConnected not_in [true]", false},
		{"agentConnected =~ 't.*'", true},
		{"agentConnected !~ 't.*'", false},
		{"agentVersion == v1.14.5", true},
		{"agentVersion != 1.14.5", false},
		{"agentVersion > 1.9.10", true},
		{"agentVersion >= 1.14", true},
		{"agentVersion > 1.14.5-rc1", true},
		{"agentVersion less_than 1.15", true},
		{"agentVersion less_than_equal 1.14.5", true},
		{"attribute:stack == prod", true},
		{"attribute:stack != prod", false},
		{"attribute:stack != test", true},
		{"attribute:stack exists", true},
		{"attribute:stack !exists", false},
		{"attribute:ssd exists", true},
		{"attribute:ssd == ''", true},
		{"attribute:gpu not_exists", true},
		{"attribute:stack in [prod, test]", true},
		{"attribute:stack in prod", true},
		{"attribute:stack !in [prod, test]", false},
		{"attribute:stack matches pro.", true},
		{"attribute:stack not_matches pro.", false},
		{"ec2InstanceId == i-abcd1234", true},
		{"ec2InstanceId not_equals i-abcd1234", false},
		{"ec2InstanceId !in [i-1]", true},
		{"ec2InstanceId =~ 'i-[a-z0-9]*'", true},
		{"registeredAt == 2018-06-18T22:28:28+00:00", true},
		{"registeredAt == 2018-06-19T00:28:28+02:00", true},
		{"registeredAt == 2018-06-18T22:28:28Z", true},
		{"registeredAt == 2018-06-18T22:28:28", true},
		{"registeredAt greater_than 2018-06-18", true},
		{"registeredAt <= 2018-06-18", false},
		{"runningTasksCount greater_than_equal 3", true},
		{"runningTasksCount < 3", false},
		{"runningTasksCount!=4", true},
		{"task:group == family:batch", true},
		{"task:group in [database, service:web]", true},
		{"task:group =~ service:.*", true},
		{"task:group != service:web", false},
		{"task:group != database", true},
		{"task:group !in [database]", true},
		{"task:group !~ family:.*", false},

		// An instance without the attribute satisfies no comparison with it.
		{"attribute:gpu == a100", false},
		{"attribute:gpu != a100", false},
		{"attribute:gpu !in [a100]", false},
		{"attribute:gpu !~ a.*", false},
		{"not attribute:gpu == a100", true},

		// Patterns match whole values.
		{"attribute:ecs.instance-type =~ t3", false},
		{"attribute:ecs.instance-type =~ small", false},
		{"attribute:ecs.instance-type =~ 't3|t3.small'", true},
		{"attribute:ecs.instance-type =~ 't3|small'", false},
		{`attribute:ecs.instance-type =~ "t\d\.small"`, true},
		{`attribute:ecs.instance-type =~ '\Qt3.small'`, true},

		// Values in quotes.
		{"attribute:rack == 'row 7 (north)'", true},
		{`attribute:rack in ["row 7 (north)", other]`, true},

		// Precedence: not, then and, then or.
		{"attribute:stack == prod or attribute:stack == x and attribute:stack == y", true},
		{"(attribute:stack == prod or attribute:stack == x) and attribute:stack == y", false},
		{"not attribute:stack == prod or attribute:ssd exists", true},
		{"not (attribute:stack == prod or attribute:ssd exists)", false},
		{"!attribute:stack==test&&agentConnected==true", true},
		{"not not attribute:ssd exists", true},
		{"attribute:stack == test || runningTasksCount > 2 && !(task:group == database)", true},
		{"\n attribute:ssd\texists\r\n", true},
	}
	for _, tt := range tests {
		expr, err := Parse(tt.expression)
		if err != nil {
			t.Errorf("%q: %v", tt.expression, err)
			continue
		}
		if got := expr.Matches(instance()); got != tt.want {
			t.Errorf("%q matches: %v, want %v", tt.expression, got, tt.want)
		}
		again, err := Parse(expr.String())
		if err != nil {
			t.Errorf("%q is written as %q, which does not parse: %v", tt.expression, expr, err)
		} else if again.Matches(instance()) != tt.want {
			t.Errorf("%q is written as %q, which selects otherwise", tt.expression, expr)
		}
	}
}

func TestAnEmptyInstanceSatisfiesAntiAffinity(t *testing.T) {
	empty := Target{Instance: &model.Instance{ID: "a2", AgentVersion: "unknown"}}
	for expression, want := range map[string]bool{
		"task:group != database":                true,
		"task:group == database":                false,
		"task:group !~ .*":                      true,
		"runningTasksCount == 0":                true,
		"agentVersion != 1.0.0":                 false, // no version to compare
		"attribute:ecs.availability-zone =~ .*": false,
	} {
		expr, err := Parse(expression)
		if err != nil {
			t.Fatal(err)
		}
		if got := expr.Matches(empty); got != want {
			t.Errorf("%q matches an empty instance: %v, want %v", expression, got, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct {
		expression string
		position   int
		problem    string
	}{
		{"", 1, "empty"},
		{"   ", 4, "empty"},
		{"colour == red", 1, `found "colour"`},
		{"attribute == red", 1, `found "attribute"`},
		{"attribute: == red", 11, "name of an attribute"},
		{"attribute:x", 12, "expected an operator behind attribute"},
		{"attribute:x = y", 13, "expected an operator"},
		{"attribute:x == ", 16, `expected a value, found "the end"`},
		{"attribute:x == and", 16, `expected a value, found "and"`},
		{"attribute:x > 3", 13, "> does not work with attribute"},
		{"agentConnected exists", 16, "exists does not work with agentConnected"},
		{"agentConnected == yes", 19, "true or false"},
		{"runningTasksCount < many", 21, "whole number"},
		{"runningTasksCount in [1]", 19, "in does not work"},
		{"registeredAt > yesterday", 16, "needs a date"},
		{"agentVersion > 1.2.3.4", 16, "needs a version"},
		{"attribute:x in [a, b", 21, `expected "," or "]"`},
		{"attribute:x in []", 17, `expected a value, found "]"`},
		{"attribute:x == [a]", 16, `expected a value, found "[a]"`},
		{"attribute:x == 'a", 16, "closing ' is missing"},
		{"attribute:x =~ 'a('", 16, "does not compile"},
		{"attribute:x =~ '(?=a)b'", 16, "does not compile"},
		{"attribute:x =~ i-[a-z]", 18, `expected "and", "or" or the end, found "[a-z]"`},
		{"attribute:x =~ a|b", 17, `expected "and", "or" or the end, found "|b"`},
		{"(attribute:x exists", 20, `expected ")" for the "(" at character 1`},
		{"attribute:x exists)", 19, `found ")"`},
		{"attribute:x exists attribute:y exists", 20, `expected "and", "or" or the end`},
		{"attribute:x exists and", 23, "expected agentConnected"},
		{"attribute:é exists", 11, "name of an attribute"},
		{"attribute:x == 'é' and y == 1", 24, `found "y"`},
	}
	for _, tt := range tests {
		_, err := Parse(tt.expression)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: error %v, want an *Error", tt.expression, err)
			continue
		}
		if e.Position != tt.position || !strings.Contains(e.Problem, tt.problem) {
			t.Errorf("%q: at %d: %s\nwant at %d: …%s…", tt.expression, e.Position, e.Problem, tt.position, tt.problem)
		}
	}
}

func TestAnExpressionHasAtMost2000Characters(t *testing.T) {
	head := "attribute:x == "
	if _, err := Parse(head + strings.Repeat("y", MaxLength-len(head))); err != nil {
		t.Errorf("an expression of 2,000 characters: %v", err)
	}
	if _, err := Parse(head + strings.Repeat("y", MaxLength-len(head)+1)); err == nil {
		t.Error("an expression of 2,001 characters parsed")
	}
}

// FuzzParse: no input panics; what parses is written in a form that parses to the
// same expression, and can be evaluated.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"attribute:ecs.instance-type =~ g2.* and attribute:ecs.availability-zone != us-east-1d",
		"not(task:group == database) || !(runningTasksCount >= 3)",
		"ec2InstanceId in ['i-abcd1234', \"i-wxyx7890\", x]",
		"agentVersion < 1.14.5-rc1 && registeredAt > 2018-06-18T22:28:28+00:00",
		"attribute:a !exists or attribute:b not_matches '[^x]{2,3}'",
		"((((attribute:é == 'é'))))", "!!!", "attribute:x =~ '\\Qa'",
	} {
		f.Add(s)
	}
	target := instance()
	f.Fuzz(func(t *testing.T, text string) {
		expr, err := Parse(text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Position < 1 || e.Position > len(text)+1 {
				t.Fatalf("%q: error %#v points outside", text, err)
			}
			return
		}
		got := expr.Matches(target)
		written := expr.String()
		if len(written) > MaxLength {
			return
		}
		again, err := Parse(written)
		if err != nil {
			t.Fatalf("%q is written as %q, which does not parse: %v", text, written, err)
		}
		if again.String() != written || again.Matches(target) != got {
			t.Fatalf("%q is written as %q, which reads as %q", text, written, again)
		}
	})
}
