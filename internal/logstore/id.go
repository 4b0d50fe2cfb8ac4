package logstore

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
)

// digest returns 14 bytes that tell an event from others of its time: a hash of what never changes
// about it.
func (e *Event) digest() []byte {
	h := sha256.New()
	var n [8]byte
	for _, s := range []string{e.Group, e.Stream, e.Message} {
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	binary.BigEndian.PutUint64(n[:], uint64(e.Ordinal))
	h.Write(n[:])
	return h.Sum(nil)[:14]
}

// ID returns the event's eventId: a decimal number of 56 digits that begins with its time, as AWS's
// do, and is the same wherever the event lies.
func (e *Event) ID() string {
	rest := new(big.Int).SetBytes(e.digest())
	return fmt.Sprintf("%020d%036d", uint64(e.Timestamp), rest.Mod(rest, idModulus))
}

var idModulus = new(big.Int).Exp(big.NewInt(10), big.NewInt(36), nil)

// Ptr returns the event's pointer, @ptr: text that has its group, stream, time and digest, so that the
// event can be found again.
func (e *Event) Ptr() string {
	var b []byte
	b = append(b, 1) // the form
	b = binary.AppendUvarint(b, uint64(e.Timestamp))
	b = append(b, e.digest()...)
	b = binary.AppendUvarint(b, uint64(len(e.Group)))
	b = append(b, e.Group...)
	b = append(b, e.Stream...)
	return base64.StdEncoding.EncodeToString(b)
}
