package console

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Guard lets only those requests through to next that a person made to this server
// by one of its own names. It refuses, with 421, a request whose Host is neither a
// loopback address nor localhost nor one of hosts (names or addresses without
// port): the name of a foreign page can be made to lead here (DNS rebinding). And it
// refuses, with 403, what a page of another origin asks for, by Sec-Fetch-Site or
// else by Origin; but a link from elsewhere may lead to a page. All answers have the
// headers that keep a page to itself, whatever is behind the guard.
//
// Programs that are no browser send neither header and pass; what they may do is
// the matter of [Login].
func Guard(next http.Handler, hosts []string) http.Handler {
	return secured(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !ownHost(r.Host, hosts):
			http.Error(w, "weir does not serve the host "+clipHost(r.Host), http.StatusMisdirectedRequest)
		case !sameOrigin(r):
			http.Error(w, "weir does not answer to pages of other origins", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	}))
}

// ownHost reports whether the value of a Host header is a name of this server.
func ownHost(host string, hosts []string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.ToLower(strings.Trim(name, "[]")), ".")
	if name == "localhost" {
		return true
	}
	if addr, err := netip.ParseAddr(name); err == nil && addr.IsLoopback() {
		return true
	}
	return slices.ContainsFunc(hosts, func(own string) bool {
		return name != "" && strings.EqualFold(name, strings.Trim(own, "[]"))
	})
}

// sameOrigin reports whether a request comes from a page of this server, from a
// person's own doing (an address typed in, a bookmark), from a link, or from a
// program that is no browser.
func sameOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "":
		origin := r.Header.Get("Origin")
		if origin == "" {
			return true
		}
		u, err := url.Parse(origin)
		return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
	}
	return isLink(r)
}

// isLink reports whether a request is that of a page that is opened as a whole, as
// a link does it: not one for data, and not one into a frame.
func isLink(r *http.Request) bool {
	return r.Method == http.MethodGet &&
		r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" &&
		!strings.HasPrefix(r.URL.Path, "/api/")
}

// clipHost returns a foreign host as it may stand in a message.
func clipHost(host string) string {
	const most = 80
	if len(host) > most {
		host = host[:most] + "..."
	}
	return strings.ToValidUTF8(host, "?")
}
