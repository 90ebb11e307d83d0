import functools


def csrf_exempt(view):
    """Mark a view so that CsrfViewMiddleware lets a POST without a token through."""
    @functools.wraps(view)
    def wrapped(*args, **kwargs):
        return view(*args, **kwargs)
    wrapped.csrf_exempt = True
    return wrapped
