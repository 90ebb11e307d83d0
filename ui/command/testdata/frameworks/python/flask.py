"""As much of Flask 3.0 as the snippet uses. Source: flask.palletsprojects.com/en/stable/api."""


class Blueprint:
    def __init__(self, name, import_name):
        self.routes = {}

    def post(self, rule):
        return lambda view: self.routes.setdefault(rule, view)


class Request:
    def start(self, headers, body):
        self.headers = headers
        self.body = body

    def get_data(self):
        return self.body


request = Request()
