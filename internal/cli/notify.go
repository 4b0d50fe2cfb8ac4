package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/notify"
)

func (c *cli) notifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Show topics and subscribers of messages, and test whether messages arrive",
		Long: `Topics and subscriptions are those of SNS: alarms publish to topics, and 'weir serve'
delivers to their subscribers. Clients of AWS and Terraform make them, and so do 'weir notify
subscribe' and 'weir watch add'. A topic is named by its ARN or by its name.`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.notifyTopicsCommand(), c.notifySubscriptionsCommand(), c.notifySubscribeCommand(), c.notifyUnsubscribeCommand(), c.notifyTestCommand(),
		c.notifyDeadLettersCommand(), c.notifyRedriveCommand(), c.notifyDropCommand())
	return cmd
}

// A topicSubscription is a subscription as ListSubscriptions shows it.
type topicSubscription struct {
	ARN      string `json:"SubscriptionArn"`
	Protocol string `json:"Protocol"`
	Endpoint string `json:"Endpoint"`
	Topic    string `json:"TopicArn"`
}

// topics returns the ARNs of the topics.
func topics(ctx context.Context, s app.Service) ([]string, error) {
	var out []string
	type answer struct{ Topics []struct{ TopicArn string } }
	err := eachPage(ctx, s, "sns", "ListTopics", members{}, func(page *answer) error {
		for _, t := range page.Topics {
			out = append(out, t.TopicArn)
		}
		return nil
	})
	return out, err
}

// subscriptions returns the subscriptions of a topic, or of all for "".
func subscriptions(ctx context.Context, s app.Service, topic string) ([]topicSubscription, error) {
	operation, in := "ListSubscriptions", members{}
	if topic != "" {
		operation, in["TopicArn"] = "ListSubscriptionsByTopic", topic
	}
	var out []topicSubscription
	type answer struct{ Subscriptions []topicSubscription }
	err := eachPage(ctx, s, "sns", operation, in, func(page *answer) error {
		out = append(out, page.Subscriptions...)
		return nil
	})
	return out, err
}

// topicARN returns the ARN of a topic that is named by it, or by its name.
func topicARN(ctx context.Context, s app.Service, name string) (string, error) {
	list, err := topics(ctx, s)
	if err != nil {
		return "", err
	}
	for _, arn := range list {
		if arn == name || app.TopicName(arn) == name {
			return arn, nil
		}
	}
	return "", hint(usage(fmt.Errorf("there is no topic %s", name)), "'weir notify topics' lists those that there are", "'weir notify subscribe "+app.TopicName(name)+" PROTOCOL ENDPOINT' makes it")
}

// completeTopic completes the name of a topic.
func (c *cli) completeTopic(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	c.setData()
	s, err := c.watched(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer s.Close()
	list, _ := topics(cmd.Context(), s) // completion says nothing of errors
	out := make([]string, len(list))
	for i, arn := range list {
		out[i] = cobra.CompletionWithDesc(app.TopicName(arn), arn)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

func (c *cli) notifyTopicsCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "topics",
		Short:   "List the topics",
		Long:    "Lists the topics with the numbers of their subscriptions, and of those that were not confirmed.",
		Example: "  weir notify topics --json",
		Args:    rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := c.watched(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			list, err := topics(cmd.Context(), s)
			if err != nil {
				return err
			}
			all, err := subscriptions(cmd.Context(), s, "")
			if err != nil {
				return err
			}
			type topic struct {
				Name          string `json:"name"`
				ARN           string `json:"arn"`
				Subscriptions int64  `json:"subscriptions"`
				Unconfirmed   int64  `json:"unconfirmed"`
			}
			out := []topic{}
			for _, arn := range list {
				t := topic{Name: app.TopicName(arn), ARN: arn}
				for _, sub := range all {
					switch {
					case sub.Topic != arn:
					case sub.ARN == app.Unconfirmed:
						t.Unconfirmed++
						t.Subscriptions++
					default:
						t.Subscriptions++
					}
				}
				out = append(out, t)
			}
			if c.json {
				return c.printJSON(out)
			}
			if len(out) == 0 {
				c.note("there are no topics; 'weir notify subscribe TOPIC PROTOCOL ENDPOINT' makes one")
				return nil
			}
			var rows [][]string
			for _, t := range out {
				rows = append(rows, []string{t.Name, number(t.Subscriptions), number(t.Unconfirmed), t.ARN})
			}
			return printTable(c.out, []tableColumn{{head: "NAME"}, {head: "SUBSCRIPTIONS", right: true}, {head: "UNCONFIRMED", right: true}, {head: "ARN"}}, rows)
		},
	}
}

func (c *cli) notifySubscriptionsCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "subscriptions [TOPIC]",
		Short:             "List the subscriptions of a topic, or all",
		Long:              "Lists the subscriptions of a topic, or of all topics. Those that were not confirmed get nothing yet.",
		Example:           "  weir notify subscriptions woken",
		Args:              needArgs(0, 1, ""),
		ValidArgsFunction: c.completeTopic,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			s, err := c.watched(ctx)
			if err != nil {
				return err
			}
			defer s.Close()
			topic := ""
			if len(args) > 0 {
				if topic, err = topicARN(ctx, s, args[0]); err != nil {
					return err
				}
			}
			list, err := subscriptions(ctx, s, topic)
			if err != nil {
				return err
			}
			type subscription struct {
				Topic     string `json:"topic"`
				Protocol  string `json:"protocol"`
				Endpoint  string `json:"endpoint"`
				Confirmed bool   `json:"confirmed"`
				ARN       string `json:"arn,omitempty"`
			}
			out := []subscription{}
			for _, sub := range list {
				one := subscription{app.TopicName(sub.Topic), sub.Protocol, sub.Endpoint, sub.ARN != app.Unconfirmed, sub.ARN}
				if !one.Confirmed {
					one.ARN = ""
				}
				out = append(out, one)
			}
			if c.json {
				return c.printJSON(out)
			}
			if len(out) == 0 {
				c.note("there are no subscriptions")
				return nil
			}
			var rows [][]string
			for _, sub := range out {
				arn := sub.ARN
				if !sub.Confirmed {
					arn = "not confirmed"
				}
				rows = append(rows, []string{sub.Topic, sub.Protocol, sub.Endpoint, arn})
			}
			return printTable(c.out, []tableColumn{{head: "TOPIC"}, {head: "PROTOCOL"}, {head: "ENDPOINT"}, {head: "SUBSCRIPTION"}}, rows)
		},
	}
}

func (c *cli) notifySubscribeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "subscribe TOPIC PROTOCOL ENDPOINT",
		Short: "Subscribe an endpoint to a topic",
		Long: `Subscribes an endpoint to a topic, which is made where there is none of the name. Protocols are
` + strings.Join(notify.Protocols(), ", ") + `. Endpoints of http, https and e-mail get a message
by which they confirm; until then they get nothing. A command is one that 'weir serve
--notify-command NAME=PROGRAM' was given, by its name.`,
		Example: `  weir notify subscribe woken email ops@example.com
  weir notify subscribe woken slack https://hooks.slack.com/services/T000/B000/XXXX
  weir notify subscribe woken command page`,
		Args: needArgs(3, 3, "the topic, the protocol or the endpoint"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return notify.Protocols(), cobra.ShellCompDirectiveNoFileComp
			}
			return c.completeTopic(cmd, args, text)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			s, err := c.server(ctx, "it is the server that knows what it may send to")
			if err != nil {
				return err
			}
			defer s.Close()
			topic, err := subscribedTopic(ctx, s, args[0])
			if err != nil {
				return err
			}
			sub, err := callAPI[struct{ SubscriptionArn string }](ctx, s, "sns", "Subscribe",
				members{"TopicArn": topic, "Protocol": args[1], "Endpoint": args[2], "ReturnSubscriptionArn": "true"})
			if err != nil {
				return err
			}
			list, err := subscriptions(ctx, s, topic)
			if err != nil {
				return err
			}
			confirmed := slices.ContainsFunc(list, func(t topicSubscription) bool { return t.ARN == sub.SubscriptionArn })
			if !confirmed {
				c.note("%s gets a message by which it confirms the subscription", args[2])
			}
			if c.json {
				return c.printJSON(members{"topic_arn": topic, "subscription_arn": sub.SubscriptionArn, "confirmed": confirmed})
			}
			_, err = fmt.Fprintln(people{c.out}, topic)
			return err
		},
	}
}

// subscribedTopic returns the ARN of a topic that is named by it, or by its name, by which it is made where there is none.
func subscribedTopic(ctx context.Context, s app.Service, name string) (string, error) {
	if strings.HasPrefix(name, "arn:") { // it may be of another account or region, where none can be made
		return topicARN(ctx, s, name)
	}
	topic, err := callAPI[struct{ TopicArn string }](ctx, s, "sns", "CreateTopic", members{"Name": name})
	return topic.TopicArn, err
}

func (c *cli) notifyUnsubscribeCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "unsubscribe SUBSCRIPTION_ARN",
		Short:   "End a subscription",
		Long:    "Ends a subscription. What it has not got yet is among the dead letters.",
		Example: "  weir notify unsubscribe arn:aws:sns:us-east-1:000000000000:woken:5a1f0c9e-7d57-4ec1-9c3b-a1c3f6f1f3a4",
		Args:    needArgs(1, 1, "the ARN of the subscription"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			c.setData()
			s, err := c.watched(cmd.Context())
			if err != nil || len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			defer s.Close()
			list, _ := subscriptions(cmd.Context(), s, "") // completion says nothing of errors
			var out []string
			for _, sub := range list {
				if sub.ARN != app.Unconfirmed {
					out = append(out, cobra.CompletionWithDesc(sub.ARN, sub.Protocol+" "+sub.Endpoint))
				}
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := c.watched(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			_, err = callAPI[members](cmd.Context(), s, "sns", "Unsubscribe", members{"SubscriptionArn": args[0]})
			return err
		},
	}
}
