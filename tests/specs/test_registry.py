"""Registries: a new file is a new entry, listing imports nothing, and names are unique."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from specs.errors import UsageError
from specs.registry import BACKBONES, DATASETS, INITIALIZERS, KINDS, Registry

PROJECT = Path(__file__).resolve().parents[2]

FILES = {
    "__init__": '"""A package."""',
    "red_square": '"""Red: a square.\n\nMore."""\n\nclass RedSquare:\n'
    "    def __init__(self, size: int = 2) -> None:\n        self.size = size\n",
    "circle": '"""A circle."""\n\ndef circle(radius: float) -> float:\n    return radius\n',
    "machinery": '"""Not an entry."""\n\nclass Engine:\n    pass\n\nif True:\n    def machinery() -> None: ...\n',
    "broken": '"""Cannot be imported."""\n\nclass Broken:\n    pass\n\nraise RuntimeError("imported")\n',
}


@pytest.fixture
def shapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The registry of a package that exists for this test only."""
    folder = tmp_path / "shapes"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "shapes"]:
        monkeypatch.delitem(sys.modules, name)
    return Registry("shape", "shapes", "medtransfer.test_shapes")


def install(folder: Path, distribution: str, entry_point: str) -> None:
    """What pip leaves beside an installed distribution."""
    info = folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\nSummary: A plugin.\n")
    (info / "entry_points.txt").write_text(f"[medtransfer.test_shapes]\n{entry_point}\n")


def test_files_that_define_their_own_name_are_entries_and_others_are_machinery(shapes: Registry) -> None:
    assert {name: entry.attribute for name, entry in shapes.entries.items()} == {
        "broken": "Broken",
        "circle": "circle",
        "red_square": "RedSquare",
    }


def test_the_description_is_the_first_line_of_the_files_docstring(shapes: Registry) -> None:
    assert shapes.entries["red_square"].description == "Red: a square."


def test_listing_imports_no_entry(shapes: Registry) -> None:
    assert "broken" in shapes.entries  # importing it would raise
    assert not [name for name in sys.modules if name.startswith("shapes.")]


def test_only_the_entry_that_is_asked_for_is_imported(shapes: Registry) -> None:
    assert shapes.build("red_square(3)").size == 3
    assert [name for name in sys.modules if name.startswith("shapes.")] == ["shapes.red_square"]


def test_an_expression_is_bound_and_built_with_its_defaults(shapes: Registry) -> None:
    assert str(shapes.bind("red_square")) == "red_square(size=2)"
    assert shapes.build("circle(2)") == 2.0


def test_an_unknown_name_lists_the_near_matches_or_all_names(shapes: Registry) -> None:
    with pytest.raises(UsageError, match=r'^unknown shape "red_sqare"\. Did you mean "red_square"\?$'):
        shapes.build("red_sqare")
    with pytest.raises(UsageError, match=r'^unknown shape "zzz"\. Known: broken, circle, red_square\.$'):
        shapes.get("zzz")


def test_an_error_inside_our_own_entry_is_not_hidden(shapes: Registry) -> None:
    with pytest.raises(RuntimeError, match="imported"):
        shapes.get("broken")


def test_a_plugin_is_an_entry_with_its_distributions_summary(shapes: Registry, tmp_path: Path) -> None:
    install(tmp_path, "more-shapes", "count = collections:Counter")
    entry = shapes.entries["count"]
    assert (entry.description, entry.distribution) == ("A plugin.", "more-shapes")
    assert shapes.get("count").__name__ == "Counter"


@pytest.mark.parametrize("target", ["no_such_module_here:Thing", "collections:NoSuchThing"])
def test_a_plugin_that_cannot_be_imported_is_named_with_its_distribution(
    shapes: Registry, tmp_path: Path, target: str
) -> None:
    install(tmp_path, "more-shapes", f"hexagon = {target}")
    assert shapes.build("circle(1)") == 1.0  # others are not disturbed
    with pytest.raises(
        UsageError, match=rf"\"hexagon\" of the distribution more-shapes cannot be imported from {target}"
    ):
        shapes.get("hexagon")


PLUGINS = {
    "ends": "raise SystemExit(0)",
    "divides": "1 / 0",
    "is_no_python": "def (",
    "recurs": "def f(): f()\nf()",
    "is_no_function": "Thing = 3",
    "is_built_in": "Thing = type",
    "has_odd_types": "def Thing(x: 'Nowhere' = 1): pass",
    "has_no_types": "def Thing(x=1): pass",
    "raises": "class Thing:\n    def __init__(self):\n        raise KeyError('x')",
}
"""Modules of plugins, each of which fails in a way of its own."""


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_that_fails_in_whatever_way_is_named_with_its_distribution(
    shapes: Registry, tmp_path: Path, name: str
) -> None:
    (tmp_path / f"plugin_that_{name}.py").write_text(PLUGINS[name])
    install(tmp_path, "more-shapes", f"hexagon = plugin_that_{name}:Thing")
    with pytest.raises(UsageError, match=r'the shape "hexagon" of the distribution more-shapes .*Repair or uninstall'):
        shapes.build("hexagon")
    assert shapes.build("circle(1)") == 1.0


def test_a_plugin_that_leaves_the_type_of_a_parameter_out_is_told_which(shapes: Registry, tmp_path: Path) -> None:
    (tmp_path / "plugin_without_types.py").write_text("def square(side: float, color='red'): pass")
    install(tmp_path, "more-shapes", "square = plugin_without_types:square")
    with pytest.raises(UsageError, match=r"its parameter color has no type; write it as in `color: str`"):
        shapes.build("square(2)")


def test_an_entry_point_that_is_none_is_named(shapes: Registry, tmp_path: Path) -> None:
    install(tmp_path, "more-shapes", "hexagon = (")
    with pytest.raises(UsageError, match=r"the entry point hexagon = \( of the group medtransfer\.test_shapes"):
        _ = shapes.entries


def test_metadata_that_cannot_be_read_is_said(shapes: Registry, tmp_path: Path) -> None:
    install(tmp_path, "more-shapes", "hexagon = collections:Counter")
    with next(tmp_path.glob("*.dist-info/entry_points.txt")).open("ab") as file:
        file.write(b"\xff\xfe = x\n")
    with pytest.raises(UsageError, match="entry points of an installed distribution cannot be read"):
        _ = shapes.entries


def test_a_name_of_ours_taken_by_a_plugin_names_both_distributions(shapes: Registry, tmp_path: Path) -> None:
    install(tmp_path, "more-shapes", "circle = collections:Counter")
    with pytest.raises(UsageError, match=r'"circle" is defined twice: .*\(medtransfer\).*\(more-shapes\).*Rename'):
        shapes.get("red_square")


def test_a_name_taken_by_two_plugins_names_both_distributions(shapes: Registry, tmp_path: Path) -> None:
    install(tmp_path, "one-shape", "star = collections:Counter")
    install(tmp_path, "two-shapes", "star = collections:OrderedDict")
    with pytest.raises(UsageError, match=r'"star" is defined twice: .*one-shape.*two-shapes|two-shapes.*one-shape'):
        _ = shapes.entries


@pytest.mark.parametrize("registry", KINDS.values(), ids=KINDS.keys())
def test_every_entry_of_ours_is_described_in_a_sentence_that_fits_a_line(registry: Registry) -> None:
    for entry in registry.entries.values():
        assert 10 < len(entry.description) <= 120 and entry.description.endswith((".", ")")), entry


def test_entries_are_light_and_refer_to_heavy_libraries_inside_functions_only() -> None:
    heavy = {"torch", "numpy", "timm", "pytorch_lightning", "albumentations", "cv2", "pandas", "scipy"}
    for registry in (BACKBONES, DATASETS, INITIALIZERS):
        for entry in registry.entries.values():
            if entry.distribution != "medtransfer":
                continue
            tree = ast.parse((PROJECT / (entry.module.replace(".", "/") + ".py")).read_bytes())
            imported = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
            imported |= {node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)}
            assert not heavy & {name.partition(".")[0] for name in imported}, entry.module


def test_listing_and_binding_every_registry_imports_nothing_heavy() -> None:
    code = (
        "import sys; from specs.registry import KINDS, INITIALIZERS, DATASETS, BACKBONES\n"
        "[registry.entries for registry in KINDS.values()]\n"
        "INITIALIZERS.bind('mean_var(fractals)'), DATASETS.bind('fractals'), BACKBONES.bind('tiny')\n"
        "print([name for name in ('torch', 'numpy', 'timm', 'pytorch_lightning') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_the_shortest_form_leaves_out_a_default_that_is_an_expression() -> None:
    for text in ("gabor", "gabor(random)", 'gabor(random(residual="one"))'):
        assert str(INITIALIZERS.short(text)) == "gabor"
    assert str(INITIALIZERS.short('gabor(random(residual="zero"))')) == 'gabor(source=random(residual="zero"))'
