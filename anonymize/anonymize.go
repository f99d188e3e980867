// Package anonymize takes out of texts what tells whose they are: account ids, the
// names in ARNs, addresses, host names, ids of resources, and the names that it is
// told of. The same thing becomes the same word everywhere, so that a text stays
// readable.
// It never promises that nothing is left: what a program wrote into its log can be
// anything.
package anonymize

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Names replaces, and remembers what it replaced. The zero value is ready to use; it
// must not be used from several goroutines.
type Names struct {
	words map[string]string // by what is replaced
	made  map[string]bool   // what stands for something, and is never replaced itself
	count map[string]int    // by kind
	known []string          // told by Know, the longest first
}

// Know tells of names, such as those of a service or a container, that are to be
// replaced wherever they stand as words of their own. Names of one or two letters
// and words that ECS itself uses are passed over: replacing them would say nothing
// and garble everything.
func (n *Names) Know(kind string, names ...string) {
	for _, name := range names {
		if len(name) < 3 || slices.Contains(ordinary, strings.ToLower(name)) || slices.Contains(n.known, name) {
			continue
		}
		n.known = append(n.known, name)
		n.word(kind, name)
	}
	slices.SortStableFunc(n.known, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
}

// ordinary are names that tell nothing, or are words of sentences.
var ordinary = []string{"default", "latest", "service", "task", "container", "cluster", "deployment", "app", "image", "the", "fargate", "event", "log", "port", "health", "check"}

// Text gives a text without what tells whose it is.
func (n *Names) Text(s string) string {
	for _, r := range rules {
		s = r.find.ReplaceAllStringFunc(s, func(found string) string { return r.replace(n, found) })
	}
	for _, name := range n.known {
		s = replaceWord(s, name, n.words[name])
	}
	return s
}

// word is what stands for a name from now on: its kind and a number.
func (n *Names) word(kind, name string) string {
	if w, ok := n.words[name]; ok {
		return w
	}
	if n.made[name] {
		return name
	}
	if n.words == nil {
		n.words, n.made, n.count = map[string]string{}, map[string]bool{}, map[string]int{}
	}
	n.count[kind]++
	w := fmt.Sprintf("%s-%d", kind, n.count[kind])
	if kind == "account" {
		w = fmt.Sprintf("%012d", n.count[kind])
	}
	n.words[name], n.made[w] = w, true
	return w
}

// rules are tried one after the other; what one has put in, no other changes.
var rules = []struct {
	find    *regexp.Regexp
	replace func(n *Names, found string) string
}{
	{regexp.MustCompile(`arn:aws[\w-]*:[\w-]*:[\w-]*:\d*:[^\s"'’<>(),;\]]+`), (*Names).arn},
	{regexp.MustCompile(`\b[\w.+-]+@[\w-]+\.[\w.-]*\w`), func(n *Names, s string) string { return n.word("mail", s) }},
	{regexp.MustCompile(`\b(?:i|subnet|vpc|sg|eni|vol|fs|fsap|lt|igw|nat|rtb|eipalloc|ami)-[0-9a-f]{6,}\b`), func(n *Names, s string) string {
		return n.word(s[:strings.Index(s, "-")], s)
	}},
	{regexp.MustCompile(`\b[0-9a-f]{32}\b|\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b`), func(n *Names, s string) string { return n.word("id", s) }},
	{regexp.MustCompile(`\b(?:[\w-]+\.)+[A-Za-z][\w-]+(?:/[\w./@-]+(?::[\w.-]+)?)?`), (*Names).host},
	{regexp.MustCompile(`\b\d{12}\b`), func(n *Names, s string) string { return n.word("account", s) }},
	{regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`), (*Names).address},
	{regexp.MustCompile(`(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}`), (*Names).address},
	{regexp.MustCompile(`\becs-svc/\w+`), func(n *Names, s string) string { return "ecs-svc/" + n.word("deployment", s) }},
}

// arn keeps what kind of thing it names, and in which region.
func (n *Names) arn(s string) string {
	rest := strings.TrimRight(s, ".:")
	tail := s[len(rest):]
	parts := strings.SplitN(rest, ":", 6)
	if len(parts) < 6 {
		return s
	}
	if parts[4] != "" {
		parts[4] = n.word("account", parts[4])
	}
	names := strings.FieldsFunc(parts[5], func(r rune) bool { return r == '/' || r == ':' })
	for i, name := range names {
		if i == 0 && len(names) > 1 || name == "*" || isNumber(name) {
			continue // the kind of thing, a wildcard, a revision
		}
		kind := cmp.Or(names[0], "name")
		if len(names) == 1 {
			kind = "name"
		}
		parts[5] = replaceWord(parts[5], name, n.word(kind, name))
		if len(name) > 4 && !n.made[name] && !slices.Contains(n.known, name) {
			n.known = append(n.known, name) // as it may stand alone elsewhere
		}
	}
	slices.SortStableFunc(n.known, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return strings.Join(parts, ":") + tail
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }

// host keeps public names of AWS and of documentation, but not what an account or a
// bucket has before them; and files, which only look like hosts.
func (n *Names) host(s string) string {
	name, path, isImage := strings.Cut(s, "/")
	switch {
	case isFile.MatchString(s) || n.made[strings.TrimSuffix(name, ".example")]:
		return s
	case name == "docs.aws.amazon.com" || name == "docs.docker.com" || name == "amazonaws.com":
		return s
	case strings.HasSuffix(name, ".amazonaws.com"):
		first, rest, _ := strings.Cut(name, ".")
		switch {
		case len(first) == 12 && isNumber(first):
			name = n.word("account", first) + "." + rest
		case !slices.Contains(endpoints, first):
			name = n.word("bucket", first) + "." + rest
		}
	case slices.Contains(registries, name):
	default:
		name = n.word("host", name) + ".example"
	}
	if !isImage {
		return name
	}
	if strings.HasPrefix(path, "v2") {
		return name + "/v2/…"
	}
	image, tag, tagged := strings.Cut(path, ":")
	path = n.word("image", image)
	if tagged {
		path += ":" + tag
	}
	return name + "/" + path
}

var (
	// isFile are dotted words that are no hosts: methods, classes, versions, files.
	isFile = regexp.MustCompile(`(?i)^(?:java|javax|org|com\.\w+\.\w+\.\w+\.\w+)\.[\w.]+$|\.(?:go|js|ts|py|rb|java|sh|json|yaml|yml|conf|log|txt|so|jar|env|xml|html|php|service|md|lang|exe)$|^[\w-]+\.\d`)
	// registries and endpoints are public.
	registries = []string{"docker.io", "index.docker.io", "registry-1.docker.io", "public.ecr.aws", "ghcr.io", "quay.io", "gcr.io"}
	endpoints  = []string{"ecs", "api", "logs", "sts", "ssm", "s3", "secretsmanager", "ecr", "kms", "elasticloadbalancing", "dkr", "monitoring", "events", "ec2", "iam"}
)

// address keeps loopback, unspecified and link-local addresses, which tell nothing of
// anybody.
func (n *Names) address(s string) string {
	ip, err := netip.ParseAddr(s)
	if err != nil || ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast() {
		return s
	}
	return n.word("ip", s)
}

// replaceWord replaces a name where it stands as a word of its own.
func replaceWord(s, name, by string) string {
	if name == "" || name == by {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(s, name)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		end := i + len(name)
		if i > 0 && isWord(s[i-1]) || end < len(s) && isWord(s[end]) {
			b.WriteString(s[:end])
		} else {
			b.WriteString(s[:i])
			b.WriteString(by)
		}
		s = s[end:]
	}
}

// isWord tells whether a byte goes on with a name. A dash does not: a name may be a
// part of another that was made from it.
func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
