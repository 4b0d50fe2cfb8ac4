package awsapitest

import (
	"io"
	"net/http"
)

// An SDKClient sends what AWS's SDK for Go asks, as [http.Client] does, and hides from it that bodies have a WriteTo. Tests ask once (RetryMaxAttempts 1), so that
// no answer is tried away; without this one of some thousand requests fails on a busy machine with "use of closed network connection".
//
// smithy-go 1.28.9 closes a request's body once the answer's headers have come, and its WriteTo says io.EOF from then on, which no WriteTo may. net/http still looks then whether there is
// more of the body than its length says, takes that for a failure, and closes the connection that the answer is read from. Users do not notice: the SDK asks again.
type SDKClient struct{ by *http.Client }

// NewSDKClient returns one that sends by another, or, where that is nil, by connections of its own.
func NewSDKClient(by *http.Client) SDKClient {
	if by == nil {
		by = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	}
	return SDKClient{by}
}

// Do sends a request.
func (c SDKClient) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.by.Do(r)
}
