package inflate

// Most is the largest text, in bytes, that is decompressed at once. AWS's objects
// of 5 minutes have a few; what is larger is read as a stream.
const Most = 32 << 20
