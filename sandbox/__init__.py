"""Telegram in a box: two loopback servers over one invented world, for the tests and for the demo."""
