"""Posts that are surely about a topic, as SQL: the other half of `analysis.labels.sure_codes`."""

from __future__ import annotations

import json

from sqlalchemy import ColumnElement, and_, cast, false, func, literal
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, JSONPATH
from sqlalchemy.types import Text

from analysis.labels import SURE
from analysis.taxonomy import TOPICS, descendants
from storage.models import PostRow

SURELY = "$[*] ? (@.score >= $least && @.code == $codes[*])"
"""A topic of the post, stored with its score, that is one of those."""


def is_surely_about(code: str) -> ColumnElement[bool]:
    """Whether a post has the topic, or one below it, with a score of SURE at least.

    The codes go first: they have an index, and of few posts the scores are then read.
    """
    if code not in TOPICS:
        return false()
    wanted = json.dumps({"least": SURE, "codes": sorted(descendants(code))})
    about = PostRow.topic_codes.bool_op("@>")(cast(literal([code], ARRAY(Text)), ARRAY(Text)))
    return and_(about, func.jsonb_path_exists(PostRow.topics, cast(SURELY, JSONPATH), cast(literal(wanted), JSONB)))
