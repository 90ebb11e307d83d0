package store

// For the fuzz tests of what lies in the header columns.
var (
	EncodeFields = encodeFields
	DecodeFields = decodeFields
)
