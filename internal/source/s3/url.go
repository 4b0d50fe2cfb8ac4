package s3

import (
	"net/url"
	"strings"
)

// ObjectURL returns the HTTP address of an object of the bucket: where AWS's clients put it.
func (s *Source) ObjectURL(key string) string {
	bucket := s.config.Bucket
	path := "/" + strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(key), "%2F", "/"), "+", "%20")
	if s.config.EndpointURL == "" {
		host := bucket + ".s3." + s.region + ".amazonaws.com"
		if Partition(s.region) == "aws-cn" {
			host += ".cn"
		}
		return "https://" + host + path
	}
	endpoint := strings.TrimRight(s.config.EndpointURL, "/")
	if s.config.PathStyle || needsPathStyle(endpoint) {
		return endpoint + "/" + bucket + path
	}
	scheme, host, _ := strings.Cut(endpoint, "://")
	return scheme + "://" + bucket + "." + host + path
}
