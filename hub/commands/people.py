"""The commands admin, invite and publish: who works at the hub, which node may join it, and
which program the nodes may change over to.
"""

import argparse
import secrets
from pathlib import Path

from hub.commands.parsing import Commands
from shared.kit.refusal import Refusal

_ALPHABET = "23456789abcdefghijkmnpqrstuvwxyz"
"""Without the characters that people mistake for each other."""
_PASSWORD_LENGTH = 14
_NAME_MAX = 40


def add_to(commands: Commands) -> None:
    admin = commands.add_parser("admin", help="管理市级账号")
    actions = admin.add_subparsers(dest="action", required=True, metavar="操作", title="操作")
    add = actions.add_parser("add", help="新建市级账号，显示一次随机密码")
    add.add_argument("name", metavar="账号名", help="登录用的名称")
    add.add_argument("--viewer", action="store_true", help="只能查看，不能操作")
    add.set_defaults(run=add_admin)
    reset = actions.add_parser("reset", help="为已有账号换一个随机密码")
    reset.add_argument("name", metavar="账号名", help="登录用的名称")
    reset.add_argument(
        "--second-factor", action="store_true", help="同时取消第二重验证（手机丢失时）"
    )
    reset.set_defaults(run=reset_admin)

    invite = commands.add_parser("invite", help="为一个区县节点生成接入码")
    invite.add_argument("node", metavar="节点名称", help="如 一区-机房1")
    invite.add_argument("district", metavar="区县", help="“区县”表中的名称")
    invite.set_defaults(run=invite_node)

    publish = commands.add_parser("publish", help="公布节点程序包的 sha256，节点据此核对更新")
    publish.add_argument("zip", type=Path, metavar="压缩包", help="shengping-node-….zip")
    publish.set_defaults(run=publish_release)


def add_admin(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_write
    from hub.store import admins
    from shared.kit.passwords import hash_password

    name = options.name.strip()
    if not 1 <= len(name) <= _NAME_MAX:
        raise Refusal("bad_name", f"账号名应为 1 到 {_NAME_MAX} 个字。")
    password = new_password()
    role: admins.AdminRole = "city_viewer" if options.viewer else "city_admin"
    with hub_to_write(options.data) as store, store.writing() as db:
        if not admins.add(db, name, hash_password(password), role):
            raise Refusal("name_taken", f"已有账号“{name}”。要换密码请用 admin reset。")
    _show(name, password)
    return 0


def reset_admin(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_write
    from hub.store import admin_sessions, admins
    from hub.work import second_factor
    from shared.kit.clock import now
    from shared.kit.passwords import hash_password

    password = new_password()
    with hub_to_write(options.data) as store, store.writing() as db:
        admin = admins.by_name(db, options.name.strip())
        if admin is None:
            raise Refusal("no_admin", f"没有市级账号“{options.name}”。")
        admins.set_password(db, admin.id, hash_password(password))
        if options.second_factor:
            second_factor.take_away(db, admin, "命令行", now())
        admin_sessions.end_all(db, admin.id)
    _show(admin.name, password)
    return 0


def invite_node(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_write
    from hub.store import exam
    from hub.work.enrol_node import invite
    from shared.kit.clock import now

    with hub_to_write(options.data) as store, store.writing() as db:
        ids = {district.name: district.id for district in exam.districts(db)}
        if options.district not in ids:
            raise Refusal("no_district", f"没有区县“{options.district}”。")
        code = invite(db, options.node, ids[options.district], now())
    print(f"节点“{options.node}”的接入码：{code}")
    return 0


def new_password() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))


def _show(name: str, password: str) -> None:
    print(f"账号：{name}\n密码：{password}\n请记下密码：它只显示这一次。")


def publish_release(options: argparse.Namespace) -> int:
    """Also while the service runs: it reads the list anew each time."""
    from hub.work.releases import publish

    release = publish(options.data, options.zip)
    print(f"已公布 {release.name}，sha256：{release.sha256}")
    return 0
