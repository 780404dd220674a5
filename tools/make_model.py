"""Cut our operations out of botocore's models into the small tables that the wire is driven by.

    python tools/make_model.py            writes groupwall/wire/{ec2,sts,groupwall}.json
    python tools/make_model.py --check    writes nothing; exits 1 when a table is out of date

The operations are named in ``groupwall/wire/operations.txt``; groupwall's own model is taken whole. A table holds
shapes without prose, and the wire name of each member in both directions, so that the naming rules of a protocol are
applied here and nowhere else:

    operations  name: {"input": shape or null, "output": shape or null, "empty": true when the answer is always empty}
    shapes      structure  {"members": {member: [shape, name in a request, name in a reply]}, "required": [member]}
                list       {"item": shape, "in": path between the list and the index, "out": element of an item}
                scalar     {"type": ..., "min": ..., "max": ...}; a scalar without bounds is named by its type
    others      the service's further operations, so that one we lack can be told from nonsense
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

ROOT = Path(__file__).resolve().parent.parent
WIRE = ROOT / "groupwall" / "wire"
OWN = ROOT / "groupwall" / "models" / "groupwall" / "2026-11-01" / "service-2.json"
SCALARS = frozenset({"string", "integer", "long", "boolean", "timestamp", "blob"})

Json = dict[str, Any]


class Cutter:
    """The shapes of one botocore model, cut as operations ask for them."""

    def __init__(self, model: Json) -> None:
        self.model = model
        self.ec2 = model["metadata"]["protocol"] == "ec2"
        self.shapes: Json = {}

    def operation(self, name: str, *, empty: bool) -> Json:
        """Return the row of one operation, having cut the shapes that it uses."""
        source = self.model["operations"][name]
        given, answer = (source.get(side, {}).get("shape") for side in ("input", "output"))
        row: Json = {"input": self._cut(given, ()) if given else None}
        if empty:
            row |= {"output": self._lists_only(answer), "empty": True}
        else:
            row["output"] = self._cut(answer, ()) if answer else None
        return row

    def _cut(self, name: str, above: tuple[str, ...]) -> str:
        shape = self.model["shapes"][name]
        if name in above:
            sys.exit(f"{name} contains itself: the wire knows only shapes of a fixed depth")
        kind = shape["type"]
        if kind in SCALARS:
            return self._scalar(name, shape)
        if kind not in {"structure", "list"} or shape.get("flattened"):
            sys.exit(f"{name}: the wire does not know {kind} {'(flattened)' if shape.get('flattened') else ''}")
        if name not in self.shapes:
            cut = self._structure if kind == "structure" else self._list
            self.shapes[name] = cut(shape, (*above, name))
        return name

    def _scalar(self, name: str, shape: Json) -> str:
        bounds = {key: shape[key] for key in ("min", "max") if key in shape}
        if not bounds:
            return str(shape["type"])
        self.shapes[name] = {"type": shape["type"], **bounds}
        return name

    def _structure(self, shape: Json, above: tuple[str, ...]) -> Json:
        members = {
            member: [self._cut(ref["shape"], above), self._name_in(member, ref), ref.get("locationName", member)]
            for member, ref in sorted(shape["members"].items())
        }
        required = sorted(shape.get("required", ()))
        return {"members": members} | ({"required": required} if required else {})

    def _list(self, shape: Json, above: tuple[str, ...]) -> Json:
        ref = shape["member"]
        name = ref.get("locationName", "item" if self.ec2 else "member")
        return {"item": self._cut(ref["shape"], above), "in": "" if self.ec2 else name, "out": name}

    def _name_in(self, member: str, ref: Json) -> str:
        name: str = ref.get("locationName", member)
        if not self.ec2:
            return name
        return ref.get("queryName") or (name[0].upper() + name[1:])

    def _lists_only(self, name: str) -> str:
        """Reduce an output to its lists, of text: an answer that is always empty needs no more."""
        refs = self.model["shapes"][name]["members"]
        lists = {key: ref for key, ref in refs.items() if self.model["shapes"][ref["shape"]]["type"] == "list"}
        self.shapes["EmptyList"] = {"item": "string", "in": "", "out": "item"}
        members = {key: ["EmptyList", key, ref.get("locationName", key)] for key, ref in sorted(lists.items())}
        self.shapes[name] = {"members": members}
        return name


def table(model: Json, whole: list[str], empty: list[str]) -> str:
    """Return the text of a table: one operation, shape or name to a line."""
    cutter = Cutter(model)
    rows = {name: cutter.operation(name, empty=name in empty) for name in sorted([*whole, *empty])}
    others = sorted(model["operations"].keys() - rows.keys())
    names = ",".join(f"\n{json.dumps(name)}" for name in others)
    return f'{{\n"operations": {_lines(rows)},\n"shapes": {_lines(cutter.shapes)},\n"others": [{names}\n]\n}}\n'


def _lines(rows: Json) -> str:
    lines = (f"{json.dumps(name)}: {json.dumps(row, separators=(',', ':'))}" for name, row in sorted(rows.items()))
    return "{\n" + ",\n".join(lines) + "\n}"


def wanted() -> dict[str, list[str]]:
    """Return the operations named in operations.txt, by section."""
    sections: dict[str, list[str]] = {}
    for line in (WIRE / "operations.txt").read_text().splitlines():
        if line.endswith(":"):
            names = sections.setdefault(line[:-1], [])
        elif line and not line.startswith("#"):
            names.append(line)
    return sections


def tables() -> dict[Path, str]:
    """Return the text of every table, by the file that holds it."""
    names, loader = wanted(), Loader()
    own = json.loads(OWN.read_text())
    ec2 = loader.load_service_model("ec2", "service-2", "2016-11-15")
    sts = loader.load_service_model("sts", "service-2", "2011-06-15")
    return {
        WIRE / "ec2.json": table(ec2, names["ec2"], names["empty"]),
        WIRE / "sts.json": table(sts, names["sts"], []),
        WIRE / "groupwall.json": table(own, list(own["operations"]), []),
    }


def main() -> int:
    """Write the tables, or with --check say which are out of date."""
    stale = {path: text for path, text in tables().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        if "--check" in sys.argv[1:]:
            print(f"{path.relative_to(ROOT)} is out of date: run python tools/make_model.py")
        else:
            path.write_text(text)
            print(f"{path.relative_to(ROOT)} written")
    return 1 if stale and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
