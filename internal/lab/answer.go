package lab

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"time"
)

// firstWord is how long who connects may take to say something before it is answered. Who speaks HTTP does so at once, and who waits for a line says nothing.
const firstWord = 100 * time.Millisecond

// requestLine is how a request of HTTP begins. Source: RFC 9112, 3.
var requestLine = regexp.MustCompile(`^[A-Z]+ [/*h]`)

// answerConn answers who has connected: with a line that has the host's name, and one to each line, or, where the first thing that comes is a request of HTTP, with the same line in HTTP.
func answerConn(c net.Conn, name string) error {
	in := bufio.NewReader(c)
	if err := c.SetDeadline(time.Now().Add(firstWord)); err != nil {
		return err
	}
	_, err := in.Peek(1) // what comes in one packet is there with it
	if err != nil && !timedOut(err) {
		return err
	}
	said, _ := in.Peek(in.Buffered())
	if err := c.SetDeadline(time.Now().Add(mostTalk)); err != nil {
		return err
	}
	if requestLine.Match(said) {
		return answerHTTP(c, in, name)
	}
	lines := bufio.NewScanner(in)
	for c.SetDeadline(time.Now().Add(mostTalk)) == nil {
		if _, err := fmt.Fprintln(c, name); err != nil || !lines.Scan() {
			return err
		}
	}
	return nil
}

// answerHTTP answers one request, so that each is a flow of its own.
func answerHTTP(c io.Writer, in *bufio.Reader, name string) error {
	status, text := http.StatusOK, name+"\n"
	r, err := http.ReadRequest(in)
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(r.Body, mostBody)) // who is still sending gets a reset in place of an answer
	}
	if err != nil {
		status, text = http.StatusBadRequest, "no request of HTTP/1\n"
	}
	head := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", status, http.StatusText(status), len(text))
	if r != nil && r.Method == http.MethodHead {
		text = ""
	}
	_, err = io.WriteString(c, head+text)
	return err
}
