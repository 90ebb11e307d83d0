"""Pictify's webhooks for FastAPI 0.92 or newer, Python 3.10 or newer.

    from pictify import router
    app.include_router(router)
"""

import hashlib
import hmac
import json
import os
import re
import time

from fastapi import APIRouter, BackgroundTasks, Request, Response

SECRET = os.environ.get("PICTIFY_WEBHOOK_SECRET", "")
if not SECRET:
    raise RuntimeError("PICTIFY_WEBHOOK_SECRET is not set")

# Ids of deliveries that were taken, because Pictify may send one twice. In production this is a
# table with a unique key: it outlives a restart, and all processes share it.
seen = set()

router = APIRouter()


@router.post("/webhooks/pictify")
async def receive(request: Request, background: BackgroundTasks):
    body = await request.body()  # not a parameter with a model: the raw bytes are signed
    if not verify(request.headers.get("X-Pictify-Signature"), body):
        return Response("invalid signature", status_code=401)
    event = parse(body)
    if event is None:
        return Response("not an event", status_code=400)

    delivery_id = request.headers.get("X-Pictify-Delivery-Id")
    again = delivery_id in seen
    if delivery_id:
        seen.add(delivery_id)

    # Answer first, then work: after 30 s Pictify gives up and sends it again. What is not done when
    # the process ends is lost, so in production put the event into a queue or a table, then answer.
    if not again:
        background.add_task(handle, event)
    return Response("ok")


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
