#!/bin/sh
# Makes deliveries whose signature is wrong with openssl, as a shell script would.
#
#     sh mistakes.sh > openssl.json
set -eu
body='{"event":"render.failed","timestamp":"2026-01-29T10:30:00Z","data":{"error":"Template not found"}}'
t=1769682600
secret=whsec_5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5aC0

hex() { sed 's/^.*= *//'; }
b64() { openssl base64 -A; }
comma='['

# add NAME WANT HEADER
add() {
	printf '%s\n {"name": "openssl: %s", "want": ["%s"], "header": [["X-Pictify-Signature", "%s"]], "body_base64": "%s"}' \
		"$comma" "$1" "$2" "$3" "$(printf %s "$body" | b64)"
	comma=,
}

add "echo" body-newline-added "t=$t,v1=$(echo "$t.$body" | openssl dgst -sha256 -hmac "$secret" | hex)"
add "no HMAC" digest-plain "t=$t,v1=$(printf '%s.%s' "$t" "$body" | openssl dgst -sha256 | hex)"
add "sha1" digest-algorithm "t=$t,v1=$(printf '%s.%s' "$t" "$body" | openssl dgst -sha1 -hmac "$secret" | hex)"
add "md5" digest-algorithm "t=$t,v1=$(printf '%s.%s' "$t" "$body" | openssl dgst -md5 -hmac "$secret" | hex)"
add "sha384" digest-algorithm "t=$t,v1=$(printf '%s.%s' "$t" "$body" | openssl dgst -sha384 -hmac "$secret" | hex)"
add "-binary through base64" encoding-base64 "t=$t,v1=$(printf '%s.%s' "$t" "$body" | openssl dgst -sha256 -hmac "$secret" -binary | b64)"
add "without t" message-no-time "t=$t,v1=$(printf %s "$body" | openssl dgst -sha256 -hmac "$secret" | hex)"
add "without prefix" key-no-prefix "t=$t,v1=$(printf '%s.%s' "$t" "$body" | openssl dgst -sha256 -hmac "${secret#whsec_}" | hex)"
add "single quotes around the variable" key-literal "t=$t,v1=$(printf '%s.%s' "$t" "$body" | openssl dgst -sha256 -hmac '$PICTIFY_WEBHOOK_SECRET' | hex)"
add "key as hex with -macopt" key-hex "t=$t,v1=$(printf '%s.%s' "$t" "$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:${secret#whsec_}" | hex)"
add "date +%s%3N" message-unit "t=$t,v1=$(printf '%s042.%s' "$t" "$body" | openssl dgst -sha256 -hmac "$secret" | hex)"
add "printf with a line feed between" message-separator "t=$t,v1=$(printf '%s\n%s' "$t" "$body" | openssl dgst -sha256 -hmac "$secret" | hex)"
printf '\n]\n'
