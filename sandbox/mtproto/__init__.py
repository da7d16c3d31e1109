"""A loopback MTProto server that the unmodified Telethon talks to as if it were Telegram."""

from sandbox.mtproto.faults import Delay, DropSocket, NoAnswer, RpcFault
from sandbox.mtproto.lasting import Lasting
from sandbox.mtproto.server import MtprotoServer

__all__ = ["Delay", "DropSocket", "Lasting", "MtprotoServer", "NoAnswer", "RpcFault"]
