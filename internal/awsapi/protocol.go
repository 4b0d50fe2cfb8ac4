package awsapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
)

// A protocol is a wire form of requests, answers and errors.
type protocol interface {
	// tree reads a body into what encoding/json makes of such a document: maps, lists, texts, json.Number
	// and booleans. loose says that numbers and booleans may be texts.
	tree(body []byte) (tree map[string]any, loose bool, err error)
	// answer writes an answer, nil for none, to an operation.
	answer(w http.ResponseWriter, c *Call, out any) error
	// fail writes an error.
	fail(w http.ResponseWriter, c *Call, status int, e *Error)
}

// jsonProtocol is AWS JSON 1.0 and 1.1.
type jsonProtocol struct{ contentType string }

var (
	json10 = jsonProtocol{"application/x-amz-json-1.0"}
	json11 = jsonProtocol{"application/x-amz-json-1.1"}
)

func (jsonProtocol) tree(body []byte) (map[string]any, bool, error) {
	tree, err := parse(body)
	return tree, false, err
}

func (p jsonProtocol) answer(w http.ResponseWriter, c *Call, out any) error {
	if out == nil {
		write(w, http.StatusOK, p.contentType, nil)
		return nil
	}
	if c.Service != nil && c.Service.CBOR {
		body, err := doubleJSON(out)
		if err == nil {
			write(w, http.StatusOK, p.contentType, body)
		}
		return err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return err
	}
	write(w, http.StatusOK, p.contentType, bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return nil
}

func (p jsonProtocol) fail(w http.ResponseWriter, c *Call, status int, e *Error) {
	members := c.errorMembers(e)
	raw, err := json.Marshal(members)
	if err != nil {
		raw = fmt.Appendf(nil, `{"__type":%q}`, members["__type"])
	}
	w.Header().Set("X-Amzn-Errortype", e.Code)
	write(w, status, p.contentType, raw)
}

// errorMembers are the members of an error's body. One without a message has no member for it.
func (c *Call) errorMembers(e *Error) map[string]any {
	members := map[string]any{}
	maps.Copy(members, e.Members)
	members["__type"] = e.Code
	if c.Service != nil && c.Service.ErrorType != nil {
		members["__type"] = c.Service.ErrorType(e.Code)
	}
	if e.Message != "" {
		members["message"] = e.Message
	}
	return members
}

// fault says whose fault an error is, as AWS Query names it.
func fault(status int) string {
	if status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", itoa(int64(len(body))))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone wants nothing more
}
