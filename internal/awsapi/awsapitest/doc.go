// Package awsapitest holds the operations of a service against what AWS says of them: the snapshots that AWS's SDK for Go has of requests
// and answers with every member set, and the table of AWS's service models.
package awsapitest
