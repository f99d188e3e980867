package notify

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// Publisher is what is needed of Amazon SNS; *sns.Client has it.
type Publisher interface {
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// topic publishes final messages to a topic of Amazon SNS.
type topic struct {
	api Publisher
	arn string
}

func (topic) name() string { return "sns" }

// subjectLimit: "Must be less than 100 characters".
const subjectLimit = 98

func (t topic) send(ctx context.Context, m Message) error {
	if !m.Final {
		return nil
	}
	var text strings.Builder
	text.WriteString(m.Title + "\n")
	for _, f := range m.Facts {
		text.WriteString(f.Name + ": " + f.Value + "\n")
	}
	if m.Text != "" {
		text.WriteString("\n" + m.Text + "\n")
	}
	in := &sns.PublishInput{TopicArn: &t.arn, Subject: aws.String(ascii(cut(m.Title, subjectLimit))), Message: aws.String(text.String())}
	if strings.HasSuffix(t.arn, ".fifo") {
		in.MessageGroupId, in.MessageDeduplicationId = aws.String("steady"), aws.String(m.Key)
	}
	_, err := t.api.Publish(ctx, in)
	return err
}

// ascii keeps of a subject what SNS takes: "ASCII text that begins with a letter, number
// or punctuation mark", and no line breaks.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, s)
}
