"""What keeps an item group from being allocated, and what the city can do about it, in Chinese."""

from collections.abc import Iterator, Mapping

from hub.work.decks import Deck
from shared.rules.allocation import Unmet
from shared.rules.policy import Policy
from shared.rules.remedy import eased


def what_is_unmet(deck: Deck, policy: Policy, names: Mapping[int, str]) -> Iterator[str]:
    """Each finding; then, where loads are what is wrong, loads with which all can be dealt."""
    for finding in deck.unmet:
        yield _sentence(finding, names)
    if not any(finding.code in _OF_LOADS for finding in deck.unmet):
        return
    if percents := eased(deck.works, deck.hands, policy):
        lowered = "，".join(f"{names.get(d, '')} {p}%" for d, p in sorted(percents.items()))
        yield (
            "人数和作品数不相称，各人任务数不能相等。可以把这些区县阅卷教师的负荷"
            f"（人员表“负荷”，或账号页）调到原来的：{lowered}，其余不变，即可分配"
        )
    else:
        yield "调整负荷也不能分配，请增减各区县的阅卷教师，或在考试表中改“回避本区县”"


def _sentence(finding: Unmet, names: Mapping[int, str]) -> str:
    where = names.get(finding.district, "") if finding.district is not None else "全市"
    return _SENTENCES[finding.code].format(
        where=where, count=finding.count, available=finding.available
    )


_OF_LOADS = ("works_exceed_outside", "load_exceeds_works", "unpaired", "no_balance")
_SENTENCES = {
    "no_hands": "{where}没有可以评阅的教师，需要完成 {count} 份评分，请先导入或启用教师账号",
    "too_few_hands": "{where}至少需要 {count} 名教师，现有 {available} 名，请增加教师",
    "too_few_districts": "{where}的作品需要 {count} 个其他区县的教师，现有 {available} 个，"
    "请增加有教师的区县，或在考试表中把“1评和2评”改为“同一区县”"
    "（只有一个区县时，再把“回避本区县”改为“不回避”）",
    "works_exceed_outside": "{where}的作品需要外区县完成 {count} 份评分，"
    "外区县教师均衡分配后只能完成 {available} 份",
    "load_exceeds_works": "{where}的教师按均衡应评 {count} 份，能评的作品只有 {available} 份",
    "unpaired": "{where}有教师应评 {count} 份，能与他配对双评的只有 {available} 份",
    "no_balance": "{where}需要 {count} 份评分，均衡分配只能做到 {available} 份",
}
