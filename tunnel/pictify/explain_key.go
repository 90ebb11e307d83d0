package pictify

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// A key is what somebody may have used as the key of the MAC.
type key struct {
	faults []Fault
	bytes  []byte
}

// spellings are the keys that a secret is mistaken for, the likely ones first,
// without the secret as it is.
func spellings(secret string) []key {
	seen := map[string]bool{secret: true}
	var list []key
	add := func(code FaultCode, detail, text string) {
		if !seen[text] {
			seen[text] = true
			list = append(list, key{[]Fault{{code, detail}}, []byte(text)})
		}
	}
	s, hasPrefix := strings.CutPrefix(secret, secretPrefix)
	add(KeyNewline, "", secret+"\n")
	add(KeyCRLF, "", secret+"\r\n")
	add(KeyCRLF, "", secret+"\r")
	if hasPrefix {
		add(KeyNoPrefix, "", s)
	} else {
		add(KeyPrefix, "", secretPrefix+secret)
	}
	for _, q := range []string{`"`, `'`, "`"} {
		add(KeyQuotes, q, q+secret+q)
		add(KeyQuotes, q, secret+q)
		add(KeyQuotes, q, q+secret)
		add(KeyQuotes, q, q+secret+q+"\n")
	}
	for _, blank := range []string{" ", "\t", "\u00a0"} {
		add(KeyBlanks, "", secret+blank)
		add(KeyBlanks, "", blank+secret)
		add(KeyBlanks, "", blank+secret+blank)
	}
	add(KeyTrimmed, "", strings.TrimSpace(secret))
	add(KeyTrimmed, "", strings.Trim(strings.TrimSpace(secret), "\"'`"))
	addDecoded(add, s)
	addDecoded(add, secret)
	add(KeyUpper, "", strings.ToUpper(secret))
	add(KeyUpper, "", secret[:len(secret)-len(s)]+strings.ToUpper(s))
	add(KeyLower, "", strings.ToLower(secret))
	add(KeyEscape, "", secret+`\n`)
	add(KeyPunctuated, ",", secret+",")
	add(KeyPunctuated, ";", secret+";")
	add(KeyPunctuated, `",`, secret+`",`)
	add(KeyLine, "", "PICTIFY_WEBHOOK_SECRET="+secret)
	add(KeyBOM, "", bom+secret)
	addEncoded(add, secret)
	addEncoded(add, s)
	add(KeyUTF16, "", string(encodeUTF16([]byte(secret), false, false)))
	add(KeyUTF16, "", string(encodeUTF16([]byte(secret), true, false)))
	for _, cut := range []string{secret[1:], secret[:len(secret)-1], secret[:min(len(secret), 32)], secret[:min(len(secret), 64)], s[:min(len(s), 32)]} {
		if cut != "" {
			add(KeyCut, "", cut)
		}
	}
	if before, _, found := strings.Cut(secret, "#"); found && before != "" {
		add(KeyCut, "", strings.TrimSpace(before))
	}
	if before, _, found := strings.Cut(secret, "$"); found && before != "" {
		add(KeyCut, "", before)
	}
	return list
}

func addDecoded(add func(FaultCode, string, string), s string) {
	if raw, err := hex.DecodeString(s); err == nil && len(raw) > 0 {
		add(KeyHex, "", string(raw))
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if raw, err := e.DecodeString(s); err == nil && len(raw) > 0 {
			add(KeyBase64, "", string(raw))
		}
	}
	// Node's Buffer.from(s, "base64") and Python's b64decode take what does not fit
	// the alphabet for nothing, so "whsec_" does not stop them.
	var loose []byte
	for _, c := range []byte(s) {
		switch {
		case c == '-':
			loose = append(loose, '+')
		case c == '_':
			loose = append(loose, '/')
		case c == '+' || c == '/' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
			loose = append(loose, c)
		}
	}
	if raw, err := base64.RawStdEncoding.DecodeString(string(loose[:len(loose)-b64Rest(len(loose))])); err == nil && len(raw) > 0 {
		add(KeyBase64, "", string(raw))
	}
}

// b64Rest is how many digits at the end are no byte: one digit alone.
func b64Rest(n int) int {
	if n%4 == 1 {
		return 1
	}
	return 0
}

func addEncoded(add func(FaultCode, string, string), s string) {
	raw := []byte(s)
	add(KeyEncoded, "", base64.StdEncoding.EncodeToString(raw))
	add(KeyEncoded, "", base64.RawURLEncoding.EncodeToString(raw))
	add(KeyEncoded, "", hex.EncodeToString(raw))
	sum := sha256.Sum256(raw)
	add(KeyHashed, "", string(sum[:]))
	add(KeyHashed, "", hex.EncodeToString(sum[:]))
}

// placeholders are keys that stand in code until the real one does.
var placeholders = []string{
	"undefined", "null", "None", "nil", "<nil>", "false", "PICTIFY_WEBHOOK_SECRET", "WEBHOOK_SECRET", "process.env.PICTIFY_WEBHOOK_SECRET",
	"$PICTIFY_WEBHOOK_SECRET", "${PICTIFY_WEBHOOK_SECRET}", "%PICTIFY_WEBHOOK_SECRET%", "$(pictap secret show)", "whsec_", "whsec_…", "whsec_...",
	"whsec_xxx", "whsec_test", "whsec_your_secret", "whsec_your_secret_here", "whsec_your_webhook_secret", "your_webhook_secret", "your-webhook-secret", "your_secret",
	"your-secret", "your_secret_here", "secret", "changeme", "test", "whsec_test_secret", "whsec_public_for_test_fixtures_only",
}

// unset are the keys that are none, or stand for one.
func unset() []key {
	list := []key{{[]Fault{{Code: KeyEmpty}}, nil}}
	for _, text := range placeholders {
		list = append(list, key{[]Fault{{KeyLiteral, text}}, []byte(text)})
	}
	return list
}
