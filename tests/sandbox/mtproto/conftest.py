"""Fixtures of the MTProto half's tests: its world runs on the machine's clock, as the protocol does."""

from __future__ import annotations

from tests.sandbox.mtproto_fixtures import alice, client, reader, server, world

__all__ = ["alice", "client", "reader", "server", "world"]
