"""Rulings about registrations, why a ruling lapsed, what a registration yielded to, and customers that are not one."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SHORT = sa.String(255)
INSTANT = sa.DateTime(timezone=True)
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Add the columns and the table."""
    op.drop_index("uq_ruling_open", table_name="ruling")
    with op.batch_alter_table("ruling") as batch_op:
        batch_op.alter_column("opportunity_id", existing_type=BIG, nullable=True)
        batch_op.add_column(sa.Column("registration_id", BIG, nullable=True))
        batch_op.add_column(sa.Column("cause", SHORT, nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_ruling_registration_id"), "registration", ["registration_id"], ["id"]
        )
    _open_index("uq_ruling_open", "opportunity_id")
    _open_index("uq_ruling_open_registration", "registration_id")
    with op.batch_alter_table("registration") as batch_op:
        batch_op.add_column(sa.Column("yielded_to_id", BIG, nullable=True))
    op.create_table(
        "distinction",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("first_id", BIG, nullable=False),
        sa.Column("second_id", BIG, nullable=False),
        sa.Column("by_id", BIG, nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("workspace_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["first_id"], ["customer.id"], name=op.f("fk_distinction_first_id")),
        sa.ForeignKeyConstraint(["second_id"], ["customer.id"], name=op.f("fk_distinction_second_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_distinction_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distinction")),
        sa.UniqueConstraint(
            "workspace_id", "first_id", "second_id", name=op.f("uq_distinction_workspace_id_first_id_second_id")
        ),
    )


def downgrade() -> None:
    """Take them away again, with the rulings that are about a registration."""
    op.drop_table("distinction")
    op.drop_index("uq_ruling_open_registration", table_name="ruling")
    op.drop_index("uq_ruling_open", table_name="ruling")
    op.execute("DELETE FROM ruling WHERE opportunity_id IS NULL")
    with op.batch_alter_table("registration") as batch_op:
        batch_op.drop_column("yielded_to_id")
    with op.batch_alter_table("ruling") as batch_op:
        batch_op.drop_constraint(op.f("fk_ruling_registration_id"), type_="foreignkey")
        batch_op.drop_column("cause")
        batch_op.drop_column("registration_id")
        batch_op.alter_column("opportunity_id", existing_type=BIG, nullable=False)
    _open_index("uq_ruling_open", "opportunity_id")


def _open_index(name: str, column: str) -> None:
    op.create_index(
        name, "ruling", [column, "asked_by_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
