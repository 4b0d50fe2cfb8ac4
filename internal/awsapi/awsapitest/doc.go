// Package awsapitest holds the operations of a service against what AWS says of them: the snapshots that AWS's SDK for Go has of requests
// and answers with every member set, and the table of AWS's service models. It also has what servers in tests need for real clients: an access key, authenticators, and the environment of a client.
package awsapitest
