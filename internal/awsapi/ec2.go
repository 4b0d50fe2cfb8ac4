package awsapi

import (
	"bytes"
	"encoding/xml"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// ec2Protocol is EC2's form of AWS Query: lists are flat ("A.2.B=x"), answers have no element for the result, and errors are a list.
// Parameters that an operation does not know are refused, as EC2 does.
//
// Sources: the Smithy specification, "AWS EC2 query protocol"; AWS, Amazon EC2 API Reference, "Error codes".
type ec2Protocol struct{}

// tree reads a form: "A.2.B=x" is the member B of the second element of the list A.
func (ec2Protocol) tree(body []byte) (map[string]any, bool, error) {
	root, err := formTree(body)
	if err != nil {
		return nil, true, malformed(err)
	}
	for k, v := range root {
		if root[k], err = flatLists(k, v); err != nil {
			return nil, true, malformed(err)
		}
	}
	return root, true, nil
}

// malformed makes the error of a form that can't be read one of EC2's.
func malformed(err error) error {
	if e := new(Error); errors.As(err, &e) {
		return &Error{Code: "MalformedQueryString", Message: e.Message}
	}
	return err
}

// flatLists makes lists of the structures whose members are numbers, in their order: EC2's clients begin at 1 and leave none out.
func flatLists(path string, v any) (any, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return v, nil
	}
	for k, e := range object {
		var err error
		if object[k], err = flatLists(path+"."+k, e); err != nil {
			return nil, err
		}
	}
	list := make([]any, len(object))
	for k, e := range object {
		n, err := strconv.Atoi(k)
		if err != nil {
			return object, nil // a structure
		}
		if n < 1 || n > len(list) || k != strconv.Itoa(n) {
			return nil, serialization("the elements of %.100s are not numbered from 1 to %d", path, len(list))
		}
		list[n-1] = e
	}
	return list, nil
}

// unrecognized returns the path of a parameter that a structure of type t does not have, the first by name, and whether there is one.
func unrecognized(v any, t reflect.Type, path string) (string, bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := v.(type) {
	case map[string]any:
		if t.Kind() != reflect.Struct {
			return "", false // another error says so
		}
		known := map[string]reflect.Type{}
		for _, f := range reflect.VisibleFields(t) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
				known[name] = f.Type
			}
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			of, ok := known[k]
			if !ok {
				return path + k, true
			}
			if bad, is := unrecognized(v[k], of, path+k+"."); is {
				return bad, true
			}
		}
	case []any:
		if t.Kind() != reflect.Slice {
			return "", false
		}
		for i, e := range v {
			if bad, is := unrecognized(e, t.Elem(), path+strconv.Itoa(i+1)+"."); is {
				return bad, true
			}
		}
	}
	return "", false
}

const ec2Type = "text/xml;charset=UTF-8"

func (ec2Protocol) answer(w http.ResponseWriter, c *Call, out any) error {
	var b bytes.Buffer
	b.WriteString(xml.Header + "<" + c.Operation + `Response xmlns="` + c.Service.Namespace + `"><requestId>` + c.RequestID + "</requestId>")
	if out != nil {
		writeXML(&b, "item", reflect.ValueOf(out))
	}
	b.WriteString("</" + c.Operation + "Response>")
	write(w, http.StatusOK, ec2Type, b.Bytes())
	return nil
}

func (ec2Protocol) fail(w http.ResponseWriter, c *Call, status int, e *Error) {
	status, e = ec2Error(c, status, e)
	var b bytes.Buffer
	b.WriteString(xml.Header + "<Response><Errors><Error><Code>")
	_ = xml.EscapeText(&b, []byte(e.Code)) // a buffer takes all
	b.WriteString("</Code><Message>")
	_ = xml.EscapeText(&b, []byte(e.Message))
	b.WriteString("</Message></Error></Errors><RequestID>" + c.RequestID + "</RequestID></Response>")
	write(w, status, ec2Type, b.Bytes())
}

// ec2Error gives errors that are of all services EC2's codes and words, with why behind them.
//
// Source: AWS, Amazon EC2 API Reference, "Error codes"; the words of InvalidAction, UnauthorizedOperation and AuthFailure are as EC2's users see them.
func ec2Error(c *Call, status int, e *Error) (int, *Error) {
	switch e.Code {
	case "UnknownOperationException":
		if c.Operation == "" {
			return http.StatusBadRequest, Errorf("InvalidAction", "The request has no Action, or is not of the version %s.", c.Service.Version)
		}
		return http.StatusBadRequest, Errorf("InvalidAction", "The action %s is not valid for this web service.", c.Operation)
	case "AccessDeniedException":
		return status, Errorf("UnauthorizedOperation", "You are not authorized to perform this operation. Why: %s", e.Message)
	case "InvalidSignatureException", "UnrecognizedClientException":
		return http.StatusUnauthorized, Errorf("AuthFailure", "AWS was not able to validate the provided access credentials. Why: %s", e.Message)
	case "SerializationException":
		return status, Errorf("InvalidParameterValue", "%s", e.Message)
	case "InternalFailure":
		return status, Errorf("InternalError", "%s", e.Message)
	}
	code := strings.TrimSuffix(e.Code, "Exception") // EC2 has no code that ends so
	return status, &Error{Code: code, Message: e.Message}
}
