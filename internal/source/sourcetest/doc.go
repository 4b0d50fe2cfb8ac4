// Package sourcetest is the suite that every source of delivered objects must
// pass, and the servers that the tests of sources start: moto, a fake of AWS in
// Python, and versitygw, an S3 server.
//
// What comes in is a function that puts objects where a source finds them; what
// comes out is passed or failed tests. What the suite expects is computed from
// how the objects were made, never from their keys. Only tests import it.
package sourcetest
