"""Makes deliveries whose signature is wrong, each by making the mistake.

    python3 mistakes.py > python.json

Mistakes of PHP, Java, .NET and databases are made by hand here, as their
documentation describes them; those languages need not be installed.
"""

import base64
import hashlib
import hmac
import html
import json
import pathlib
import re
import sys
import urllib.parse

GIVEN = json.loads(pathlib.Path(__file__).with_name("given.json").read_text())
NOW, SECRET = GIVEN["now"], GIVEN["secret"]
PLAIN, RICH, LATIN, PRETTY = (GIVEN[k].encode() for k in ("plain", "rich", "latin", "pretty"))
OTHERS = {o["name"]: o["secret"] for o in GIVEN["others"]}
cases = []


def case(name, want, headers, body=PLAIN, **more):
    if isinstance(headers, str):
        headers = [["X-Pictify-Signature", headers]]
    if "handled" in more:
        more["handled_base64"] = base64.b64encode(more.pop("handled")).decode()
    cases.append({"name": "Python: " + name, "want": want.split(), "header": headers, "body_base64": base64.b64encode(body).decode()} | more)


def digest(message, key=SECRET.encode(), algorithm="sha256"):
    return hmac.new(key, message, algorithm)


def signed(name, want, signed_body, sent=PLAIN, t=NOW, key=SECRET.encode(), between=b".", **more):
    """The usual header, of a body that is not the one sent or with another key."""
    mac = digest(str(t).encode() + between + signed_body, key).hexdigest()
    case(name, want, f"t={t},v1={mac}", sent, **more)


def header(mac, t=NOW):
    return f"t={t},v1={mac}"


# Keys.
signed("another subscription's secret", "key-other", PLAIN, key=OTHERS["subscription wh_B"].encode())
signed("the local secret", "key-other", PLAIN, key=OTHERS["the local secret"].encode())
signed("secret read with open().read()", "key-newline", PLAIN, key=(SECRET + "\n").encode())
signed("secret from a Windows file", "key-crlf", PLAIN, key=(SECRET + "\r\n").encode())
signed("secret with a blank behind", "key-blanks", PLAIN, key=f"{SECRET} ".encode())
signed("secret in quotes, as docker --env-file keeps them", "key-quotes", PLAIN, key=f'"{SECRET}"'.encode())
signed("secret in single quotes", "key-quotes", PLAIN, key=repr(SECRET).encode())
signed("secret without whsec_", "key-no-prefix", PLAIN, key=SECRET.removeprefix("whsec_").encode())
signed("secret decoded from hex", "key-hex", PLAIN, key=bytes.fromhex(SECRET.removeprefix("whsec_")))
signed("secret decoded from base64, as Standard Webhooks do", "key-base64", PLAIN, key=base64.b64decode(SECRET.removeprefix("whsec_")))
signed("secret encoded to base64", "key-encoded", PLAIN, key=base64.b64encode(SECRET.encode()))
signed("secret in capitals", "key-upper", PLAIN, key=SECRET.upper().encode())
signed("secret in small letters", "key-lower", PLAIN, key=SECRET.lower().encode())
signed("no secret", "key-empty", PLAIN, key=b"")
signed("os.environ.get of a variable that is not set, as text", "key-literal", PLAIN, key=str(None).encode())
signed("the whole line of .env", "key-line", PLAIN, key=f"PICTIFY_WEBHOOK_SECRET={SECRET}".encode())
signed("secret with a byte-order mark", "key-bom", PLAIN, key=SECRET.encode("utf-8-sig"))
signed("secret as UTF-16", "key-utf16", PLAIN, key=SECRET.encode("utf-16-le"))
signed("secret that lost its last character", "key-cut", PLAIN, key=SECRET[:-1].encode())
signed("secret hashed first", "key-hashed", PLAIN, key=hashlib.sha256(SECRET.encode()).hexdigest().encode())
signed("another's secret with a newline", "key-other key-newline", PLAIN, key=(OTHERS["subscription wh_C"] + "\n").encode())
signed("another's secret decoded from base64url", "key-other key-base64", PLAIN,
       key=base64.urlsafe_b64decode(OTHERS["subscription wh_C"].removeprefix("whsec_") + "=="))
signed("secret of the test is in the environment", "key-trimmed", PLAIN, secret=f"'{SECRET}'")

# The text that is signed.
case("body alone", "message-no-time", header(digest(PLAIN).hexdigest()))
case("milliseconds", "message-unit", header(digest(b"%d." % (NOW * 1000) + PLAIN).hexdigest()))
case("milliseconds of another moment", "message-unit", header(digest(b"%d." % (NOW * 1000 + 417) + PLAIN).hexdigest()))
case("no separator", "message-separator", header(digest(b"%d" % NOW + PLAIN).hexdigest()))
case("colon", "message-separator", header(digest(b"%d:" % NOW + PLAIN).hexdigest()))
case("line feed", "message-separator", header(digest(b"\n".join([str(NOW).encode(), PLAIN])).hexdigest()))
case("body first", "message-body-first", header(digest(PLAIN + b".%d" % NOW).hexdigest()))
case("t= in it", "message-time-prefix", header(digest(b"t=%d." % NOW + PLAIN).hexdigest()))
case("Slack's", "message-version", header(digest(b"v0:%d:" % NOW + PLAIN).hexdigest()))
ID = [["X-Pictify-Delivery-Id", "del_xyz789"]]
case("Standard Webhooks'", "encoding-base64 key-base64 message-id",
     [["X-Pictify-Signature", header(base64.b64encode(digest(b"del_xyz789.%d." % NOW + PLAIN, base64.b64decode(SECRET.removeprefix("whsec_"))).digest()).decode())]] + ID)
case("delivery id in front", "message-id", [["X-Pictify-Signature", header(digest(b"del_xyz789.%d." % NOW + PLAIN).hexdigest())]] + ID)
case("float seconds", "message-time-form", header(digest(f"{float(NOW)}.".encode() + PLAIN).hexdigest()))
case("isoformat", "message-time-form", header(digest(b"2026-01-29T10:30:00+00:00." + PLAIN).hexdigest()))
case("time taken twice", "time-shuffled", header(digest(b"%d." % (NOW + 1) + PLAIN).hexdigest()))
case("body alone, dumped again", "message-no-time json-python", header(digest(json.dumps(json.loads(RICH)).encode()).hexdigest()), RICH)
signed("interpolated bytes", "body-bytes-literal", f"{PLAIN}".encode())
signed("interpolated dict", "text-python", f"{json.loads(RICH)}".encode(), RICH)

# Digests.
case("SHA-1", "digest-algorithm", header(digest(b"%d." % NOW + PLAIN, algorithm="sha1").hexdigest()))
case("SHA-512", "digest-algorithm", header(digest(b"%d." % NOW + PLAIN, algorithm="sha512").hexdigest()))
case("MD5", "digest-algorithm", header(digest(b"%d." % NOW + PLAIN, algorithm="md5").hexdigest()))
case("SHA-256 without key", "digest-plain", header(hashlib.sha256(b"%d." % NOW + PLAIN).hexdigest()))
case("SHA-256 of key and text", "digest-plain", header(hashlib.sha256(SECRET.encode() + b"%d." % NOW + PLAIN).hexdigest()))
case("key and text exchanged", "digest-swapped", header(digest(SECRET.encode(), b"%d." % NOW + PLAIN).hexdigest()))
case("GitHub's old one", "header-no-time message-no-time digest-algorithm", "sha1=" + digest(PLAIN, algorithm="sha1").hexdigest())
case("GitHub's", "header-no-time message-no-time", "sha256=" + digest(PLAIN).hexdigest())

# How the digest is written.
RIGHT = digest(b"%d." % NOW + PLAIN)
case("base64", "encoding-base64", header(base64.b64encode(RIGHT.digest()).decode()))
URL = next((t, mac) for t in range(NOW, NOW + 300)
           if re.search("[-_]", mac := base64.urlsafe_b64encode(digest(b"%d." % t + PLAIN).digest()).decode().rstrip("=")))
case("base64url", "encoding-base64url", header(URL[1], URL[0]))
case("base64 of hex", "encoding-base64-of-hex", header(base64.b64encode(RIGHT.hexdigest().encode()).decode()))
case("PHP's bin2hex(hash_hmac(…))", "encoding-twice", header(RIGHT.hexdigest().encode().hex()))
case("bytes in an f-string", "encoding-literal encoding-base64", header(base64.b64encode(RIGHT.digest())))
case("sha256= in front", "encoding-prefix", header("sha256=" + RIGHT.hexdigest()))
case(".NET's BitConverter.ToString", "encoding-separated", header("-".join(f"{b:02X}" for b in RIGHT.digest())))
case("Java's Integer.toHexString", "encoding-unpadded", header("".join(f"{b if b < 128 else b + 0xffffff00:x}" for b in RIGHT.digest())))
case("hex without padding", "encoding-unpadded", header("".join(f"{b:x}" for b in RIGHT.digest())))
case("half of it", "encoding-truncated", header(RIGHT.hexdigest()[:32]))

# The header.
GOOD = header(RIGHT.hexdigest())
case("blank behind the comma", "header-blanks", GOOD.replace(",", ", "))
case("blanks around", "header-blanks", " " + GOOD + " ")
case("quotes", "header-quoted", json.dumps(GOOD))
case("quoted values", "header-quoted", f't="{NOW}",v1="{RIGHT.hexdigest()}"')
case("semicolon", "header-separator", GOOD.replace(",", ";"))
case("blank instead of the comma", "header-separator", GOOD.replace(",", " "))
case("percent-encoded", "header-escaped", urllib.parse.quote(GOOD, safe=""))
case("capitals", "header-names", GOOD.replace("t=", "T=").replace("v1=", "V1="))
case("v0", "header-names", GOOD.replace("v1=", "v0="))
case("scheme in front", "header-prefix", "HMAC " + GOOD)
case("JSON", "header-json", json.dumps({"t": NOW, "v1": RIGHT.hexdigest()}))
case("no header", "header-missing", [["Content-Type", "application/json"]])
case("other name", "header-renamed", [["X-Webhook-Signature", GOOD]])
case("two headers", "header-several", [["X-Pictify-Signature", GOOD], ["X-Pictify-Signature", GOOD]])
case("two joined by a proxy", "header-several header-blanks", f"{GOOD}, {GOOD}")
case("no t", "header-no-time", f"v1={RIGHT.hexdigest()}")
case("no v1", "header-no-v1", f"t={NOW}")
case("t of None", "header-undefined", f"t={None},v1={RIGHT.hexdigest()}")
case("underscore in the name, as WSGI has it", "header-renamed", [["HTTP_X_PICTIFY_SIGNATURE", GOOD]])

# Times.
signed("t in milliseconds", "time-unit", PLAIN, t=NOW * 1000)
signed("t of time.time()", "time-form", PLAIN, t=NOW + 0.25)
signed("17 minutes old, like the event", "time-replay", PLAIN, now=NOW + 1020)
signed("clock behind", "time-behind", PLAIN, t=NOW - 1020)
signed("clock ahead", "time-future", PLAIN, t=NOW + 840)
signed("datetime.utcnow().timestamp() west of Greenwich", "time-zone", PLAIN, t=NOW + 5 * 3600)
signed("old, and the event much older", "time-old", PLAIN, t=NOW + 86400, now=NOW + 90000)

# The body, written again.
AGAIN = json.loads(RICH)
signed("json.dumps", "json-python", json.dumps(AGAIN).encode(), RICH)
signed("json.dumps with ensure_ascii=False", "json-python-unicode", json.dumps(AGAIN, ensure_ascii=False).encode(), RICH)
signed("json.dumps with sort_keys", "json-python-sorted", json.dumps(AGAIN, sort_keys=True).encode(), RICH)
signed("FastAPI's JSONResponse", "json-compact", json.dumps(AGAIN, ensure_ascii=False, separators=(",", ":")).encode(), RICH)
signed("separators only", "json-escaped", json.dumps(AGAIN, separators=(",", ":")).encode(), RICH)
signed("Flask's jsonify", "json-sorted-escaped", json.dumps(AGAIN, separators=(",", ":"), sort_keys=True).encode(), RICH)
signed("indent=2", "json-indent-2", json.dumps(AGAIN, indent=2).encode(), RICH)
signed("indent=4", "json-indent-4", json.dumps(AGAIN, indent=4).encode(), RICH)
signed("json.dump and print", "json-python", json.dumps(AGAIN).encode() + b"\n", RICH)
signed("data alone", "body-data-only", json.dumps(AGAIN["data"]).encode(), RICH)
signed("dumps of a str", "body-string", json.dumps(RICH.decode()).encode(), RICH)
signed("PHP's json_encode", "json-php", json.dumps(json.loads(PLAIN), separators=(",", ":")).replace("/", "\\/").encode())
signed("a proxy indented a compact body", "json-stringify", PLAIN, json.dumps(json.loads(PLAIN), indent=3).encode())


def symfony(text):
    for c in "<>&'":
        text = text.replace(c, "\\u%04X" % ord(c))
    return text.replace("/", "\\/")


PHPISH = RICH.replace(b"1.0,", b"1,").replace(b"1e3", b"1000").replace(b'"ratio":0.0000001,', b"").replace(b'"empty":{}', b'"empty":[]')
signed("Symfony's JsonResponse", "json-symfony", symfony(json.dumps(json.loads(PHPISH), separators=(",", ":"))).encode(), PHPISH)
signed("Laravel's response()->json() with an empty object", "json-php",
       json.dumps(json.loads(PHPISH), separators=(",", ":")).replace("/", "\\/").encode(), PHPISH.replace(b'"empty":[]', b'"empty":{}'))
signed("JSON_UNESCAPED_UNICODE", "json-php-unicode", json.dumps(json.loads(PHPISH), separators=(",", ":"), ensure_ascii=False).replace("/", "\\/").encode(), PHPISH)


def dotnet(text):
    return re.sub(r"[<>&'+`]", lambda m: "\\u%04X" % ord(m[0]), re.sub(r"\\u[0-9a-f]{4}", lambda m: "\\u" + m[0][2:].upper(), text))


signed(".NET's System.Text.Json", "json-dotnet", dotnet(json.dumps(json.loads(PHPISH), separators=(",", ":"))).encode(), PHPISH)
signed("PostgreSQL's jsonb", "json-database",
       json.dumps(json.loads(PLAIN, object_pairs_hook=lambda p: dict(sorted(p, key=lambda kv: (len(kv[0]), kv[0])))), ensure_ascii=False).encode())
signed("Gson", "json-gson", re.sub(r"[<>&=']", lambda m: "\\u%04x" % ord(m[0]), json.dumps(json.loads(PHPISH), separators=(",", ":"), ensure_ascii=False)).encode(), PHPISH)


def java(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}={java(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(java, value)) + "]"
    return {True: "true", False: "false", None: "null"}.get(value, str(value)) if not isinstance(value, str) else value


signed("Java's Map in a text", "text-java", java(json.loads(PLAIN)).encode())

# The same with every odd number and character.
HARD = GIVEN["hard"].encode()
HARDER = json.loads(HARD)
signed("hard: json.dumps", "json-python", json.dumps(HARDER).encode(), HARD)
signed("hard: json.dumps with ensure_ascii=False", "json-python-unicode", json.dumps(HARDER, ensure_ascii=False).encode(), HARD)
signed("hard: FastAPI's JSONResponse", "json-compact", json.dumps(HARDER, ensure_ascii=False, separators=(",", ":")).encode(), HARD)
signed("hard: indent=4, sort_keys", "json-indent-4", json.dumps(HARDER, indent=4, sort_keys=True).encode(), HARD)
signed("hard: indent=2", "json-indent-2", json.dumps(HARDER, indent=2).encode(), HARD)
signed("hard: dict", "text-python", str(HARDER).encode(), HARD)
signed("hard: bytes", "body-bytes-literal", repr(HARD).encode(), HARD)
signed("hard: bytearray", "body-bytes-literal", str(bytearray(HARD)).encode(), HARD)

# The body, otherwise.
signed("line feed added", "body-newline-added", PLAIN + b"\n")
signed("stripped", "body-newline-removed", PRETTY.strip(), PRETTY)
signed("CRLF", "body-crlf", PRETTY.replace(b"\n", b"\r\n"), PRETTY)
signed("universal newlines", "body-lf", PRETTY, PRETTY.replace(b"\n", b"\r\n"))
signed("byte-order mark added", "body-bom-added", PLAIN.decode().encode("utf-8-sig"))
signed("byte-order mark removed", "body-bom-removed", PLAIN, b"\xef\xbb\xbf" + PLAIN)
signed("Latin-1", "body-latin1", LATIN.decode().encode("latin-1"), LATIN)
signed("Windows-1252", "body-windows-1252", LATIN.decode().replace("introuvable", "introuvable – 5 €").encode("cp1252"), LATIN.decode().replace("introuvable", "introuvable – 5 €").encode())
signed("UTF-8 taken for Latin-1", "body-mojibake", LATIN.decode("latin-1").encode(), LATIN)
signed("UTF-16", "body-utf16", PLAIN.decode().encode("utf-16"))
signed("encode('ascii', 'replace')", "body-question-marks", LATIN.decode().encode("ascii", "replace"), LATIN)
signed("decode(errors='replace')", "body-replaced", LATIN[:-9].decode(errors="replace").encode() + b"\xef\xbf\xbd}", LATIN[:-9] + b"\xe9}")
signed("cut at 100 bytes", "body-truncated", PLAIN[:100])
signed("as many bytes as characters", "body-truncated", RICH[:len(RICH.decode())], RICH)
signed("nothing", "body-empty", b"")
signed("None", "body-literal", str(None).encode())
signed("base64", "body-base64", base64.b64encode(PLAIN))
signed("hex", "body-hex", PLAIN.hex().encode())
signed("its digest", "body-digest", hashlib.sha256(PLAIN).hexdigest().encode())
signed("a form", "body-form", urllib.parse.urlencode({"payload": PLAIN.decode()}).encode())
signed("html.escape", "body-html", html.escape(RICH.decode()).encode(), RICH)
signed("twice", "body-twice", PLAIN * 2)
signed("from a form", "body-unwrapped", PLAIN, urllib.parse.urlencode({"payload": PLAIN.decode()}).encode())
signed("from base64", "body-unwrapped", PLAIN, base64.b64encode(PLAIN))
signed("from a JSON string", "body-unquoted", PLAIN, json.dumps(PLAIN.decode()).encode())
signed("another's secret, and dumped again", "key-other json-python", json.dumps(json.loads(PLAIN)).encode(), key=OTHERS["subscription wh_B"].encode())
signed("a stray newline, and dumped again", "key-newline json-python", json.dumps(json.loads(PLAIN)).encode(), key=(SECRET + "\n").encode())

# What a handler computed, from a delivery that is as it should be.
case("handler: request.json dumped again", "json-python", header(digest(b"%d." % NOW + RICH).hexdigest()), RICH,
     expected=digest(b"%d." % NOW + json.dumps(AGAIN).encode()).hexdigest(), handler=True)
case("handler: no time", "message-no-time", GOOD, expected=digest(PLAIN).hexdigest(), handler=True)
case("handler: base64", "encoding-base64", GOOD, expected=base64.b64encode(RIGHT.digest()).decode(), handler=True)
case("handler: capitals", "encoding-upper", GOOD, expected=RIGHT.hexdigest().upper(), handler=True)
case("handler: right, but compared with all of the header", "compare", GOOD, expected=RIGHT.hexdigest(), handler=True)
case("handler: repr", "encoding-literal", GOOD, expected=repr(RIGHT.hexdigest().encode()), handler=True)
case("handler: its own clock", "time-shuffled", GOOD, expected=digest(b"%d." % (NOW + 3) + PLAIN).hexdigest(), handler=True)
case("handler: another secret", "key-other", GOOD, expected=digest(b"%d." % NOW + PLAIN, OTHERS["subscription wh_B"].encode()).hexdigest(), handler=True)
case("handler: saw its dict dumped again", "json-python", header(digest(b"%d." % NOW + RICH).hexdigest()), RICH, handled=json.dumps(AGAIN).encode(), handler=True)
case("handler: saw the same", "handler-same-bytes", GOOD, handled=PLAIN, handler=True)
case("handler: saw something else", "body-other", GOOD, handled=PLAIN.replace(b"test_123", b"test_124"), handler=True)
case("handler: saw half of it", "body-truncated", GOOD, handled=PLAIN[:60], handler=True)
case("a proxy changed it before it was recorded", "body-changed-on-way", GOOD, PLAIN.replace(b"test_123", b"test_124"), handled=PLAIN)

sys.stdout.write(json.dumps(cases, indent=1) + "\n")
