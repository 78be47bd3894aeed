"""Binding: one thing has one canonical form, and what does not fit is refused by name."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.execution.executors.slurm import Slurm
from specs.errors import UsageError
from specs.expression import Call, parse
from specs.signature import bind

if TYPE_CHECKING:
    from collections import OrderedDict


unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Sample:
    """Takes one of everything."""

    source: Annotated[Call, "initializers"]
    on: Annotated[str, "datamodules"] = "fractals"
    rate: float = 1.0
    count: int = 3
    mode: Literal["fast", "slow"] = "fast"
    sizes: tuple[float, ...] = ()
    note: str | None = None
    flag: bool = False


def nested(package: str, call: Call) -> Call:
    """A registry in which every name exists and takes no arguments; shows which registry was asked."""
    return Call(call.name, (), (*call.kwargs, ("registry", package)))


def bound(text: str, target: Any = Sample) -> str:
    return str(bind(parse(text), target, nested))


def test_every_argument_is_written_by_name_in_the_signatures_order_with_defaults() -> None:
    assert bound("sample(random)") == (
        'sample(source=random(registry="initializers"), on="fractals(registry=\\"datamodules\\")", rate=1.0, count=3, '
        'mode="fast", sizes=(), note=None, flag=False)'
    )


def test_all_spellings_of_one_thing_have_one_canonical_form() -> None:
    arguments = ["source=random", "rate=2", 'mode="slow"', "sizes=[1, 2]"]
    spellings = [f"sample({', '.join(order)})" for order in itertools.permutations(arguments)]
    spellings.append('sample(random, "fractals", 2.0, 3, "slow", (1.0, 2), None, False)')
    spellings.append("sample(random, rate=2e0, mode='slow', sizes=(1, 2.))")
    assert len({bound(text) for text in spellings}) == 1


@unhurried
@given(st.integers(-(2**53), 2**53), st.lists(st.integers(-100, 100), max_size=3))
def test_binding_again_changes_nothing(number: int, sizes: list[int]) -> None:
    def target(rate: float, sizes: tuple[float, ...], note: str | None = None) -> None: ...

    once = bind(Call("f", (number, tuple(sizes))), target, nested)
    assert str(bind(parse(str(once)), target, nested)) == str(once)
    assert all(type(size) is float for size in once.arguments()["sizes"])  # type: ignore[union-attr]


REFUSED = {
    "sample()": r"does not fit sample\(source, on='fractals'.*missing a required argument: 'source'",
    "sample(random, rte=1)": r'unknown argument of sample.* "rte"\. Did you mean "rate"',
    "sample(random, source=random)": "multiple values for argument 'source'",
    'sample("random")': 'argument source of sample: expected an expression without quotes, found "random"',
    "sample(random, fractals)": 'argument on of sample: expected an expression in "quotes", found fractals',
    'sample(random, "1 + 1")': "not an expression: '1 \\+ 1'",
    'sample(random, rate="1")': 'argument rate of sample: expected float, found "1"',
    "sample(random, rate=True)": "expected float, found True",
    "sample(random, count=1.0)": r"expected int, found 1\.0",
    "sample(random, count=True)": "expected int, found True",
    'sample(random, mode="slwo")': r'unknown value for argument mode of sample: "slwo"\. Did you mean "slow"',
    "sample(random, mode=1)": 'expected "fast" or "slow", found 1',
    "sample(random, sizes=1)": r"argument sizes of sample: expected values in brackets, each float, found 1",
    'sample(random, sizes=("a",))': r'found \("a",\)',
    "sample(random, note=3)": 'expected text in "quotes" or None, found 3',
    "sample(random, flag=1)": "expected bool, found 1",
    'sample(random, "a", 1, 2, "fast", (), None, True, 9)': "too many positional arguments",
}


@pytest.mark.parametrize(("text", "message"), REFUSED.items(), ids=REFUSED.keys())
def test_what_does_not_fit_is_refused_by_argument_with_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        bound(text)


def test_a_function_whose_result_type_is_imported_for_checks_only_can_be_bound() -> None:
    def network(width: int = 8) -> OrderedDict[str, int]:
        raise NotImplementedError

    assert bound("network", network) == "network(width=8)"


def test_a_class_takes_arguments_that_it_inherits_from_a_class_of_another_module() -> None:
    # The class adds no field of its own, and its module imports none of the names in their types.
    found = bound('slurm(nodes=2, accelerator="cpu")', Slurm)
    assert found.startswith('slurm(nodes=2, accelerator="cpu", partition=None')
    with pytest.raises(UsageError, match="accelerator"):
        bound('slurm(accelerator="tpu")', Slurm)
