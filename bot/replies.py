"""What is to be said for an update, in a form that outlives the process: a request of the Bot API as JSON."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, replace
from typing import Any

from telegram import InputFile
from telegram.request import RequestData

from bot.requests import form_of, parameter
from bot.rich_text import MESSAGE_UNITS, units
from storage.ids import SubscriberId

_PUTS = ("send", "copy", "forward")


@dataclass(frozen=True, slots=True)
class Reply:
    """One request. `parameters` are encoded as they go over the wire; `files` are name -> (file name, base64)."""

    endpoint: str
    chat_id: int | None
    parameters: dict[str, str]
    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    owner: SubscriberId | None = None
    """The subscriber whose chat it is, if it is the chat that is answered."""
    mark: str = ""
    """What it begins with when it may have been sent before."""

    @classmethod
    def of(cls, endpoint: str, data: dict[str, Any], *, owner: SubscriberId | None, mark: str) -> Reply:
        """From a request as the library makes it."""
        form = form_of(data)
        files = {name: (file[0], _encoded(file[1])) for name, file in (form.multipart_data or {}).items()}
        chat_id = data.get("chat_id")
        return cls(endpoint, chat_id if isinstance(chat_id, int) else None, form.json_parameters, files, owner, mark)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Reply:
        """What `to_json` made."""
        files = {name: (file[0], file[1]) for name, file in value["files"].items()}
        return cls(value["endpoint"], value["chat_id"], value["parameters"], files, value["owner"], value["mark"])

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "endpoint": self.endpoint,
            "chat_id": self.chat_id,
            "parameters": self.parameters,
            "files": {name: list(file) for name, file in self.files.items()},
            "owner": self.owner,
            "mark": self.mark,
        }

    @property
    def is_message(self) -> bool:
        """Whether it puts a message into a chat: made twice it is there twice. Everything else may be made again."""
        return self.endpoint.startswith(_PUTS)

    def form(self) -> RequestData:
        """As the library's request takes it."""
        form = [parameter(name, value) for name, value in self.parameters.items()]
        for name, (file_name, content) in self.files.items():
            form.append(parameter(name, None, [InputFile(base64.b64decode(content), file_name)]))
        return RequestData(form)

    def to_chat(self, chat_id: int) -> Reply:
        """The same to a chat that has another number now."""
        return replace(self, chat_id=chat_id, parameters={**self.parameters, "chat_id": str(chat_id)})

    def marked(self) -> Reply:
        """The same, saying that it may be a repeat; as it is where there is no room for that, or no text."""
        for name, entities, most in (("text", "entities", MESSAGE_UNITS), ("caption", "caption_entities", 1024)):
            said, mark = self.parameters.get(name), f"{self.mark}\n\n"
            if said and self.mark and units(mark + said) <= most:
                moved = json.loads(self.parameters.get(entities, "[]"))
                for entity in moved:
                    entity["offset"] += units(mark)
                return replace(
                    self, parameters={**self.parameters, name: mark + said, entities: json.dumps(moved)}
                )  # fmt: skip
        return self


def _encoded(content: Any) -> str:
    return base64.b64encode(content if isinstance(content, bytes) else content.read()).decode("ascii")
