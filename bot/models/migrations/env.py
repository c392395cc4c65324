"""Run by Alembic: takes the connection that ``bot.models.migrate`` prepared and brings its schema to a revision."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from bot.models import Base
from bot.models.base import Instant

_PLAIN = {
    "BigInteger": 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")',
    "JSON": 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")',
}


def _render(kind: str, thing: Any, autogenerate: AutogenContext) -> str | Literal[False]:
    """Write our column types into a revision as plain SQLAlchemy, so that old revisions never depend on new code."""
    if kind != "type":
        return False
    if isinstance(thing, Instant):
        return "sa.DateTime(timezone=True)"
    # ``_variant_mapping`` is how SQLAlchemy keeps what ``with_variant`` was told; it has no public reader.
    if isinstance(thing, sa.types.TypeEngine) and thing._variant_mapping:  # noqa: SLF001 - see above
        if isinstance(thing, sa.JSON):
            autogenerate.imports.add("from sqlalchemy.dialects import postgresql")
        return _PLAIN[type(thing).__name__]
    return False


connection: sa.Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=_render,
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
