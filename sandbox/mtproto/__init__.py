"""A loopback MTProto server that the unmodified Telethon talks to as if it were Telegram."""

from sandbox.mtproto.faults import Delay, DropSocket, RpcFault
from sandbox.mtproto.server import MtprotoServer

__all__ = ["Delay", "DropSocket", "MtprotoServer", "RpcFault"]
