package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

// TestManaged has the default lab's interfaces be of those whom AWS makes them for, and of no instance.
func TestManaged(t *testing.T) {
	d := defaultLab(t)
	for eni, want := range map[string]netmodel.Role{
		"eni-alb": netmodel.RoleALB, "eni-rds": netmodel.RoleRDS, "eni-cache": netmodel.RoleElastiCache, "eni-redshift": netmodel.RoleRedshift, "eni-workspace": netmodel.RoleWorkSpaces,
		"eni-nat": netmodel.RoleNATGateway, "eni-shop-a": netmodel.RoleInstance,
	} {
		i := d.Network.Interfaces[eni]
		if i.Role != want || (i.Instance != "") != (want == netmodel.RoleInstance) {
			t.Errorf("%s is %s of %q, and not %s", eni, i.Role, i.Instance, want)
		}
	}
}

func TestRefusedSoftware(t *testing.T) {
	lab, err := defaults.ReadFile("default/lab.yaml")
	if err != nil {
		t.Fatal(err)
	}
	n := defaultLab(t).Network
	for _, tc := range []struct{ from, to, want string }{
		{"runs: redis, port: 6379", "runs: memcached, port: 11211", `host cache: runs "memcached" is none of haproxy, postgresql, redis, xrdp, web`},
		{"runs: redis, port: 6379", "runs: redis", "host cache: redis takes a port, and no listeners"},
		{"runs: redis, port: 6379", "runs: redis, port: 70000", "70000"},
		{"runs: redis, port: 6379", "port: 6379", "host cache: port, listeners and database are of a host that runs something"},
		{"runs: redis, port: 6379", "runs: redis, port: 6379, serves: [6379]", "host cache: port 6379 is none, or is among those that it serves"},
		{"runs: redis, port: 6379", `runs: redis, port: 6379, database: "rds:5432"`, "host cache: a database is asked by web, and not by redis"},
		{"runs: redis, port: 6379", `runs: redis, port: 6379, listeners: {80: ["rds:5432"]}`, "host cache: redis takes a port, and no listeners"},
		{"runs: redis, port: 6379", "runs: haproxy, port: 6379", "host cache: haproxy takes listeners, and no port"},
		{`80: ["shop-a:8000"], `, `80: [], `, "host alb: listener 80 has no target"},
		{`80: ["shop-a:8000"], `, `0: ["shop-a:8000"], `, "host alb: port 0 is none"},
		{`80: ["shop-a:8000"], `, `80: ["client:80"], `, `host alb: "client:80" is no HOST:PORT of one of its hosts`},
		{`80: ["shop-a:8000"], `, `80: ["shop-a"], `, `host alb: "shop-a" is no HOST:PORT`},
		{`80: ["shop-a:8000"], `, `80: ["shop-a:0"], `, `host alb: "shop-a:0" is no HOST:PORT`},
		{`database: "rds:5432"`, `database: "rds:http"`, `host shop-a: "rds:http" is no HOST:PORT`},
	} {
		changed := strings.Replace(string(lab), tc.from, tc.to, 1)
		if changed == string(lab) {
			t.Errorf("no %q", tc.from)
			continue
		}
		if _, err := parse(yamlText{"mine.yaml", []byte(changed)}, yamlText{}, n); !errors.Is(err, ErrDefinition) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", tc.to, err, tc.want)
		}
	}
}

// TestConfigs has what programs are told.
func TestConfigs(t *testing.T) {
	d := defaultLab(t)
	for _, tc := range []struct{ host, want string }{
		{"alb", "listen port-80\n  bind 10.0.1.80:80\n  server target-1 10.0.2.81:8000\nlisten port-8081\n  bind 10.0.1.80:8081\n  server target-1 10.0.4.81:8000\n"},
		{"cache", "bind 10.0.2.83\nport 6379\ndir /mnt\n"},
		{"workspace", "port=tcp://10.0.4.85:3389\n"},
	} {
		config, args := d.configOf(tc.host)
		if !strings.Contains(config, tc.want) || args[len(args)-1] != "/mnt/config" {
			t.Errorf("%s: %s %q", tc.host, config, args)
		}
	}
	if config, args := d.configOf("redshift"); config != "" || !strings.HasPrefix(strings.Join(args, " "), "-D /mnt/data -p 5439 -c listen_addresses=10.0.4.84 ") {
		t.Errorf("%s %q", config, args)
	}
	if config, args := d.configOf("shop-a"); config != "" || args != nil {
		t.Errorf("%s %q", config, args)
	}
}

// TestPackagesLacking has scenarios be left out that speak to what is not there, also at one remove.
func TestPackagesLacking(t *testing.T) {
	all, err := Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		simple string
		want   map[string]string
	}{
		{"", map[string]string{}},
		{"rds", map[string]string{
			"web-tier-wrong-group": "rds has a simple listener in place of PostgreSQL, which is not installed",
			"managed-interfaces":   "rds has a simple listener in place of PostgreSQL, which is not installed",
		}},
		{"cache", map[string]string{
			"elasticache-wrong-group": "cache has a simple listener in place of Redis, which is not installed",
			"elasticache-wrong-port":  "cache has a simple listener in place of Redis, which is not installed",
			"managed-interfaces":      "cache has a simple listener in place of Redis, which is not installed",
		}},
	} {
		d := defaultLab(t)
		d.simple = map[string]bool{tc.simple: true}
		got := map[string]string{}
		for i := range all {
			if why := d.notRun(&all[i]); why != "" {
				got[all[i].Name] = why
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", tc.simple, diff)
		}
	}
}

// TestSimple has what a lab's folder says of its hosts be known of the definition, and a listener be in place of what is not there.
func TestSimple(t *testing.T) {
	dir := t.TempDir()
	if err := CopyDefinition("", dir); err != nil {
		t.Fatal(err)
	}
	s := &state{Dir: dir, Simple: []string{"cache"}}
	if err := s.write(); err != nil {
		t.Fatal(err)
	}
	d, err := ReadDefinition(dir)
	if err != nil || d.real("cache") || !d.real("rds") || d.real("shop-a") || d.real("web-a") {
		t.Fatalf("%+v %v", d, err)
	}
	kinds := map[string]string{}
	for _, s := range d.services() {
		kinds[s.Name+" "+s.At.String()] = "line"
		if s.Web.Name != "" {
			kinds[s.Name+" "+s.At.String()] = "web " + s.Web.At.String()
		}
	}
	for at, want := range map[string]string{"cache 10.0.2.83:6379": "line", "rds 10.0.2.82:5432": "", "shop-a 10.0.2.81:8000": "web 10.0.2.82:5432", "web-a 10.0.1.10:80": "line"} {
		if kinds[at] != want {
			t.Errorf("%s: %q, and not %q", at, kinds[at], want)
		}
	}
	for _, h := range d.hosts() {
		if h.Simple != (h.Name == "cache") || (h.Runs == "") != (len(h.Ports) == 0) {
			t.Errorf("%+v", h)
		}
	}
}

// TestInstalled takes the newest version, and none without the package's user.
func TestInstalled(t *testing.T) {
	dir := t.TempDir()
	for _, version := range []string{"9", "15", "9.6"} {
		if err := errors.Join(os.MkdirAll(dir+"/"+version+"/bin", 0o755), os.WriteFile(dir+"/"+version+"/bin/postgres", nil, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct{ paths, user, want string }{
		{dir + "/*/bin/postgres", "root", dir + "/15/bin/postgres"},
		{dir + "/*/bin/postgres", "weir-no-such-user", ""},
		{dir + "/*/bin/mysqld", "root", ""},
	} {
		if got := (debian{user: tc.user, paths: tc.paths}).installed(); got != tc.want {
			t.Errorf("%s: %s", tc.paths, got)
		}
	}
}

// TestLacking names a program that has ended, and none where a simple listener is in its place.
func TestLacking(t *testing.T) {
	d := defaultLab(t)
	names := d.namespaces()
	var all []Process
	for _, role := range d.roles() {
		all = append(all, Process{Role: role})
	}
	for host := range d.Hosts {
		names = append(names, host)
		if host != "rds" && host != "cache" {
			all = append(all, Process{Role: rolePrefix + host})
		}
	}
	d.simple = map[string]bool{"cache": true}
	if diff := cmp.Diff([]string{"process host-rds"}, lacking(d, names, all)); diff != "" {
		t.Error(diff)
	}
}

// TestConfigIsRead has the config of a host's program be for its user also where root's files are for root alone.
func TestConfigIsRead(t *testing.T) {
	was := syscall.Umask(0o077)
	name := filepath.Join(t.TempDir(), "config")
	err := writeConfig(name, "port 6379\n")
	syscall.Umask(was)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := os.Stat(name); err != nil || f.Mode().Perm() != 0o644 {
		t.Error(f.Mode(), err)
	}
}
