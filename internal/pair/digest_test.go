package pair

import "testing"

// TestDigest checks that digests stay as they are, since the ledger has sums of them.
func TestDigest(t *testing.T) {
	for _, tt := range []struct {
		text string
		want digest
	}{
		{"", digest{0x9e3779b97f4a7c14, 0xd6e8feb86659fd93}},
		{"-", digest{0xe9b316290724ba1a, 0xd9fc3196c617ed9d}},
		{"10.0.0.1", digest{0x9620dd9eb3a3d7e6, 0x6acfbe08a769ec77}},
		{"203.0.113.5", digest{0xe07448a7ceab6d16, 0x9d5dd1efdc768ae7}},
		{"198.51.100.255", digest{0xc09ffe15de464f40, 0xe003af885c95dba}},
		{"::", digest{0x9ef8946fd781f707, 0xe380d84fe60e3164}},
		{"2001:db8::1", digest{0x4b735accdc01d61b, 0x8d1c164a14a954b3}},
		{"64:ff9b::c633", digest{0x79d0e394cd9f348b, 0xe7c1d7d0ffaf45f4}},
		{"20010db8:", digest{0x3ccccf05f88e9011, 0xbd008dcb9dd387bf}},
		{"eni-0123456789abcdef0", digest{0x3ccf8158433ae3d0, 0x2c6e3ec12ae10470}},
		{"eni-0123456789;:9", digest{0x3ad7cda283cec6eb, 0xa2d7aa29b7913992}},
	} {
		if got := digestOf(tt.text); got != tt.want {
			t.Errorf("%q: %#x, %#x", tt.text, got.x, got.y)
		}
	}
}
