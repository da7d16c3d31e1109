"""The operators' console, their API and feeds, and how this installation does: all over HTTP."""
