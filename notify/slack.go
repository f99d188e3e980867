package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// slackHook posts to an incoming webhook of Slack, or of what understands the same
// (Mattermost, Rocket.Chat, Discord with /slack). It cannot change what it posted.
type slackHook struct{ url string }

func (slackHook) name() string { return "slack" }

func (s slackHook) send(ctx context.Context, m Message) error {
	if !m.Final {
		return nil
	}
	_, err := postJSON(ctx, s.url, "", slackMessage(m))
	return err
}

// slackBot posts with a bot's token, and updates the message that it posted.
type slackBot struct {
	api     string // base URL of Slack's Web API
	token   string
	channel string

	mu   sync.Mutex
	sent map[string]posted // by key
}

// posted names a message in Slack.
type posted struct{ Channel, TS string }

func (*slackBot) name() string { return "slack" }

func (s *slackBot) send(ctx context.Context, m Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, method := slackMessage(m), "chat.postMessage"
	body["channel"] = s.channel
	if before, is := s.sent[m.Key]; is {
		method = "chat.update"
		body["channel"], body["ts"] = before.Channel, before.TS
	}
	answer, err := postJSON(ctx, s.api+"/"+method, s.token, body)
	if err != nil {
		return err
	}
	var said struct {
		OK      bool
		Error   string
		Channel string
		TS      string
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		return fmt.Errorf("read its answer: %w", err)
	}
	if !said.OK {
		return fmt.Errorf("it answered %q", said.Error)
	}
	s.sent[m.Key] = posted{said.Channel, said.TS}
	if m.Final {
		delete(s.sent, m.Key)
	}
	return nil
}

// slackMessage is a message in Slack's blocks, with its title as plain text for
// notifications.
func slackMessage(m Message) map[string]any {
	mark := map[Tone]string{Good: ":white_check_mark: ", Bad: ":x: ", Neutral: ":hourglass_flowing_sand: "}[m.Tone]
	blocks := []any{section("*" + mark + escape(m.Title) + "*")}
	if len(m.Facts) > 0 {
		var lines []string
		for _, f := range m.Facts {
			lines = append(lines, "*"+escape(f.Name)+"* "+escape(f.Value))
		}
		blocks = append(blocks, section(strings.Join(lines, "   ")))
	}
	if m.Text != "" {
		blocks = append(blocks, section("```"+escape(strings.ReplaceAll(cut(m.Text, slackText), "```", "'''"))+"```"))
	}
	return map[string]any{"text": escape(m.Title), "blocks": blocks}
}

// slackText bounds a block: "maximum length for the text in this field is 3000
// characters".
const slackText = 2500

func section(text string) any {
	return map[string]any{"type": "section", "text": map[string]any{"type": "mrkdwn", "text": text}}
}

// escape replaces "the three characters &, < and >", with which Slack marks links and
// mentions.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// maxAnswer is how much of an answer is read.
const maxAnswer = 64 << 10

// postJSON posts to a URL and returns the answer, which must be a success.
func postJSON(ctx context.Context, url, token string, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("its URL cannot be called")
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return do(r)
}
