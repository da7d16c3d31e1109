"""From channels to stored posts and owed alerts: the only package, besides the sandbox, that knows Telethon."""
