package anonymize

import (
	"regexp"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	cases := []struct{ in, want string }{
		{"arn:aws:iam::123456789012:role/shop-exec may not", "arn:aws:iam::000000000001:role/role-1 may not"},
		{"account 123456789012 again, and 210987654321", "account 000000000001 again, and 000000000002"},
		{"role shop-exec again", "role role-1 again"},
		{"pull 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:7", "pull 000000000001.dkr.ecr.eu-west-1.amazonaws.com/image-1:7"},
		{"dial tcp 10.1.2.3:443: i/o timeout", "dial tcp ip-1:443: i/o timeout"},
		{"10.1.2.3 and 10.1.2.4, but 127.0.0.1 and 0.0.0.0:80", "ip-1 and ip-2, but 127.0.0.1 and 0.0.0.0:80"},
		{"2a05:d018::1 and ::1", "ip-3 and ::1"},
		{"getaddrinfo ENOTFOUND db.shop.internal", "getaddrinfo ENOTFOUND host-1.example"},
		{"https://api.ecr.us-east-1.amazonaws.com/", "https://api.ecr.us-east-1.amazonaws.com/"},
		{"secrets.s3.eu-west-1.amazonaws.com", "bucket-1.s3.eu-west-1.amazonaws.com"},
		{"(instance i-0123456789abcdef0) in subnet-0a1b2c3d", "(instance i-1) in subnet-1"},
		{"(task 0123456789abcdef0123456789abcdef)", "(task id-1)"},
		{"(deployment ecs-svc/1234567890)", "(deployment ecs-svc/deployment-1)"},
		{"(service checkout) of checkout-api", "(service service-1) of service-1-api"},
		{"checkouts are many", "checkouts are many"},
		{"mail bob@shop.example.com", "mail mail-1"},
		{"java.lang.OutOfMemoryError in server.js at main.go", "java.lang.OutOfMemoryError in server.js at main.go"},
		{"see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/x.html", "see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/x.html"},
		{"at 12:30:45 the count was 3:2:1 of 1.2.3", "at 12:30:45 the count was 3:2:1 of 1.2.3"},
		{"exec format error", "exec format error"},
	}
	n := &Names{}
	n.Know("service", "checkout", "app", "x")
	for _, c := range cases {
		if got := n.Text(c.in); got != c.want {
			t.Errorf("%q\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

// TestTwice: what was put in is not replaced again.
func TestTwice(t *testing.T) {
	n := &Names{}
	n.Know("service", "web-shop")
	const text = "arn:aws:ecs:eu-1:123456789012:service/prod-one/web-shop at 10.0.0.1, host a.b.example.org, task 0123456789abcdef0123456789abcdef"
	once := n.Text(text)
	if again := n.Text(once); again != once {
		t.Errorf("%q\nbecomes %q", once, again)
	}
	for _, secret := range []string{"123456789012", "prod-one", "web-shop", "10.0.0.1", "b.example.org", "0123456789abcdef0"} {
		if strings.Contains(once, secret) {
			t.Errorf("%s is left in %q", secret, once)
		}
	}
}

var accountID = regexp.MustCompile(`\b[1-9]\d{11}\b`)

// FuzzText: no account id, no address is left, and the same text becomes the same.
func FuzzText(f *testing.F) {
	f.Add("arn:aws:iam::123456789012:role/x", "shop")
	f.Add("10.0.0.1 db.internal 2001:db8::1", "")
	f.Fuzz(func(t *testing.T, text, name string) {
		n := &Names{}
		n.Know("name", name)
		once := n.Text(text)
		if n.Text(text) != once {
			t.Errorf("%q becomes %q, then %q", text, once, n.Text(text))
		}
		if id := accountID.FindString(once); id != "" && !strings.Contains(name, id) && accountID.MatchString(text) && !strings.Contains(text, "arn:") {
			t.Errorf("%s is left of %q in %q", id, text, once)
		}
	})
}
