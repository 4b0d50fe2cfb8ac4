package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/notify"
)

// notifyFlags say how messages of alarms are sent.
type notifyFlags struct {
	options  notify.Options
	smtp     notify.SMTP
	commands []string
	aws      bool
}

// add adds the flags.
func (n *notifyFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&n.options.URL, "notify-url", "", "`URL` at which receivers of messages reach this server, for links and its certificate (default: the console's; where it listens on all addresses, that of the first --host)")
	f.StringArrayVar(&n.options.Allow, "notify-allow", nil, "`HOST`, address or CIDR that messages may be sent to although it is private, link-local or this machine; may be given several times")
	f.StringVar(&n.options.CAFile, "notify-ca", "", "PEM `FILE` of certificates that receivers may have, beside the system's")
	f.StringArrayVar(&n.commands, "notify-command", nil, "`NAME=PROGRAM` that a subscription of the protocol command may run; may be given several times")
	f.BoolVar(&n.aws, "notify-aws", false, "publish to topics of AWS, for subscriptions of the protocol sns, with the credentials that AWS's tools find")
	f.StringVar(&n.smtp.Address, "smtp", "", "`HOST:PORT` of the SMTP server for e-mail")
	f.StringVar(&n.smtp.From, "smtp-from", "", "`ADDRESS` of the sender of e-mail")
	f.StringVar(&n.smtp.TLS, "smtp-tls", "starttls", "`HOW` to encrypt to the SMTP server: starttls, tls, none")
	f.StringVar(&n.smtp.User, "smtp-user", "", "`USER` at the SMTP server")
	f.StringVar(&n.smtp.PasswordFile, "smtp-password-file", "", "`FILE` with the password of --smtp-user")
	complete(cmd, "smtp-tls", "starttls", "tls", "none")
	completeNothing(cmd, "notify-url", "notify-allow", "notify-command", "smtp", "smtp-from", "smtp-user")
}

// read returns the options.
func (n *notifyFlags) read(ctx context.Context, cmd *cobra.Command) (notify.Options, error) {
	out := n.options
	if n.smtp.Address != "" {
		out.SMTP = &n.smtp
	} else {
		for _, name := range []string{"smtp-from", "smtp-tls", "smtp-user", "smtp-password-file"} {
			if cmd.Flags().Changed(name) {
				return out, usage(fmt.Errorf("--%s is for --smtp", name))
			}
		}
	}
	out.Commands = map[string]string{}
	for _, c := range n.commands {
		name, program, ok := strings.Cut(c, "=")
		if !ok || name == "" || program == "" {
			return out, usage(fmt.Errorf("--notify-command: %q is not NAME=PROGRAM", c))
		}
		if out.Commands[name] != "" {
			return out, usage(fmt.Errorf("--notify-command: there are two programs of the name %s", name))
		}
		out.Commands[name] = program
	}
	if n.aws {
		var err error
		if out.SNS, err = app.AWSTopics(ctx); err != nil {
			return out, err
		}
	}
	return out, nil
}
