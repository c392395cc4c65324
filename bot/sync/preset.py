"""Owns presets: small data files that say what another program's export means."""

from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bot.errors import InvalidInput, Text

FIELDS = (
    "customer", "need", "ref", "product", "stage", "owner", "owner_email", "captured", "closed", "amount", "source", "region",
    "industry", "website", "credit_code", "contact_name", "contact_email", "contact_phone", "contact_title", "reason",
)  # fmt: skip
_STRICT = ConfigDict(extra="forbid", frozen=True)


class TeamsFile(BaseModel):
    """The file that says who is in which team; the values are its columns."""

    model_config = _STRICT

    file: str
    team: str
    rep: str
    manager: str | None = None


class CustomersFile(BaseModel):
    """The file that describes customers; the values are its columns."""

    model_config = _STRICT

    file: str
    name: str
    industry: str | None = None
    region: str | None = None
    website: str | None = None
    credit_code: str | None = None


class ProductsFile(BaseModel):
    """The file that lists products; a product that is not in it is remarked upon."""

    model_config = _STRICT

    file: str
    name: str


class Preset(BaseModel):
    """What a file's columns and values mean.

    Attributes:
        file: Name of the file of opportunities where the export is a folder of files.
        columns: Our field to the file's column.
        currency: ISO 4217 code of the amounts; None for the team's own.
        stages: The file's value to the key of a stage; a value not in it may still be the key or name of one.
        closed_from: The stage that closed ones were in before.
        undated: When a row without a beginning began: at the last day that the file names, or now.
        fixes: By field, the file's slip to what was meant.
        date_format: As of ``strptime``, where dates are not written as 2026-03-31.
        playbook: What differs from the default playbook, for teams that the file brings.
    """

    model_config = _STRICT

    title: str = ""
    file: str | None = None
    columns: dict[str, str]
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    stages: dict[str, str] = Field(default_factory=dict)
    closed_from: str | None = None
    undated: Literal["now", "last_day"] = "now"
    fixes: dict[str, dict[str, str]] = Field(default_factory=dict)
    date_format: str | None = None
    teams: TeamsFile | None = None
    customers: CustomersFile | None = None
    products: ProductsFile | None = None
    playbook: dict[str, Any] | None = None

    @field_validator("columns")
    @classmethod
    def _known_fields(cls, value: dict[str, str]) -> dict[str, str]:
        for field in value:
            if field not in FIELDS:
                raise InvalidInput({field: Text("import.unknown_field", field=field, fields=", ".join(FIELDS))})
        return value

    @model_validator(mode="after")
    def _has_the_least(self) -> "Preset":
        if not {"customer", "need"} <= self.columns.keys():
            raise InvalidInput({"columns": Text("import.needs_customer")})
        return self


def preset_names() -> tuple[str, ...]:
    """Return the names of the presets that came with the program."""
    folder = resources.files("bot.sync") / "presets"
    return tuple(sorted(one.name.removesuffix(".yaml") for one in folder.iterdir() if one.name.endswith(".yaml")))


def load_preset(name: str) -> Preset:
    """Return a preset by its name, or from a YAML file of one's own by its path.

    Raises:
        InvalidInput: There is none, or it says something that cannot be used.
    """
    if name in preset_names():
        text = (resources.files("bot.sync") / "presets" / f"{name}.yaml").read_text("utf-8")
    elif name.endswith((".yaml", ".yml")) and Path(name).is_file():
        text = Path(name).read_text("utf-8")
    else:
        raise InvalidInput({"preset": Text("import.no_preset", name=name, names=", ".join(preset_names()))})
    try:
        return Preset.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        fault = error.errors()[0]
        what = f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        raise InvalidInput({"preset": Text("import.bad_preset", path=name, what=what)}) from error
    except yaml.YAMLError as error:
        raise InvalidInput(
            {"preset": Text("import.bad_preset", path=name, what=str(error).split("\n", 1)[0])}
        ) from error
