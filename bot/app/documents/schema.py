"""The JSON schema of a command's `--json` document, made of the types in this package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from bot.adapters.whole_file import whole_file
from bot.app.documents.registry import DOCUMENTS
from bot.domain.errors import StorageError, UsageError


class _Closed(GenerateJsonSchema):
    """Objects take no key that their type does not name, so that a schema cannot fall behind."""

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        """The object's schema; its title would only repeat the name of a class."""
        found = super().typed_dict_schema(schema)
        found.pop("title", None)
        return {**found, "additionalProperties": False}

    def field_title_should_be_set(self, schema: Any) -> bool:
        """No titles: they would repeat the keys."""
        del schema
        return False


def document_schema(command: str) -> dict[str, Any]:
    """The draft 2020-12 schema of what `hourhand COMMAND --json` prints.

    Raises UsageError for a command that prints no document.
    """
    if command not in DOCUMENTS:
        raise UsageError(f"no command {command!r} with --json; there: {', '.join(DOCUMENTS)}")
    made = TypeAdapter(DOCUMENTS[command]).json_schema(
        mode="serialization", schema_generator=_Closed
    )
    head = {"$schema": _Closed.schema_dialect, "title": f"hourhand {command} --json"}
    return {**head, **{key: made[key] for key in sorted(made)}}


def write_schemas(folder: Path) -> list[Path]:
    """One file for each command, `db-info.json` for `db info`; returns them in order."""
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for command in DOCUMENTS:
            path = folder / file_name(command)
            with whole_file(path) as draft:
                draft.write_text(schema_text(command), encoding="utf-8")
            path.chmod(0o644)
            written.append(path)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror}") from None
    return written


def file_name(command: str) -> str:
    """The name of a published schema."""
    return f"{command.replace(' ', '-')}.json"


def schema_text(command: str) -> str:
    """A published schema as it stands in its file."""
    return json.dumps(document_schema(command), indent=2) + "\n"
