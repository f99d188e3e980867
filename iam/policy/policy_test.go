package policy

import (
	"strings"
	"testing"
)

func statementOf(s string) string { return `{"Version":"2012-10-17","Statement":` + s + `}` }

func TestDecide(t *testing.T) {
	const secret = "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf"
	get := Request{Action: "secretsmanager:GetSecretValue", Resource: secret, Context: map[string][]string{
		"aws:sourceip": {"10.1.2.3"}, "aws:principaltag/team": {"db"}, "aws:tagkeys": {"a", "b"}, "n": nil,
		"aws:currenttime": {"2026-11-21T12:00:00Z"}, "aws:multifactorauthage": {"120"},
		"aws:principalarn": {"arn:aws:iam::000000000000:role/web"},
	}}
	allow := func(rest string) string {
		return statementOf(`{"Effect":"Allow","Action":"secretsmanager:*","Resource":"*"` + rest + `}`)
	}
	when := func(condition string) string { return allow(`,"Condition":{` + condition + `}`) }
	for _, c := range []struct {
		name   string
		policy string
		want   Decision
	}{
		{"nothing is said", statementOf(`[{"Effect":"Allow","Action":"ssm:*","Resource":"*"}]`), ImplicitDeny},
		{"an action", statementOf(`{"Effect":"Allow","Action":"secretsmanager:getsecretvalue","Resource":"*"}`), Allow},
		{"a wildcard in an action", statementOf(`{"Effect":"Allow","Action":["s3:*","secretsmanager:Get*"],"Resource":"*"}`), Allow},
		{"one character in an action", statementOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValu?","Resource":"*"}`), Allow},
		{"NotAction", statementOf(`{"Effect":"Allow","NotAction":"ssm:*","Resource":"*"}`), Allow},
		{"NotAction of it", statementOf(`{"Effect":"Allow","NotAction":"secretsmanager:*","Resource":"*"}`), ImplicitDeny},
		{"its resource", statementOf(`{"Effect":"Allow","Action":"*","Resource":"` + secret + `"}`), Allow},
		{"a wildcard in a resource", statementOf(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:secretsmanager:*:*:secret:db-??????"}`), Allow},
		{"another resource", statementOf(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:secretsmanager:*:*:secret:web-*"}`), ImplicitDeny},
		{"a wildcard stays in its part", statementOf(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:*:us-east-1:secret:db-AbCdEf:"}`), ImplicitDeny},
		{"NotResource", statementOf(`{"Effect":"Allow","Action":"*","NotResource":"arn:aws:secretsmanager:*:*:secret:web-*"}`), Allow},
		{"a deny among allows", statementOf(`[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"secretsmanager:*","Resource":"` + secret + `"}]`), ExplicitDeny},
		{"a deny of something else", statementOf(`[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ssm:*","Resource":"*"}]`), Allow},

		{"StringEquals", when(`"StringEquals":{"aws:PrincipalTag/team":["web","db"]}`), Allow},
		{"StringEquals of another", when(`"StringEquals":{"aws:PrincipalTag/team":"DB"}`), ImplicitDeny},
		{"StringEqualsIgnoreCase", when(`"StringEqualsIgnoreCase":{"aws:PrincipalTag/team":"DB"}`), Allow},
		{"StringEquals takes no wildcard", when(`"StringEquals":{"aws:PrincipalTag/team":"d*"}`), ImplicitDeny},
		{"StringLike", when(`"StringLike":{"aws:PrincipalTag/team":"d*"}`), Allow},
		{"StringNotLike", when(`"StringNotLike":{"aws:PrincipalTag/team":"d*"}`), ImplicitDeny},
		{"StringNotEquals", when(`"StringNotEquals":{"aws:PrincipalTag/team":["web","ops"]}`), Allow},
		{"an absent key", when(`"StringEquals":{"aws:PrincipalTag/none":"x"}`), ImplicitDeny},
		{"an absent key, negated", when(`"StringNotEquals":{"aws:PrincipalTag/none":"x"}`), Allow},
		{"an absent key, IfExists", when(`"StringEqualsIfExists":{"aws:PrincipalTag/none":"x"}`), Allow},
		{"a key with IfExists", when(`"StringEqualsIfExists":{"aws:PrincipalTag/team":"x"}`), ImplicitDeny},
		{"Null true", when(`"Null":{"aws:PrincipalTag/none":"true"}`), Allow},
		{"Null false", when(`"Null":{"aws:PrincipalTag/none":false}`), ImplicitDeny},
		{"IpAddress", when(`"IpAddress":{"aws:SourceIp":["192.168.0.0/16","10.0.0.0/8"]}`), Allow},
		{"NotIpAddress", when(`"NotIpAddress":{"aws:SourceIp":"10.1.2.3"}`), ImplicitDeny},
		{"NumericLessThan", when(`"NumericLessThan":{"aws:MultiFactorAuthAge":300}`), Allow},
		{"NumericGreaterThanEquals", when(`"NumericGreaterThanEquals":{"aws:MultiFactorAuthAge":"121"}`), ImplicitDeny},
		{"DateLessThan", when(`"DateLessThan":{"aws:CurrentTime":"2026-11-21T12:00:01Z"}`), Allow},
		{"DateGreaterThan", when(`"DateGreaterThan":{"aws:CurrentTime":"2026-11-22"}`), ImplicitDeny},
		{"ArnLike", when(`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/w*"}`), Allow},
		{"ArnNotEquals", when(`"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/web"}`), ImplicitDeny},
		{"ForAnyValue", when(`"ForAnyValue:StringEquals":{"aws:TagKeys":["b","c"]}`), Allow},
		{"ForAnyValue of an absent key", when(`"ForAnyValue:StringNotEquals":{"aws:PrincipalTag/none":"x"}`), ImplicitDeny},
		{"ForAllValues", when(`"ForAllValues:StringEquals":{"aws:TagKeys":["b","c"]}`), ImplicitDeny},
		{"ForAllValues of an absent key", when(`"ForAllValues:StringEquals":{"aws:PrincipalTag/none":"x"}`), Allow},
		{"all conditions must hold", when(`"StringLike":{"aws:PrincipalTag/team":"*"},"IpAddress":{"aws:SourceIp":"1.2.3.4"}`), ImplicitDeny},

		{"a variable", statementOf(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/team}-*"}`), Allow},
		{"a variable without value", statementOf(`{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::${aws:PrincipalTag/none}"}`), ImplicitDeny},
		{"a default", statementOf(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/none, 'db'}-*"}`), Allow},
		{"no variables before 2012", `{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/team}-*"}}`, ImplicitDeny},
	} {
		d, err := Identity(c.policy)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := Decide([]*Document{d}, get); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// A value that holds a star is no wildcard: whoever sets a tag must not widen a policy.
func TestValuesOfVariablesAreNoPatterns(t *testing.T) {
	d, err := Identity(statementOf(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:PrincipalTag/team}/*"}`))
	if err != nil {
		t.Fatal(err)
	}
	r := Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::other/x", Context: map[string][]string{"aws:principaltag/team": {"*"}}}
	if Decide([]*Document{d}, r) != ImplicitDeny {
		t.Error("a tag of * matched another bucket")
	}
}

func TestMalformed(t *testing.T) {
	for text, want := range map[string]string{
		``:   "Syntax errors in policy.",
		`[]`: "Syntax errors in policy.",
		`{"Version":"2013-01-01","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`: "Syntax errors in policy.",
		statementOf(`[]`): "Syntax errors in policy.",
		statementOf(`{"Effect":"allow","Action":"s3:*","Resource":"*"}`):                                                         "Syntax errors in policy.",
		statementOf(`{"Effect":"Allow","Action":"s3:*","Resource":"*","Extra":1}`):                                               "Syntax errors in policy.",
		statementOf(`{"Effect":"Allow","Resource":"*"}`):                                                                         "Policy statement must contain actions.",
		statementOf(`{"Effect":"Allow","Action":"s3:*","NotAction":"s3:*","Resource":"*"}`):                                      "Policy statement must contain actions.",
		statementOf(`{"Effect":"Allow","Action":"s3:*"}`):                                                                        "Policy statement must contain resources.",
		statementOf(`{"Effect":"Allow","Action":"GetObject","Resource":"*"}`):                                                    "Actions/Conditions must be prefaced by a vendor",
		statementOf(`{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}`):                                                    `Resource bucket must be in ARN format or "*".`,
		statementOf(`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}`):                                         "Policy document should not specify a principal.",
		statementOf(`{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEqual":{"aws:a":"b"}}}`):                "Invalid Condition type : StringEqual.",
		statementOf(`{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"ForSomeValues:StringEquals":{"aws:a":"b"}}}`): "Invalid Condition type : ForSomeValues:StringEquals.",
		statementOf(`{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"NullIfExists":{"aws:a":"true"}}}`):            "Invalid Condition type : NullIfExists.",
		statementOf(`{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/99"}}}`): "Syntax errors in policy.",
		statementOf(`{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"team":"b"}}}`):                "Actions/Conditions must be prefaced",
		statementOf(`{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username"}`):                                "Invalid policy variable",
	} {
		if _, err := Identity(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestTrusts(t *testing.T) {
	tasks := Principal{"Service", "ecs-tasks.amazonaws.com"}
	web := Principal{"AWS", "arn:aws:iam::000000000000:role/web"}
	for _, c := range []struct {
		policy string
		who    Principal
		want   bool
	}{
		{`{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}`, tasks, true},
		{`{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","ecs-tasks.amazonaws.com"]},"Action":"sts:*"}`, tasks, true},
		{`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`, tasks, false},
		{`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}`, tasks, false},
		{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"sts:AssumeRole"}`, web, true},
		{`{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}`, web, true},
		{`{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}`, web, false},
		{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/web"},"Action":"sts:TagSession"}`, web, false},
		{`[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::000000000000:role/web"},"Action":"sts:AssumeRole"}]`, web, false},
		{`{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"000000000000"}}}`, tasks, true},
		{`{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"111111111111"}}}`, tasks, false},
	} {
		d, err := Trust(statementOf(c.policy))
		if err != nil {
			t.Errorf("%s: %v", c.policy, err)
			continue
		}
		if got := d.Trusts(c.who, "sts:AssumeRole", map[string][]string{"aws:sourceaccount": {"000000000000"}}); got != c.want {
			t.Errorf("%s for %v: %v", c.policy, c.who, got)
		}
	}
	for _, bad := range []string{
		`{"Effect":"Allow","Action":"sts:AssumeRole"}`,
		`{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"s3:GetObject"}`,
		`{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole","Resource":"*"}`,
		`{"Effect":"Allow","Principal":{"Robot":"x"},"Action":"sts:AssumeRole"}`,
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::*:role/x"},"Action":"sts:AssumeRole"}`,
	} {
		if _, err := Trust(statementOf(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

// What can be read can be decided by, and a policy that denies everything allows nothing.
func FuzzIdentity(f *testing.F) {
	f.Add(statementOf(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username}/*"}`), "s3:GetObject", "arn:aws:s3:::b/k")
	f.Add(statementOf(`[{"Effect":"Deny","NotAction":"iam:*","NotResource":"*","Condition":{"ForAllValues:StringNotLike":{"aws:a":["x*y?z"]}}}]`), "a:b", "*")
	deny, err := Identity(statementOf(`{"Effect":"Deny","Action":"*","Resource":"*"}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, action, resource string) {
		d, err := Identity(text)
		if err != nil {
			return
		}
		r := Request{Action: action, Resource: resource, Context: map[string][]string{"aws:a": {"xy", "x"}, "aws:username": {"*"}}}
		Decide([]*Document{d}, r)
		if got := Decide([]*Document{d, deny}, r); got != ExplicitDeny {
			t.Fatalf("%s allows what is denied: %v", text, got)
		}
	})
}

// The matcher agrees with the definition of a glob.
func FuzzGlob(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 12 || len(text) > 12 {
			return
		}
		if got, want := newGlob(pattern).match(text), plainGlob([]rune(pattern), []rune(text)); got != want {
			t.Fatalf("%q matches %q: %v, want %v", pattern, text, got, want)
		}
	})
}

func plainGlob(p, t []rune) bool {
	switch {
	case len(p) == 0:
		return len(t) == 0
	case p[0] == '*':
		return plainGlob(p[1:], t) || len(t) > 0 && plainGlob(p, t[1:])
	}
	return len(t) > 0 && (p[0] == '?' || p[0] == t[0]) && plainGlob(p[1:], t[1:])
}
