"""As much of Django 5.2's cache as the snippet uses. Source: docs.djangoproject.com/en/5.2/topics/cache."""


class Cache:
    def __init__(self):
        self.values = {}

    def add(self, key, value, timeout=300):
        """Store value unless key is there, and report whether it was stored."""
        return key not in self.values and not self.values.update({key: value})


cache = Cache()
