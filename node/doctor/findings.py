"""What the doctor says: findings in three colours, each with a remedy unless it is green."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Light(StrEnum):
    GREEN = "green"
    AMBER = "amber"
    """Marking can go on; somebody should see to it."""
    RED = "red"
    """Marking cannot go on, or what is marked is not safe."""

    @property
    def label(self) -> str:
        return {"green": "正常", "amber": "注意", "red": "不行"}[self.value]


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    """What was looked at: port, firewall, rights, disk, restore, clock, hub …"""
    title: str
    light: Light
    said: str
    """What was found, one Chinese sentence."""
    remedy: str = ""
    """What to do; empty only where the light is green."""


def worst(findings: Sequence[Finding]) -> Light:
    order = (Light.GREEN, Light.AMBER, Light.RED)
    return max((f.light for f in findings), key=order.index, default=Light.GREEN)


def verdict(findings: Sequence[Finding]) -> str:
    """One sentence: can marking go on here?"""
    count = sum(f.light == worst(findings) for f in findings)
    return {
        Light.GREEN: "可以阅卷，全部检查正常。",
        Light.AMBER: f"可以阅卷，但有 {count} 项需要注意。",
        Light.RED: f"暂时不能放心阅卷：有 {count} 项必须处理。",
    }[worst(findings)]


def as_text(findings: Sequence[Finding]) -> str:
    """For the terminal, and for a file to send; the worst comes first."""
    order = (Light.RED, Light.AMBER, Light.GREEN)
    lines = []
    for found in sorted(findings, key=lambda f: order.index(f.light)):
        lines.append(f"[{found.light.label}] {found.title}：{found.said}")
        if found.remedy:
            lines.append(f"       → {found.remedy}")
    return "\n".join([*lines, f"结论：{verdict(findings)}"])
