package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/internal/app"
	"weir/internal/source/sourcetest"
)

// TestClientBlocks runs the programs of the page on AWS's clients, in their order, against a server.
func TestClientBlocks(t *testing.T) {
	page, err := os.ReadFile("../../docs/howto/use-aws-clients.md")
	if err != nil {
		t.Fatal(err)
	}
	s := serveAWS(t, app.ServeOptions{})
	s.done(t, "CreateLogGroup", object{"logGroupName": "/app/before"}) // where there is no AWS CLI
	blocks := 0
	dir := t.TempDir()
	for _, block := range strings.Split(string(page), "\n```")[1:] {
		kind, text, _ := strings.Cut(block, "\n")
		if !strings.Contains(text, "http://127.0.0.1:8787") || strings.Contains(text, "weir serve ") || kind == "hcl" {
			continue // a server of its own would stay; TestTerraformServe has a provider of its own
		}
		blocks++
		text = strings.ReplaceAll(text, "http://127.0.0.1:8787", strings.TrimSuffix(s.url, "/"))
		file := filepath.Join(dir, strings.Fields(kind)[0])
		var program []string
		want := "following arn:aws:logs:us-east-1:000000000000:log-group:/app"
		switch kind {
		case "ini file=config":
			file = filepath.Join(dir, "config")
			program = []string{"-c", `import boto3; print(boto3.client("logs").describe_log_groups()["logGroups"])`}
			want = "/app/before"
		case "sh no-test":
			program, want = []string{"sh", "-eu", file}, `"message": "hello"`
		case "python":
			program = []string{file}
		case "go":
			file += ".go"
			program = []string{"go", "run", file}
		default:
			t.Fatalf("a block of %s names a server", kind)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Run(strings.Fields(kind)[0], func(t *testing.T) {
			env := slices.DeleteFunc(awsCLI{}.environment(s), func(v string) bool {
				return strings.HasPrefix(v, "AWS_DEFAULT_REGION=") || strings.HasPrefix(v, "AWS_REGION=")
			})
			switch kind {
			case "sh no-test":
				path, _ := sourcetest.AWSCLI(t, "1")
				env = append(env, "PATH="+filepath.Dir(path)+":"+os.Getenv("PATH"))
			case "ini file=config":
				env = append(env, "AWS_CONFIG_FILE="+file, "AWS_PROFILE=weir")
				program = append([]string{sourcetest.Python(t, "boto3")}, program...)
			case "python":
				program = append([]string{sourcetest.Python(t, "boto3")}, program...)
			}
			cmd := exec.CommandContext(t.Context(), program[0], program[1:]...)
			cmd.Env = env
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	if blocks != 4 {
		t.Errorf("%d blocks name a server", blocks)
	}
}
