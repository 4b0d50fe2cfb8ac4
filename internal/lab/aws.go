package lab

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"weir/internal/accesskey"
	"weir/internal/netmodel"
)

// LogGroup is the log group of the lab's weir serve that the agent delivers to, and Bucket the one of its S3.
const (
	LogGroup = "/weir-lab/flow-logs"
	Bucket   = "weir-lab-flow-logs"
)

// The loopback addresses of the router's namespace at which the agent reaches what listens on the host's loopback: weir serve and S3. The agent's own one is agentListen.
const relayedServe, relayedS3 = "127.0.0.1:8787", "127.0.0.1:9000"

// The account and the region of a definition that does not say them; weir serve has them too.
const noAccount, noRegion = "000000000000", "us-east-1"

// roleS3 is the process of S3.
const roleS3 = "s3"

// credentialsFile has the lab's access key in the form of AWS's shared credentials, s3Folder what S3 keeps, and messagesFile what the receiver got.
const credentialsFile, s3Folder, messagesFile = "credentials", "s3", "messages.jsonl"

// envS3 is the variable that names the versitygw program where it is not in PATH.
const envS3 = "VERSITYGW"

// AWS is how AWS's clients reach a lab: the services of its weir serve, and S3.
type AWS struct {
	Bucket   string `json:"bucket,omitempty"` // "": there is no versitygw
	LogGroup string `json:"log_group"`
	Account  string `json:"account"`
	Region   string `json:"region"`
	// CredentialsFile is of root alone; KeyID and Secret are what it has, "" for others.
	CredentialsFile string `json:"credentials_file"`
	KeyID, Secret   string `json:"-"`
	// Endpoint is the URL of CloudWatch Logs, CloudWatch, SNS, Athena and EC2, S3 that of S3, "" where it is not there, and Receiver one that messages may be sent to.
	Endpoint, S3, Receiver string `json:"-"`
}

// aws returns how clients reach a lab.
func (s *state) aws(n *netmodel.Network) *AWS {
	a := &AWS{
		Endpoint: "http://" + s.Listen, LogGroup: LogGroup, Account: accountOf(n), Region: regionOf(n),
		CredentialsFile: s.path(credentialsFile), Receiver: "http://" + s.Receiver + "/",
	}
	if s.S3 != "" {
		a.S3, a.Bucket = "http://"+s.S3, Bucket
	}
	a.KeyID, a.Secret = readCredentials(a.CredentialsFile)
	return a
}

// environment has AWS's clients ask the lab with its key, and nobody else; of none it is empty.
func (a *AWS) environment() []string {
	if a == nil {
		return nil
	}
	out := []string{"AWS_SHARED_CREDENTIALS_FILE=" + a.CredentialsFile, "AWS_CONFIG_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "AWS_REGION=" + a.Region, "AWS_ENDPOINT_URL=" + a.Endpoint}
	if a.S3 != "" {
		out = append(out, "AWS_ENDPOINT_URL_S3="+a.S3)
	}
	return out
}

func accountOf(n *netmodel.Network) string {
	for _, id := range slices.Sorted(maps.Keys(n.VPCs)) {
		if a := n.VPCs[id].Account; a != "" {
			return a
		}
	}
	return noAccount
}

// regionOf returns the region of all VPCs; that which weir serve has if nothing is said, where they have none or several.
func regionOf(n *netmodel.Network) string {
	all := map[string]bool{}
	for _, v := range n.VPCs {
		all[v.Region] = true
	}
	for r := range all {
		if len(all) == 1 && r != "" {
			return r
		}
	}
	return noRegion
}

// keep makes the lab's access key, which may call everything, and keeps it for root alone.
func (s *state) keep(now time.Time) error {
	k, err := accesskey.Create(s.path(dataFolder), "lab", "of weir lab up", []string{"*"}, now)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", k.ID, k.Secret)
	return os.WriteFile(s.path(credentialsFile), []byte(text), 0o600)
}

// readCredentials reads what keep wrote; "" where it may not.
func readCredentials(name string) (id, secret string) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", ""
	}
	for line := range strings.Lines(string(data)) {
		switch key, value, _ := strings.Cut(line, "="); strings.TrimSpace(key) {
		case "aws_access_key_id":
			id = strings.TrimSpace(value)
		case "aws_secret_access_key":
			secret = strings.TrimSpace(value)
		}
	}
	return id, secret
}

// choosePorts chooses the receiver's address and S3's, on the host's loopback. S3 is there where its program is.
func (s *state) choosePorts(ctx context.Context) (err error) {
	if s.Receiver, err = freePort(ctx); err != nil {
		return err
	}
	if _, err := gateway(); err != nil {
		return nil //nolint:nilerr // a lab is built without it, and says so
	}
	s.S3, err = freePort(ctx)
	return err
}

// freePort returns an address of the loopback at which nobody listened just now.
func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// gateway returns the versitygw program, an S3 server over a folder.
func gateway() (string, error) {
	if name := os.Getenv(envS3); name != "" {
		return exec.LookPath(name)
	}
	return exec.LookPath("versitygw")
}

// startS3 starts S3 with the lab's key and its bucket; nil: there is none. Its folder is the lab's.
func (s *state) startS3(ctx context.Context, d *Definition) (*child, error) {
	if s.S3 == "" {
		return nil, nil //nolint:nilnil // no S3 is no failure
	}
	path, err := gateway()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(s.path(s3Folder), Bucket), 0o700); err != nil {
		return nil, err
	}
	id, secret := readCredentials(s.path(credentialsFile))
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, "--quiet", "--region", regionOf(d.Network), "--port", s.S3, "posix", s.path(s3Folder))
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+id, "ROOT_SECRET_KEY="+secret)
	return launch(s, roleS3, "", cmd)
}

// answers reports whether somebody listens at an address.
func answers(ctx context.Context, address string) bool {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp4", address)
	return err == nil && c.Close() == nil
}

// deliveries are the lab's flow logs in an agent's config besides the first one: to the log group of weir serve, in AWS's default format, and to S3 where it is there. The agent
// reaches both by the router's loopback.
func deliveries(d *Definition, s *state) string {
	var b strings.Builder
	closed := ""
	if s.Every > 0 {
		closed = fmt.Sprintf("    close-every: %d\n", int(s.Every.Seconds()))
	}
	// What a definition does not say would be taken for AWS's own.
	fmt.Fprintf(&b, `  fl-labgroup:
    resource: %q
    traffic: ALL
    interval: 60
    region: %s
%s    destination: {log-group: %s, endpoint: "http://%s"}
`, d.VPC, regionOf(d.Network), closed, LogGroup, relayedServe)
	if s.S3 != "" {
		fmt.Fprintf(&b, `  fl-labbucket:
    resource: %q
    traffic: ALL
    interval: 60
    region: %s
%s    destination: {s3: "s3://%s", endpoint: "http://%s", path-style: true}
`, d.VPC, regionOf(d.Network), closed, Bucket, relayedS3)
	}
	return b.String()
}

// cleared returns an environment without what AWS's clients read of it.
func cleared(all []string) (out []string) {
	for _, v := range all {
		if !strings.HasPrefix(v, "AWS_") {
			out = append(out, v)
		}
	}
	return out
}

// lackingS3 returns that S3 does not run where it was started.
func (s *state) lackingS3(all []Process) []string {
	if s.S3 == "" || slices.ContainsFunc(all, func(p Process) bool { return p.Role == roleS3 }) {
		return nil
	}
	return []string{"process " + roleS3}
}

// fill makes what weir serve begins with: the network's definition, the lab's key, and the log group.
func (s *state) fill(ctx context.Context, now time.Time) error {
	for _, args := range [][]string{{"network", "import", s.path(networkFile)}, {"logs", "create", LogGroup}} {
		if out, err := s.program.command(ctx, append(args, "--data", s.path(dataFolder), "-q")...).CombinedOutput(); err != nil {
			return fmt.Errorf("weir %s %s: %w: %s", args[0], args[1], err, out)
		}
	}
	return s.keep(now)
}

// startAgent starts the agent, with the lab's key and no other.
func (s *state) startAgent() (*child, error) {
	cmd := s.program.command(context.Background(), "lab", "agent", "--dir", s.Dir)
	cmd.Env = append(cleared(cmd.Environ()), "AWS_SHARED_CREDENTIALS_FILE="+s.path(credentialsFile), "AWS_CONFIG_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true")
	return launch(s, "agent", Prefix+router, cmd)
}

// startServe starts weir serve.
func (s *state) startServe(d *Definition) (*child, error) {
	cmd := s.program.command(context.Background(), append([]string{
		"serve", "--data", s.path(dataFolder), "--listen", s.Listen, "--account", accountOf(d.Network), "--notify-allow", "127.0.0.1",
		"--follow",
	}, d.recordsFolders(s)...)...)
	if r := regionOf(d.Network); r != noRegion { // objects of other ones would be passed over
		cmd.Args = append(cmd.Args, "--region", r)
	}
	cmd.Env = append(cleared(cmd.Environ()), s.aws(d.Network).environment()...)
	return launch(s, "serve", "", cmd)
}
