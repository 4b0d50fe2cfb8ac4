package function

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"hash/crc32"
)

func ofBinary(name, sql, result string) Func {
	return Func{Name: name, Page: "binary", Forms: []Form{{Signature: "(varbinary) -> " + result, SQL: sql}}}
}

func decoder(name, native string) Func {
	return Func{Name: name, Page: "binary", Forms: []Form{
		{Signature: "(varchar) -> varbinary", SQL: native + "($1)"},
		{Signature: "(varbinary) -> varbinary", SQL: native + "(decode($1))"},
	}}
}

func keyed(name, algorithm string) Func {
	return Func{Name: name, Page: "binary", Forms: []Form{{Signature: "(varbinary, varbinary) -> varbinary", SQL: "trino_hmac($1, $2, " + quote(algorithm) + ")"}}}
}

var binaryFuncs = []Func{
	ofBinary("to_hex", "hex($1)", "varchar"), decoder("from_hex", "trino_from_hex"),
	ofBinary("to_base64", "to_base64($1)", "varchar"), decoder("from_base64", "trino_from_base64"),
	ofBinary("to_base64url", "trino_to_base64url($1)", "varchar"), decoder("from_base64url", "trino_from_base64url"),
	ofBinary("to_base32", "trino_to_base32($1)", "varchar"), decoder("from_base32", "trino_from_base32"),
	ofBinary("md5", "trino_hash($1, 'md5')", "varbinary"), ofBinary("sha1", "trino_hash($1, 'sha1')", "varbinary"),
	ofBinary("sha256", "trino_hash($1, 'sha256')", "varbinary"), ofBinary("sha512", "trino_hash($1, 'sha512')", "varbinary"),
	ofBinary("crc32", "trino_crc32($1)", "bigint"),
	keyed("hmac_md5", "md5"), keyed("hmac_sha1", "sha1"), keyed("hmac_sha256", "sha256"), keyed("hmac_sha512", "sha512"),
	{Name: "to_big_endian_64", Page: "binary", Forms: []Form{{Signature: "(bigint) -> varbinary", SQL: "trino_to_big_endian($1, 8)"}}},
	{Name: "to_big_endian_32", Page: "binary", Forms: []Form{{Signature: "(integer) -> varbinary", SQL: "trino_to_big_endian(CAST($1 AS BIGINT), 4)"}}},
	ofBinary("from_big_endian_64", "trino_from_big_endian($1, 8)", "bigint"),
	ofBinary("from_big_endian_32", "CAST(trino_from_big_endian($1, 4) AS INTEGER)", "integer"),
	{Name: "xxhash64", Page: "binary", Refused: "the hash is in no library that weir has; sha256 is exact"},
	{Name: "murmur3", Page: "binary", Refused: "the hash is in no library that weir has; sha256 is exact"},
	{Name: "spooky_hash_v2_32", Page: "binary", Refused: "the hash is in no library that weir has; sha256 is exact"},
	{Name: "spooky_hash_v2_64", Page: "binary", Refused: "the hash is in no library that weir has; sha256 is exact"},
}

var hashes = map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

var binaryNatives = []Native{
	decoderNative("trino_from_hex", "hex", hex.DecodeString),
	decoderNative("trino_from_base64", "base64", base64.StdEncoding.DecodeString),
	decoderNative("trino_from_base64url", "base64url", base64.URLEncoding.DecodeString),
	decoderNative("trino_from_base32", "base32", base32.StdEncoding.DecodeString),
	{Name: "trino_to_base64url", Args: []string{"BLOB"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		return base64.URLEncoding.EncodeToString(a[0].([]byte)), nil
	}},
	{Name: "trino_to_base32", Args: []string{"BLOB"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		return base32.StdEncoding.EncodeToString(a[0].([]byte)), nil
	}},
	{Name: "trino_hash", Args: []string{"BLOB", "VARCHAR"}, Result: "BLOB", Do: func(a []any) (any, error) {
		h := hashes[a[1].(string)]()
		h.Write(a[0].([]byte))
		return h.Sum(nil), nil
	}},
	{Name: "trino_hmac", Args: []string{"BLOB", "BLOB", "VARCHAR"}, Result: "BLOB", Do: func(a []any) (any, error) {
		h := hmac.New(hashes[a[2].(string)], a[1].([]byte))
		h.Write(a[0].([]byte))
		return h.Sum(nil), nil
	}},
	{Name: "trino_crc32", Args: []string{"BLOB"}, Result: "BIGINT", Do: func(a []any) (any, error) {
		return int64(crc32.ChecksumIEEE(a[0].([]byte))), nil
	}},
	{Name: "trino_to_big_endian", Args: []string{"BIGINT", "BIGINT"}, Result: "BLOB", Do: func(a []any) (any, error) {
		b := binary.BigEndian.AppendUint64(nil, uint64(a[0].(int64)))
		return b[8-a[1].(int64):], nil
	}},
	{Name: "trino_from_big_endian", Args: []string{"BLOB", "BIGINT"}, Result: "BIGINT", Do: func(a []any) (any, error) {
		b, n := a[0].([]byte), a[1].(int64)
		if int64(len(b)) != n {
			return nil, failed("expected %d-byte input, but got instead: %d", n, len(b))
		}
		if n == 4 {
			return int64(int32(binary.BigEndian.Uint32(b))), nil
		}
		return int64(binary.BigEndian.Uint64(b)), nil
	}},
}

func decoderNative(name, what string, decode func(string) ([]byte, error)) Native {
	return textNative(name, "BLOB", 1, func(s []string) (any, error) {
		b, err := decode(s[0])
		if err != nil {
			return nil, failed("Cannot decode value as %s: %s", what, s[0])
		}
		return b, nil
	})
}
