package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// The most that is sent of a text, in bytes: Slack cuts texts of more than 40,000 characters, Teams refuses cards of more than 28 KB.
const (
	maxSlack = 36_000
	maxTeams = 16_000
)

// cut bounds a text, and says that it did.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + fmt.Sprintf("\n... (%d bytes in all)", len(text))
}

// title is what a message is headed with: its subject, else the name of its topic.
func (d *delivery) title() string {
	if d.Subject != "" {
		return d.Subject
	}
	if d.displayName != "" {
		return d.displayName
	}
	return d.TopicARN[strings.LastIndexByte(d.TopicARN, ':')+1:]
}

// sendSlack posts to an incoming webhook of Slack: the text stands as it is, in letters of one width.
//
// Source: Slack, "Sending messages using incoming webhooks" and "Formatting text for app surfaces": &, < and > are escaped.
func (s *Store) sendSlack(ctx context.Context, d *delivery) *failure {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	// Three backquotes would end the block.
	text := strings.ReplaceAll(escape.Replace(cut(d.text("slack"), maxSlack)), "```", "'''")
	return s.postJSON(ctx, d.endpoint, map[string]string{"text": "*" + strings.ReplaceAll(escape.Replace(d.title()), "*", "∗") + "*\n```\n" + text + "\n```"})
}

// sendTeams posts an adaptive card to a webhook of a Teams workflow. Runs of text are not read as Markdown.
//
// Source: Microsoft, "Create incoming webhooks with Workflows for Microsoft Teams"; Adaptive Cards, RichTextBlock.
func (s *Store) sendTeams(ctx context.Context, d *delivery) *failure {
	type object = map[string]any
	run := func(text string, more object) object {
		o := object{"type": "TextRun", "text": text}
		maps.Copy(o, more)
		return o
	}
	body := []object{{"type": "RichTextBlock", "inlines": []object{run(d.title(), object{"weight": "Bolder", "size": "Medium"})}}}
	for line := range strings.Lines(cut(d.text("teams"), maxTeams)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			line = " " // an empty run is refused
		}
		body = append(body, object{"type": "RichTextBlock", "spacing": "None", "inlines": []object{run(line, object{"fontType": "Monospace"})}})
	}
	return s.postJSON(ctx, d.endpoint, object{"type": "message", "attachments": []object{{
		"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil,
		"content": object{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body, "msteams": object{"width": "Full"}},
	}}})
}

func (s *Store) postJSON(ctx context.Context, url string, v any) *failure {
	body, err := json.Marshal(v)
	if err != nil {
		return &failure{reason: err.Error(), permanent: true}
	}
	return s.post(ctx, url, http.Header{"Content-Type": {"application/json"}, "User-Agent": {"weir"}}, body, true)
}
