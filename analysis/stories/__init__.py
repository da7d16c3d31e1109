"""Which posts report one event: signatures that are kept with the posts, and a window that finds a new post's story.

signature = sign(text, terms, language)
verdict = window.find(Telling(post_id, post_id, channel_id, posted_at, signature))
window.add(Telling(post_id, verdict.story_id if verdict else post_id, channel_id, posted_at, signature))
"""

from __future__ import annotations

from analysis.stories.signature import Signature, SignatureError
from analysis.stories.signing import sign
from analysis.stories.similarity import Likeness
from analysis.stories.telling import Telling, Verdict
from analysis.stories.window import MOST_POSTS, SPAN, Window

__all__ = ["MOST_POSTS", "SPAN", "Likeness", "Signature", "SignatureError", "Telling", "Verdict", "Window", "sign"]
