"""Drives the snippets of Flask, FastAPI and Django, see README.md: python3 drive.py FRAMEWORK, with the
snippet beside it as pictify.py."""

import asyncio
import base64
import concurrent.futures
import sys
import time
import traceback

said = []
answered = False


def say(*words):
    text = " ".join(str(word) for word in words)
    said.append((">" if answered else "<") + base64.b64encode(text.encode("utf-8", "surrogatepass")).decode())


class Slow:
    """A pool whose threads begin when the answer has been sent."""

    def __init__(self, max_workers=None):
        self.tasks = []

    def submit(self, func, *args):
        self.tasks.append((func, args))


concurrent.futures.ThreadPoolExecutor = Slow
import pictify  # noqa: E402

pictify.print = say


class Headers(dict):
    def get(self, name, default=None):
        return super().get(name.lower(), default)


def run(tasks):
    for func, args in tasks:
        try:
            func(*args)
        except Exception:
            traceback.print_exc()
    tasks.clear()


def flask(headers, body):
    from flask import request
    request.start(headers, body)
    result = pictify.pictify.routes["/webhooks/pictify"]()
    return result[1] if isinstance(result, tuple) else 200, pictify.pool.tasks


def fastapi(headers, body):
    from fastapi import BackgroundTasks, Request
    background = BackgroundTasks()
    response = asyncio.run(pictify.router.routes["/webhooks/pictify"](Request(headers, body), background))
    return response.status_code, background.tasks


class DjangoRequest:
    method = "POST"


def django(headers, body):
    request = DjangoRequest()
    request.headers, request.body = headers, body
    if not getattr(pictify.receive, "csrf_exempt", False):
        return 403, []  # CsrfViewMiddleware
    return pictify.receive(request).status_code, pictify.pool.tasks


def decode(field):
    return None if field == "-" else base64.b64decode(field[1:])


app = {"flask": flask, "fastapi": fastapi, "django": django}[sys.argv[1]]
print("ready", flush=True)
for line in sys.stdin:
    now, signature, delivery_id, content_type, body = line.rstrip("\n").split(" ")
    time.time = lambda: float(now)
    headers = Headers()
    for name, field in (("x-pictify-signature", signature), ("x-pictify-delivery-id", delivery_id), ("content-type", content_type)):
        if field != "-":
            headers[name] = decode(field).decode("latin-1")  # as WSGI and ASGI have them
    answered = False
    try:
        status, tasks = app(headers, decode(body))
    except Exception:
        traceback.print_exc()
        status, tasks = 500, []
    answered = True
    run(tasks)
    print(" ".join([str(status), *said]), flush=True)
    said.clear()
