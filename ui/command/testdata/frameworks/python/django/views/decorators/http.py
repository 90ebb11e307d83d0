import functools

from django.http import HttpResponse


def require_POST(view):
    @functools.wraps(view)
    def wrapped(request):
        return view(request) if request.method == "POST" else HttpResponse(status=405)
    return wrapped
