package notify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// Config says where messages go. In a file, ${NAME} stands for a variable of the
// environment, so that no secret need stand there.
type Config struct {
	Slack    []Slack   `yaml:"slack"`
	Webhooks []Webhook `yaml:"webhooks"`
	SNS      []string  `yaml:"sns"` // ARNs of topics
}

// Slack is an incoming webhook, or a bot's token and a channel.
type Slack struct {
	Webhook string `yaml:"webhook"`
	Token   string `yaml:"token"`
	Channel string `yaml:"channel"`
	// API is the base URL of the Web API, for what understands the same; empty: Slack's.
	API string `yaml:"api"`
}

// Webhook is an HTTP endpoint. With a secret, messages are signed.
type Webhook struct {
	URL    string `yaml:"url"`
	Secret string `yaml:"secret"`
}

// ReadConfig reads the member "notify" of a YAML file.
func ReadConfig(file string) (Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("read the notifications' configuration: %w", err)
	}
	c, err := parse(text, os.LookupEnv)
	if err != nil {
		return Config{}, fmt.Errorf("read the notifications' configuration %s: %w", file, err)
	}
	return c, nil
}

func parse(text []byte, lookup func(string) (string, bool)) (Config, error) {
	var file struct {
		Notify Config `yaml:"notify"`
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, err
	}
	c := file.Notify
	var failed error
	for _, value := range c.values() {
		var err error
		if *value, err = expand(*value, lookup); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return c, errors.Join(failed, c.check())
}

// values are all texts of a configuration.
func (c *Config) values() (all []*string) {
	for i := range c.Slack {
		s := &c.Slack[i]
		all = append(all, &s.Webhook, &s.Token, &s.Channel, &s.API)
	}
	for i := range c.Webhooks {
		all = append(all, &c.Webhooks[i].URL, &c.Webhooks[i].Secret)
	}
	for i := range c.SNS {
		all = append(all, &c.SNS[i])
	}
	return all
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand puts in the variables. One that is not set is an error: an empty secret would
// sign nothing.
func expand(text string, lookup func(string) (string, bool)) (string, error) {
	var missing error
	out := variable.ReplaceAllStringFunc(text, func(reference string) string {
		name := variable.FindStringSubmatch(reference)[1]
		value, is := lookup(name)
		if !is {
			missing = fmt.Errorf("the environment has no variable %s", name)
		}
		return value
	})
	return out, missing
}

// check says what is wrong, without any value that may be secret.
func (c *Config) check() error {
	for i, s := range c.Slack {
		switch {
		case (s.Webhook == "") == (s.Token == ""):
			return fmt.Errorf("slack entry %d: give a webhook, or a token and a channel", i+1)
		case s.Token != "" && s.Channel == "":
			return fmt.Errorf("slack entry %d: a token needs a channel", i+1)
		case s.Webhook != "" && !callable(s.Webhook), s.API != "" && !callable(s.API):
			return fmt.Errorf("slack entry %d: its URL cannot be read: give one that begins with https://", i+1)
		}
	}
	for i, w := range c.Webhooks {
		if !callable(w.URL) {
			return fmt.Errorf("webhooks entry %d: its URL cannot be read: give one that begins with https://", i+1)
		}
	}
	return nil
}

func callable(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// New makes a notifier; nil where nothing is configured. The publisher is needed for
// topics only.
func New(c Config, publisher Publisher) *Notifier {
	n := new(Notifier)
	for _, s := range c.Slack {
		if s.Webhook != "" {
			n.channels = append(n.channels, slackHook{s.Webhook})
			continue
		}
		api := s.API
		if api == "" {
			api = "https://slack.com/api"
		}
		n.channels = append(n.channels, &slackBot{api: api, token: s.Token, channel: s.Channel, sent: map[string]posted{}})
	}
	for _, w := range c.Webhooks {
		n.channels = append(n.channels, hook{w.URL, []byte(w.Secret)})
	}
	for _, arn := range c.SNS {
		n.channels = append(n.channels, topic{publisher, arn})
	}
	if len(n.channels) == 0 {
		return nil
	}
	return n
}
