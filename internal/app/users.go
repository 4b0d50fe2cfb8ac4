package app

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"weir/internal/console"
	"weir/internal/durable"
)

// userName is what a user may be called.
var userName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)

// leastPassword is the least number of characters of a password.
const leastPassword = 10

// AddUser adds a user of the console, or gives one a new password.
func AddUser(data, name, password string) error {
	if !userName.MatchString(name) {
		return &UsageError{Message: fmt.Sprintf("%q is no user name: letters, digits, and . _ @ - are allowed", name)}
	}
	if len([]rune(password)) < leastPassword {
		return &UsageError{Message: fmt.Sprintf("the password is too short: it needs %d characters", leastPassword)}
	}
	return changeUsers(data, func(lines []string) ([]string, error) {
		return append(without(lines, name), name+":"+console.HashPassword(password)), nil
	})
}

// RemoveUser removes a user of the console.
func RemoveUser(data, name string) error {
	return changeUsers(data, func(lines []string) ([]string, error) {
		left := without(lines, name)
		if len(left) == len(lines) {
			return nil, &UsageError{Message: fmt.Sprintf("no user %q", name), Hint: "'weir user list' names them"}
		}
		return left, nil
	})
}

// Users returns the names of the console's users.
func Users(data string) ([]string, error) {
	lines, err := readUsers(data)
	var names []string
	for _, l := range lines {
		if name, _, ok := strings.Cut(l, ":"); ok && !strings.HasPrefix(l, "#") {
			names = append(names, name)
		}
	}
	return names, err
}

// without returns the lines but that of a user.
func without(lines []string, name string) []string {
	var out []string
	for _, l := range lines {
		if !strings.HasPrefix(l, name+":") {
			out = append(out, l)
		}
	}
	return out
}

// readUsers returns the lines of the users file, none where there is no file.
func readUsers(data string) ([]string, error) {
	text, err := os.ReadFile(UsersFile(data))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the users: %w", err)
	}
	var lines []string
	for l := range strings.Lines(string(text)) {
		lines = append(lines, strings.TrimRight(l, "\r\n"))
	}
	return lines, nil
}

// changeUsers replaces the users file in one step.
func changeUsers(data string, change func([]string) ([]string, error)) error {
	lines, err := readUsers(data)
	if err != nil {
		return err
	}
	if lines, err = change(lines); err != nil {
		return err
	}
	if err := durable.MakeDir(filepath.Dir(UsersFile(data))); err != nil {
		return fmt.Errorf("cannot make the folder of secrets: %w", err)
	}
	var text bytes.Buffer
	for _, l := range lines {
		text.WriteString(l + "\n")
	}
	if err := durable.WriteFile(UsersFile(data), text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("cannot write the users: %w", err)
	}
	return nil
}
