"""Pictify's webhooks for Flask 2.0 or newer, Python 3.10 or newer.

    from pictify import pictify
    app.register_blueprint(pictify)   # with Flask-WTF also: csrf.exempt(pictify)
"""

import hashlib
import hmac
import json
import logging
import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from flask import Blueprint, request

SECRET = os.environ.get("PICTIFY_WEBHOOK_SECRET", "")
if not SECRET:
    raise RuntimeError("PICTIFY_WEBHOOK_SECRET is not set")

# Ids of deliveries that were taken, because Pictify may send one twice. In production this is a
# table with a unique key: it outlives a restart, and all processes share it.
seen = set()
seen_lock = threading.Lock()

pictify = Blueprint("pictify", __name__)
pool = ThreadPoolExecutor(max_workers=4)


@pictify.post("/webhooks/pictify")
def receive():
    body = request.get_data()  # not request.json: the raw bytes are signed
    if not verify(request.headers.get("X-Pictify-Signature"), body):
        return "invalid signature", 401
    event = parse(body)
    if event is None:
        return "not an event", 400

    # Answer first, then work: after 30 s Pictify gives up and sends it again. What is not done when
    # the process ends is lost, so in production put the event into a queue or a table, then answer.
    if first_time(request.headers.get("X-Pictify-Delivery-Id")):
        pool.submit(work, event)
    return "ok", 200


def first_time(delivery_id):
    with seen_lock:
        again = delivery_id in seen
        if delivery_id:
            seen.add(delivery_id)
        return not again


def verify(header, body, now=None):
    """Report whether header signs "t.", then the bytes of the body as they came."""
    parts = [re.fullmatch("([!-<>-~]+)=([!-<>-~]*)", part) for part in (header or "").split(",")]
    if None in parts:
        return False
    t = [part[2] for part in parts if part[1] == "t"]
    v1 = [part[2].lower() for part in parts if part[1] == "v1"]  # several while a secret is replaced
    now = int(time.time()) if now is None else now
    if len(t) != 1 or not re.fullmatch("[1-9][0-9]{0,14}", t[0]) or abs(now - int(t[0])) > 300:
        return False
    if len(v1) > 8 or not all(re.fullmatch("[0-9a-f]{64}", mac) for mac in v1):
        return False
    want = hmac.new(SECRET.encode(), t[0].encode() + b"." + body, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(mac, want) for mac in v1)


def parse(body):
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


def work(event):
    try:
        handle(event)
    except Exception:  # nobody looks at what a pool's function raises
        logging.exception("pictify: %s", event["event"])


def handle(event):
    data = event.get("data")
    match event["event"]:
        case "render.completed":
            print(event["event"], data["imageId"], data["url"])
        case "render.failed":
            print(event["event"], data["errorCode"], data["error"])
        case "batch.completed":
            print(event["event"], data["batchId"], data["status"])
        case _:  # binding.updated, binding.failed, and what Pictify may add: it has its 200
            pass
