"""As much of FastAPI 0.115 as the snippet uses. Source: fastapi.tiangolo.com/reference."""


class APIRouter:
    def __init__(self):
        self.routes = {}

    def post(self, path):
        return lambda view: self.routes.setdefault(path, view)


class Request:
    def __init__(self, headers, content):
        self.headers = headers
        self.content = content

    async def body(self):
        return self.content


class Response:
    def __init__(self, content=None, status_code=200):
        self.status_code = status_code


class BackgroundTasks:
    """They run when the response has been sent."""

    def __init__(self):
        self.tasks = []

    def add_task(self, func, *args):
        self.tasks.append((func, args))
