"""The commands prepare, allocate, wipe-trial, announce and verify."""

import argparse
from typing import TYPE_CHECKING, Literal

from hub.commands.parsing import Commands
from shared.kit.refusal import Refusal
from shared.rules.rubric import Role

if TYPE_CHECKING:
    from sqlite_utils import Database

    from hub.store.sittings import Sitting
    from hub.work.preview import Preview
    from hub.work.supplement import More

_WHO = "命令行"
_STRENGTHS: dict[str, Literal["normal", "important", "blocking"]] = {
    "普通": "normal",
    "重要": "important",
    "强制": "blocking",
}
_ROLES = {role.label: role for role in Role}


def add_to(commands: Commands) -> None:
    ready = commands.add_parser("prepare", help="准备一个场次，封存随机种子并公布摘要")
    ready.add_argument("kind", choices=("trial", "formal"), help="trial 试阅，formal 正式")
    ready.set_defaults(run=prepare)

    deal = commands.add_parser("allocate", help="预览1评、2评的分配；确认后分配并开始")
    deal.add_argument("--confirm", action="store_true", help="确认分配并开始阅卷，不能撤回")
    deal.set_defaults(run=allocate)

    more = commands.add_parser("supplement", help="补分配：分配之后新增的作品和教师；先预览再确认")
    more.add_argument("--confirm", action="store_true", help="确认补分配，不能撤回")
    more.set_defaults(run=supplement)

    wipe = commands.add_parser("wipe-trial", help="清空试阅的全部数据，不能恢复")
    wipe.add_argument("--name", metavar="考试名称", help="照写考试名称以确认；不写时会要求输入")
    wipe.set_defaults(run=wipe_trial)

    say = commands.add_parser("announce", help="发布公告")
    say.add_argument("text", metavar="内容", help="公告内容")
    say.add_argument("--strength", choices=tuple(_STRENGTHS), default="普通", help="公告级别")
    say.add_argument("--district", metavar="区县", help="只发给一个区县；不写时发给全部")
    say.add_argument("--roles", nargs="+", choices=tuple(_ROLES), default=[], help="只发给这些角色")
    say.set_defaults(run=announce)

    proof = commands.add_parser("verify", help="由评分重算结果、任务数、分配和审计记录，逐一比对")
    proof.set_defaults(run=verify)


def prepare(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_write
    from hub.work.sittings import KIND_LABELS
    from hub.work.sittings import prepare as prepare_sitting
    from shared.kit.clock import now

    with hub_to_write(options.data) as store, store.writing() as db:
        sitting = prepare_sitting(db, options.kind, _WHO, now())
    print(f"已准备{KIND_LABELS[sitting.kind]}场次 {sitting.id}。")
    print(f"分配种子的摘要（请公布）：{sitting.seed_hash}")
    return 0


def allocate(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_read, hub_to_write
    from hub.work import allocate as allocation
    from shared.kit.clock import now

    if not options.confirm:
        with hub_to_read(options.data) as db:
            seen = allocation.preview(db, _prepared(db).id)
        _show(seen)
        print("以上是预览，没有分配。确认后加 --confirm 再运行一次。")
        return 1 if seen.unmet else 0
    with hub_to_write(options.data) as store, store.writing() as db:
        seen = allocation.allocate(db, _prepared(db).id, _WHO, now())
    _show(seen)
    print("已分配，阅卷可以开始。")
    return 0


def supplement(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_read, hub_to_write
    from hub.work import supplement as supplementing
    from shared.kit.clock import now

    if not options.confirm:
        with hub_to_read(options.data) as db:
            seen = supplementing.preview(db)
        _show_more(seen)
        if seen.is_needed:
            print("以上是预览，没有补分配。确认后加 --confirm 再运行一次。")
        return 1 if seen.unmet else 0
    with hub_to_write(options.data) as store, store.writing() as db:
        seen = supplementing.supplement(db, _WHO, now())
    _show_more(seen)
    print(f"已补分配（第 {seen.number} 次）：作品 {seen.works} 份，转交任务 {seen.moved} 份。")
    return 0


def wipe_trial(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_write
    from hub.pages.exporting import tidy
    from hub.settings import settings_from
    from hub.work.back_up import back_up
    from hub.work.wipe_trial import wipe_trial as wipe
    from shared.kit.clock import now

    with hub_to_write(options.data) as store:
        name = options.name or input("试阅数据将全部清空，不能恢复。请输入考试名称以确认：")
        settings = settings_from(options.data, {})
        back_up(store, settings, now())
        with store.writing() as db:
            wipe(db, name, _WHO, now())
        tidy(store, settings.exports, now())
    print("试阅数据已清空；各节点下次联系时清空自己的部分。")
    return 0


def announce(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_write
    from hub.schema import EVERY_DISTRICT
    from hub.store import exam
    from hub.work.announce import announce as publish
    from shared.kit.clock import now

    with hub_to_write(options.data) as store, store.writing() as db:
        ids = {district.name: district.id for district in exam.districts(db)}
        if options.district and options.district not in ids:
            raise Refusal("no_district", f"没有区县“{options.district}”。")
        district_id = ids[options.district] if options.district else EVERY_DISTRICT
        roles = [_ROLES[label] for label in options.roles]
        strength = _STRENGTHS[options.strength]
        publish(db, options.text, strength, district_id, roles, _WHO, now())
    print("公告已发布。")
    return 0


def verify(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_read
    from hub.work.verify import verify as find_differences

    with hub_to_read(options.data) as db:
        differences = find_differences(db)
    for line in differences:
        print(line)
    print(f"发现 {len(differences)} 处不一致。" if differences else "全部一致。")
    return 1 if differences else 0


def _prepared(db: "Database") -> "Sitting":
    from hub.store import sittings

    for sitting in sittings.all_sittings(db):
        if sitting.state == "prepared":
            return sitting
    raise Refusal("not_prepared", "没有准备好的场次，请先运行 prepare trial 或 prepare formal。")


def _show(seen: "Preview") -> None:
    print(f"场次 {seen.sitting_id}，分配种子的摘要：{seen.seed_hash}")
    print(f"规则的摘要：{seen.policy_hash}")
    for group in seen.groups:
        loads = "；".join(
            f"{number}评每人 {spread.min}–{spread.max} 份"
            for number, spread in sorted(group.loads.items())
        )
        print(
            f"{group.label}：作品 {group.works} 份（另有 {group.without_video} 份没有视频），"
            f"阅卷教师 {group.markers} 名。{loads}"
        )
    for district in seen.districts:
        print(
            f"{district.name}：阅卷教师 {district.markers} 名，任务 {district.tasks} 份，"
            f"视频 {district.videos} 个，{district.bytes / 1_000_000_000:.1f} GB"
        )
    for line in seen.exclusions:
        print(line)
    for line in seen.unmet:
        print(f"不能分配：{line}")


def _show_more(seen: "More") -> None:
    if not seen.is_needed:
        print("没有需要补分配的作品或教师。")
    for group in seen.groups:
        loads = "；".join(
            f"{number}评每人 {group.before[number].min}–{group.before[number].max} 份"
            f" → {spread.min}–{spread.max} 份"
            for number, spread in sorted(group.after.items())
        )
        print(f"{group.label}：新增作品 {group.works} 份，阅卷教师 {group.markers} 名。{loads}")
    for district in seen.districts:
        print(f"{district.name}：新任务 {district.tasks} 份，要下载视频 {district.videos} 个")
    for relief in seen.reliefs:
        print(
            f"{relief.district} {relief.group}：新到教师 {relief.newcomers} 名，"
            f"接手同区县教师未评的任务 {relief.tasks} 份"
        )
    for line in seen.unmet:
        print(f"不能补分配：{line}")
