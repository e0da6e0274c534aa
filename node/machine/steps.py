"""Steps that set something on this PC, told one by one; each may be done again."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from node.machine.asking import ask
from shared.kit.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Step:
    said: str
    """What it does, Chinese."""
    do: tuple[str, ...] | Callable[[], object]
    """A command of the system, or a function of ours."""
    may_fail: bool = False
    """Another way remains, or there was nothing to undo."""


def take(steps: Iterable[Step], say: Callable[[str], None]) -> None:
    """In order; Refusal at the first that must not fail and does."""
    for step in steps:
        problem = _problem(step)
        if problem and not step.may_fail:
            raise Refusal("step_failed", f"{step.said}：没有成功。{problem}")
        say(f"{step.said}……{'跳过：' + problem if problem else '好'}")


def _problem(step: Step) -> str:
    """Empty: it went well."""
    if callable(step.do):
        try:
            step.do()
        except OSError as error:
            return error.strerror or str(error)
        return ""
    said = ask(*step.do)
    return "" if said.is_good else said.text.strip()[-300:] or f"{step.do[0]} {said.code}"
