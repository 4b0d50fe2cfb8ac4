// Package describe asks AWS what a network is: it calls read-only operations of EC2, Elastic
// Load Balancing, RDS, ElastiCache, Redshift and WorkSpaces, and gives each answer as the
// JSON that `aws SERVICE OPERATION` prints, so that live answers go the same way as files
// that people exported.
//
// What comes in is a login (see source/s3) and regions; what goes out is an [Answer] for
// each region: its documents, and what is missing, since an operation that is denied or
// unknown costs only its own answer. [Operations] lists what is called, and the action that
// a policy must allow for each; docs/howto/import-a-network-from-aws.md has them. Nothing is
// changed in AWS, and no document holds more than the CLI would print.
//
// Package app calls it. It is a package of its own because of the seven services' SDKs.
package describe
