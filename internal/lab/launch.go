package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// softwareFolder has a folder for each host that runs a program.
const softwareFolder = "hosts"

// rolePrefix begins the roles of the processes that are hosts' programs.
const rolePrefix = "host-"

// readyAddress is where HAProxy says that it is ready, in its host's namespace.
const readyAddress = "127.0.0.1:8404"

// confined runs a program as a user who sees his folder as /mnt and nothing of the machine's /run, so that data, sockets and files with process ids are in the lab's folder, which the user need not be
// let into otherwise. Shared memory is his own too: a PostgreSQL that is killed leaves its behind. Arguments are the folder, the user, and the program with its own.
const confined = `mount --bind "$1" /mnt && mount --bind /mnt/run /run && mount -t tmpfs tmpfs /dev/shm && cd /mnt && user=$2 && shift 2 && exec setpriv --reuid "$user" --regid "$user" --clear-groups -- "$@"`

// software starts the programs that hosts run, all at once, and waits until each speaks its protocol.
func (l *state) software(ctx context.Context, d *Definition) error {
	var wg sync.WaitGroup
	hosts := slices.Sorted(maps.Keys(d.Hosts))
	errs := make([]error, len(hosts))
	databases := sync.OnceValue(func() error { return l.databases(ctx, d, hosts) })
	for i, host := range hosts {
		if d.real(host) {
			wg.Go(func() { errs[i] = l.runProgram(ctx, d, host, databases) })
		}
	}
	wg.Wait()
	return cmp.Or(errs...) // several have one cause, such as a disk that is full
}

// databases makes the files of all PostgreSQL servers: those of the first, which takes a second of a processor, and copies of them.
func (l *state) databases(ctx context.Context, d *Definition, hosts []string) error {
	p := debians[runsPostgreSQL]
	first := ""
	for _, host := range hosts {
		if d.Hosts[host].Runs != runsPostgreSQL {
			continue
		}
		folder, err := l.home(p, host)
		switch {
		case err != nil:
		case first == "":
			first = filepath.Join(folder, "data")
			err = l.initialize(ctx, folder, p.user, p.installed())
		default:
			err = l.copyFolder(ctx, first, folder)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", host, err)
		}
	}
	return nil
}

// runProgram starts the program of one host and waits for it. Databases makes the files of all PostgreSQL servers.
func (l *state) runProgram(ctx context.Context, d *Definition, host string, databases func() error) error {
	h := d.Hosts[host]
	p := debians[h.Runs]
	path := p.installed()
	folder, err := l.home(p, host)
	if err != nil {
		return fmt.Errorf("%s: %w", host, err)
	}
	if h.Runs == runsPostgreSQL {
		if err := databases(); err != nil {
			return err
		}
	}
	config, args := d.configOf(host)
	if config != "" {
		if err := writeConfig(filepath.Join(folder, "config"), config); err != nil {
			return err
		}
	}
	c, err := launch(l, rolePrefix+host, Prefix+host, confine(context.Background(), folder, p.user, path, args...))
	if err != nil {
		return err
	}
	return c.until(ctx, func() bool { return d.speaks(ctx, host) })
}

// writeConfig writes a file that its program's user reads, whatever files root makes are like here.
func writeConfig(name, text string) error {
	return errors.Join(os.WriteFile(name, []byte(text), 0o644), os.Chmod(name, 0o644))
}

// home makes the folder of a host's program, which is its user's.
func (l *state) home(p debian, host string) (string, error) {
	who, err := user.Lookup(p.user)
	if err != nil {
		return "", err
	}
	uid, err := strconv.Atoi(who.Uid)
	if err != nil {
		return "", err
	}
	gid, err := strconv.Atoi(who.Gid)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(l.path(softwareFolder), host)
	run := filepath.Join(folder, "run")
	return folder, errors.Join(os.MkdirAll(run, 0o755), os.Chown(folder, uid, gid), os.Chown(run, uid, gid))
}

// confine returns a command of a package's program.
func confine(ctx context.Context, folder, user, path string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "unshare", append([]string{"--mount", "--ipc", "--propagation", "private", "sh", "-c", confined, "sh", folder, user, path}, args...)...)
}

// initialize makes the files of a PostgreSQL server that lets everybody in: who may come is for the security group to say. Nothing is synced, since nothing outlives the lab.
func (l *state) initialize(ctx context.Context, folder, user, path string) error {
	cmd := confine(ctx, folder, user, filepath.Join(filepath.Dir(path), "initdb"), "-D", "/mnt/data", "-N", "-A", "trust", "-E", "UTF8", "--no-locale", "--wal-segsize=1", "-U", "postgres")
	cmd.Env = append(os.Environ(), envLab+"="+l.Dir)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, strings.Join(strings.Fields(string(said)), " "))
	}
	return os.WriteFile(filepath.Join(folder, "data", "pg_hba.conf"), []byte("host all all 0.0.0.0/0 trust\n"), 0o600)
}

// copyFolder copies a folder with its owners into another one, as a process of the lab.
func (l *state) copyFolder(ctx context.Context, from, to string) error {
	cmd := exec.CommandContext(ctx, "cp", "-a", from, to)
	cmd.Env = append(os.Environ(), envLab+"="+l.Dir)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cp: %w: %s", err, strings.TrimSpace(string(said)))
	}
	return nil
}

// configOf returns the config file of a host's program, "" where it has none, and its arguments.
func (d *Definition) configOf(host string) (config string, args []string) {
	h := d.Hosts[host]
	own := d.eni(host).Addresses[0]
	switch h.Runs {
	case runsHAProxy:
		return d.haproxyConfig(host), []string{"-db", "-f", "/mnt/config"}
	case runsPostgreSQL:
		args = []string{"-D", "/mnt/data", "-p", strconv.Itoa(int(h.Port))}
		for _, setting := range []string{
			"listen_addresses=" + own.String(), "unix_socket_directories=", "shared_buffers=1MB", "max_connections=20", "fsync=off", "autovacuum=off", "jit=off",
			"wal_level=minimal", "max_wal_senders=0", "max_logical_replication_workers=0",
		} {
			args = append(args, "-c", setting)
		}
		return "", args
	case runsRedis:
		// Its title would be written over its environment, which is what a lab knows its processes by.
		return fmt.Sprintf("bind %s\nport %d\ndir /mnt\nprotected-mode no\nset-proc-title no\nsave \"\"\nappendonly no\n", own, h.Port), []string{"/mnt/config"}
	case runsXRDP:
		return fmt.Sprintf(`[Globals]
ini_version=1
fork=true
port=tcp://%s:%d
security_layer=rdp
crypt_level=low
[Logging]
LogFile=/mnt/xrdp.log
LogLevel=WARNING
EnableSyslog=false
EnableConsole=true
[Xorg]
name=Xorg
lib=libxup.so
`, own, h.Port), []string{"--nodaemon", "--config", "/mnt/config"}
	}
	return "", nil
}

// haproxyConfig has no checks of targets, which would be traffic that no scenario has sent.
func (d *Definition) haproxyConfig(host string) string {
	h := d.Hosts[host]
	var b strings.Builder
	fmt.Fprintf(&b, `global
  maxconn 256
  nbthread 1
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
  retries 0
frontend ready
  bind %s
  monitor-uri /
`, readyAddress)
	for _, port := range h.ports() {
		fmt.Fprintf(&b, "listen port-%d\n  bind %s:%d\n", port, d.eni(host).Addresses[0], port)
		for i, target := range h.Listeners[port] {
			if _, at, err := d.target(target); err == nil { // parse has looked
				fmt.Fprintf(&b, "  server target-%d %s\n", i+1, at)
			}
		}
	}
	return b.String()
}

// speaks reports whether a host's program speaks its protocol to its own host, which no interface sees.
func (d *Definition) speaks(ctx context.Context, host string) bool {
	h := d.Hosts[host]
	at, want, t := netip.AddrPortFrom(d.eni(host).Addresses[0], h.Port), Answered, talkPostgres
	switch h.Runs {
	case runsHAProxy:
		at, want, t = netip.MustParseAddrPort(readyAddress), "200", talkHTTP
	case runsRedis:
		t = talkRedis
	case runsXRDP:
		t = talkRDP
	}
	e := ends{netns: Prefix + host, to: at.Addr(), from: at.Addr(), patience: mostTalk}
	became := ""
	err := inside(e.netns, func() (err error) { became, err = converse(ctx, e, spoken{h.Runs, at.Port(), t}); return err })
	return err == nil && became == want
}
