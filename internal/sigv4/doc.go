// Package sigv4 verifies requests that are signed with AWS Signature Version 4, and signs some.
//
// What comes in is a request as net/http gives it, its body as it was sent (compressed bytes too: a
// signature covers what was on the wire) and who knows the secrets; out goes the [Identity] that signed
// it, or an [*Error] with AWS's code. Package awsapi calls it for each request.
//
// Both forms are taken: the Authorization header, and the query parameters of a presigned URL. What is
// hashed is the body that came, never a hash that the client names. Just the headers that the client lists
// are signed, in its order, so that any client's choice of headers verifies. Not taken, and refused by name:
// SigV4a (AWS4-ECDSA-P256-SHA256), chunked uploads of S3 and session tokens that nobody issued.
//
// Source: AWS, IAM User Guide, "AWS Signature Version 4 for API requests", and the words of AWS's answers.
package sigv4
