"""Makes signatures.json: what another implementation of HMAC says.

    python3 testdata/signatures.py > testdata/signatures.json

Each row: a delivery (secret, header, body in base64), the moment it is judged at,
and the verdict that a receiver must reach. The first two can be had from openssl:

    printf %s '1769682600.{"event":"render.completed","timestamp":"2026-01-29T10:30:00Z","data":{"imageId":"test_123","url":"https://cdn.pictify.io/test.png"}}' |
        openssl dgst -sha256 -hmac whsec_test_secret
"""

import base64
import hashlib
import hmac
import json

NOW = 1769682600
SECRET = "whsec_" + "5a" * 32
BODY = b'{"event":"render.completed","timestamp":"2026-01-29T10:30:00Z","data":{"imageId":"test_123","url":"https://cdn.pictify.io/test.png"}}'

rows = []


def mac(key, t, body):
    return hmac.new(key, str(t).encode() + b"." + body, hashlib.sha256).hexdigest()


def row(name, verdict, header, secret=SECRET, body=BODY, now=NOW):
    rows.append({
        "name": name,
        "secret": secret,
        "now": now,
        "header": header,
        "body_base64": base64.b64encode(body).decode(),
        "verdict": verdict,
    })


def signed(name, verdict="valid", t=NOW, key=None, secret=SECRET, body=BODY):
    key = secret.encode() if key is None else key
    row(name, verdict, f"t={t},v1={mac(key, t, body)}", secret, body)


signed("documented form of a secret", secret="whsec_test_secret")
signed("secret without a prefix", secret="00112233445566778899aabbccddeeff" * 2)

# Times (whole seconds, both directions).
for offset, verdict in [(-299, "valid"), (-300, "valid"), (-301, "stale"), (299, "valid"), (300, "valid"), (301, "stale")]:
    signed(f"time {offset:+d} s", verdict, t=NOW + offset)
signed("time far in the future", "stale", t=10**14)
for t in ["-1", "0", "9223372036854775807", "9223372036854775808", "1" + "0" * 30, "01769682600", "+1769682600", "1769682600.0", "1769682600abc", "1e9", ""]:
    signed(f"time written {t!r}", "malformed", t=t)

# Bodies (the bytes are what is signed, whatever they are).
for name, body in {
    "empty": b"",
    "CRLF": b'{\r\n"event":"x"\r\n}\r\n',
    "byte order mark": b'\xef\xbb\xbf{"event":"x"}',
    "trailing newline": BODY + b"\n",
    "NUL": b"\x00\x00",
    "invalid UTF-8": b'{"event":"\xff\xfe"}',
    "duplicate keys": b'{"event":"a","event":"b"}',
    "escaped NUL": b'{"event":"\\u0000"}',
    "number too large": b'{"event":"x","data":1e400}',
    "emoji": '{"event":"x","data":{"title":"🎉 Grüße"}}'.encode(),
    "10 kB": b"x" * 10_000,
}.items():
    signed(f"body: {name}", body=body)

# Keys (the whole text of the secret, and nothing derived from it).
for name, key in {
    "without whsec_": SECRET.removeprefix("whsec_").encode(),
    "hex decoded": bytes.fromhex(SECRET.removeprefix("whsec_")),
    "base64 decoded": base64.b64decode(SECRET.removeprefix("whsec_")),
    "upper case": SECRET.upper().encode(),
    "trailing newline": SECRET.encode() + b"\n",
    "empty": b"",
}.items():
    signed(f"key: {name}", "mismatch", key=key)

good = mac(SECRET.encode(), NOW, BODY)
bad = mac(b"another secret", NOW, BODY)
old = mac(SECRET.encode(), NOW - 900, BODY)

row("body changed", "mismatch", f"t={NOW},v1={good}", body=BODY.replace(b"test_123", b"test_124"))
row("time changed", "mismatch", f"t={NOW + 1},v1={good}")
row("digit of v1 changed", "mismatch", f"t={NOW},v1={('0' if good[0] != '0' else '1') + good[1:]}")
row("upper case hex", "valid", f"t={NOW},v1={good.upper()}")
row("mixed case hex", "valid", f"t={NOW},v1={good[:32].upper()}{good[32:]}")
row("v1 before t", "valid", f"v1={good},t={NOW}")
row("two v1, good one first", "valid", f"t={NOW},v1={good},v1={bad}")
row("two v1, good one last", "valid", f"t={NOW},v1={bad},v1={good}")
row("two v1, both bad", "mismatch", f"t={NOW},v1={bad},v1={bad}")
row("eight v1", "valid", f"t={NOW}" + f",v1={bad}" * 7 + f",v1={good}")
row("nine v1", "malformed", f"t={NOW}" + f",v1={bad}" * 8 + f",v1={good}")
row("two t, the later one signed", "malformed", f"t={NOW - 900},t={NOW},v1={good}")
row("two t, the first one signed", "malformed", f"t={NOW},t={NOW - 900},v1={good}")
row("two t, the old one signed", "malformed", f"t={NOW - 900},t={NOW},v1={old}")
row("the same t twice", "malformed", f"t={NOW},t={NOW},v1={good}")
row("unknown elements around", "valid", f"v0=00,x=1,t={NOW},v1={good},v2=zz")
row("62 digits", "mismatch", f"t={NOW},v1={good[:-2]}")
row("66 digits", "mismatch", f"t={NOW},v1={good}00")

print(json.dumps(rows, indent=1, ensure_ascii=True))
