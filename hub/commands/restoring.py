"""The commands restore, recovery, rotate, clear, replay, archive: the record is kept safe."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hub.commands.parsing import Commands
from shared.kit.refusal import Refusal

if TYPE_CHECKING:
    from sqlite_utils import Database

    from hub.store.nodes import Node

_WHO = "命令行"


def add_to(commands: Commands) -> None:
    restore = commands.add_parser("restore", help="用备份文件恢复市级中心，现有的数据库移到一旁")
    restore.add_argument("file", type=Path, metavar="备份文件", help="如 data/hub/backups/hub-….db")
    restore.set_defaults(run=restore_backup)

    recover = commands.add_parser("recovery", help="恢复状态：还在等哪些节点，或不再等某个节点")
    recover.add_argument("--leave-out", metavar="节点名称", help="不再等这个节点，记入审计")
    recover.set_defaults(run=show_recovery)

    rotate = commands.add_parser("rotate", help="为一个节点更换凭据，它下次联系时换用")
    rotate.add_argument("node", metavar="节点名称", help="已接入的节点")
    rotate.set_defaults(run=rotate_secret)

    end = commands.add_parser("archive", help="全部结束后归档考试，节点可清理已上报的记录")
    end.add_argument("name", metavar="考试名称", help="照写考试名称以确认")
    end.set_defaults(run=archive_exam)

    again = commands.add_parser("replay", help="核对后重新处理被隔离的记录")
    again.set_defaults(run=replay_quarantined)

    clear = commands.add_parser("clear", help="核实后解除一个节点的警报，恢复下发任务")
    clear.add_argument("node", metavar="节点名称", help="有警报的节点")
    clear.set_defaults(run=clear_alarms)


def archive_exam(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_write
    from hub.work.archive import archive
    from shared.kit.clock import now

    with hub_to_write(options.data) as store, store.writing() as db:
        archive(db, options.name, _WHO, now())
    print("考试已归档。节点下次联系时清理已上报的记录；评分和结果都保留在市级中心。")
    return 0


def replay_quarantined(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_write
    from hub.work.replay import replay
    from shared.kit.clock import now

    with hub_to_write(options.data) as store, store.writing() as db:
        done = replay(db, _WHO, now())
    print(f"重新处理了被隔离的记录，其中 {done} 条已正常接收。")
    return 0


def restore_backup(options: argparse.Namespace) -> int:
    from hub.settings import settings_from
    from hub.work import recovery
    from hub.work.restore import restore
    from shared.kit.clock import now

    restored = restore(settings_from(options.data, {}), options.file, now())
    print(f"已从 {options.file} 恢复。原来的数据库在 {restored.aside}，没有删除任何文件。")
    print("接入码和登录都已失效。请启动服务（serve），各节点会重新上报备份之后的记录。")
    print("备份之后才开始的场次按节点的记录找回；恢复结束后，请在“轮次与分配”页补分配其余作品。")
    if restored.awaited:
        print(f"恢复期间不能分配、发布公告、清空试阅或导出，等待：{'、'.join(restored.awaited)}")
        print(f"确实不能再联系的节点，用 recovery --leave-out 排除。{recovery.ENDS_BY_ITSELF}")
    return 0


def show_recovery(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_read, hub_to_write
    from hub.work import recovery
    from shared.kit.clock import now

    if options.leave_out:
        with hub_to_write(options.data) as store, store.writing() as db:
            recovery.leave_out(db, options.leave_out, _WHO, now())
    with hub_to_read(options.data) as db:
        state, names = recovery.recovery(db), recovery.awaited(db)
    if state is None:
        print("市级中心没有处于恢复状态。")
        return 0
    print(f"恢复中（{state.reason}），等待：{'、'.join(names) or '没有'}。")
    return 1


def rotate_secret(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_write
    from hub.work.rotate_secret import rotate
    from shared.kit.clock import now

    with hub_to_write(options.data) as store, store.writing() as db:
        rotate(db, _node(db, options.node), _WHO, now())
    print(f"节点“{options.node}”下次联系时换用新的凭据。")
    return 0


def clear_alarms(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_write
    from hub.work.dispute import clear
    from shared.kit.clock import now

    with hub_to_write(options.data) as store, store.writing() as db:
        clear(db, _node(db, options.node), _WHO, now())
    print(f"节点“{options.node}”的警报已解除。")
    return 0


def _node(db: "Database", name: str) -> "Node":
    from hub.store import nodes

    found = nodes.by_name(db, name)
    if found is None:
        raise Refusal("node_unknown", f"没有节点“{name}”。", 404)
    return found
