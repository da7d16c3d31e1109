"""A bounded memory of what each form's lemmas are, kept on disk between runs.

Looking a new Cyrillic form up in two dictionaries takes 60 to 300 µs, in this cache 0.1 µs (reference/performance.md);
a fresh process that loads the file starts at full speed.
"""

from __future__ import annotations

import json
import os
import tempfile
import zlib
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from analysis.recent import Recent

Lemmas = tuple[str, ...]

FORMAT = 1
"""Version of the file's layout; a file of another version is ignored."""

DEFAULT_BOUND = 400_000
"""Forms kept at most. About 60 MiB; two years of one hundred news channels hold fewer distinct forms."""


class LemmaCache(Recent[Lemmas]):
    """Form -> lemmas, computed once by `compute`: `cache[form]`. What it holds can be kept on disk."""

    def __init__(self, compute: Callable[[str], Lemmas], *, bound: int = DEFAULT_BOUND) -> None:
        super().__init__(compute, bound=bound)

    def save(self, path: Path, signature: str) -> None:
        """Write the cache to `path`, replacing the file at once: a reader sees the old file or the new one, whole.

        `signature` names what the lemmas depend on (dictionary versions); only a file with the same one is loaded
        again. Raises OSError when the folder cannot be written.
        """
        body = json.dumps({**self._old, **self}, ensure_ascii=False, separators=(",", ":")).encode()
        packed = zlib.compress(body, 1)
        header = {"format": FORMAT, "signature": signature, "bytes": len(packed), "crc": zlib.crc32(packed)}
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(json.dumps(header).encode() + b"\n" + packed)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def load(self, path: Path, signature: str) -> bool:
        """Take over what `save` wrote; False, with nothing changed, when the file is missing, damaged or of another
        make."""
        try:
            entries = _read(path, signature)
        except (OSError, ValueError, zlib.error):
            return False
        newest = islice(entries.items(), max(len(entries) - self._half, 0), None)
        self._old = dict(newest)
        return True


def _read(path: Path, signature: str) -> dict[str, Lemmas]:
    """The entries of a cache file. Raises OSError, ValueError or zlib.error for anything but a whole file of ours."""
    with path.open("rb") as file:
        head = json.loads(file.readline(1000))
        packed = file.read()
    if not isinstance(head, dict) or (head.get("format"), head.get("signature")) != (FORMAT, signature):
        raise ValueError("a lemma cache of another make")
    if (head.get("bytes"), head.get("crc")) != (len(packed), zlib.crc32(packed)):
        raise ValueError("a damaged lemma cache")
    entries = json.loads(zlib.decompress(packed))
    return {form: tuple(lemmas) for form, lemmas in entries.items()}
