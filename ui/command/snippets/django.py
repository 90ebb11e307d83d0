"""Pictify's webhooks for Django 3.2 or newer, Python 3.10 or newer. In urls.py:

    from yourapp.pictify import receive
    urlpatterns = [path("webhooks/pictify", receive), ...]
"""

import hashlib
import hmac
import json
import logging
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor

from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

SECRET = os.environ.get("PICTIFY_WEBHOOK_SECRET", "")
if not SECRET:
    raise ImproperlyConfigured("PICTIFY_WEBHOOK_SECRET is not set")

pool = ThreadPoolExecutor(max_workers=4)


@csrf_exempt  # Pictify has no cookie to check; the signature is the protection
@require_POST
def receive(request):
    body = request.body  # before anything else reads the request: the raw bytes are signed
    if not verify(request.headers.get("X-Pictify-Signature"), body):
        return HttpResponse("invalid signature", status=401)
    event = parse(body)
    if event is None:
        return HttpResponse("not an event", status=400)

    # Answer first, then work: after 30 s Pictify gives up and sends it again. What is not done when
    # the process ends is lost, so in production put the event into a queue (django.tasks, Celery)
    # or a table, then answer.
    if first_time(request.headers.get("X-Pictify-Delivery-Id")):
        pool.submit(work, event)
    return HttpResponse("ok")


def first_time(delivery_id):
    """Pictify may send a delivery twice, and retries for more than a day.

    In production the cache must be one that all processes share, or this a table with a unique key.
    """
    return not delivery_id or cache.add(f"pictify:{delivery_id}", True, 3 * 86400)


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
