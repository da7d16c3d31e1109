"""${message}

Rules: number the file after the last one; take no long lock (lock_timeout is 4 s); add columns nullable or with a
constant default; build indexes on large tables CONCURRENTLY, outside the transaction; write the way back and run it.
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
