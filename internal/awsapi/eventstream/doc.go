// Package eventstream has the frames of application/vnd.amazon.eventstream, in which AWS's services answer
// with events one after another, as StartLiveTail does.
//
// What comes in is a [Message]; [Append] makes its frame, [Read] reads one, which tests and clients need.
// Package internal/awsapi sends them.
//
// A frame is, in big-endian order: its length, the length of its headers, the CRC-32 of these 8 bytes, the
// headers, the payload, and the CRC-32 of all before. A header is the length of its name (1 byte), the name,
// the type of its value (7 for text, the only one that AWS's services use in these messages), the value's length
// (2 bytes) and the value.
//
// Source: AWS, Amazon Transcribe Developer Guide, "Event stream encoding", and Smithy's specification of
// the protocol's headers.
package eventstream
