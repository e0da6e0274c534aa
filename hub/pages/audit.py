"""审计日志: who did what, newest first; read only."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from hub.pages.frame import frame
from hub.store import audit
from hub.store.admins import Admin
from shared.kit.clock import now
from shared.kit.store import Store
from shared.web.rendering import page

HERE = "/audit"
ROWS = 50


@dataclass(frozen=True, slots=True)
class AuditRow:
    id: int
    at: str
    who: str
    action: str
    detail: str
    hash: str


@get(HERE, sync_to_thread=True)
def show_audit(
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
    before: FromQuery[int] = 0,
    action: FromQuery[str] = "",
    who: FromQuery[str] = "",
) -> Template:
    with store.reading() as db:
        entries = audit.page(db, before or None, ROWS + 1, action, who.strip())
        return page(
            "audit.html",
            frame=frame(db, person, HERE, now()),
            rows=[_row(entry) for entry in entries[:ROWS]],
            older=_link(entries[ROWS - 1].id, action, who) if len(entries) > ROWS else "",
            newest=_link(0, action, who) if before else "",
            actions=ACTIONS,
            action=action,
            who=who.strip(),
            broken_at=audit.broken_at(db) if not before else None,
        )


def _link(before: int, action: str, who: str) -> str:
    asked = {"before": before, "action": action, "who": who}
    return f"{HERE}?{urlencode({key: value for key, value in asked.items() if value})}"


def _row(entry: audit.Entry) -> AuditRow:
    action = ACTIONS.get(entry.action, "其他操作")
    return AuditRow(entry.id, entry.at, entry.who, action, _detail(entry.detail), entry.hash[:12])


def _detail(detail: dict[str, Any]) -> str:
    return "，".join(
        f"{WORDS.get(key, key)} {_value(value)}" for key, value in detail.items() if value != ""
    )


def _value(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(part, int) for part in value):
        return " / ".join(map(str, value))
    if isinstance(value, list | dict):
        return f"{len(value)} 项"
    if value is None or isinstance(value, bool):
        return {None: "--", True: "是", False: "否"}[value]
    return _VALUES.get(str(value), str(value))


ACTIONS = {
    "sign_in": "登录",
    "sign_in_refused": "登录被拒",
    "sign_out": "退出登录",
    "import": "导入考试",
    "prepare_sitting": "准备场次",
    "allocate": "分配任务",
    "allocation_record": "分配记录",
    "supplement": "补分配",
    "supplement_record": "补分配记录",
    "close_sitting": "结束场次",
    "set_wipe_at": "设定清空时间",
    "wipe_trial": "清空试阅",
    "announce": "发布公告",
    "leave_out_node": "不再等待节点",
    "take_back": "收回任务",
    "send_away": "调离",
    "call_back": "恢复接收任务",
    "take_from_node": "收回节点任务",
    "give_to_node": "节点恢复接收",
    "correct_video": "更换视频",
    "node_invited": "生成接入码",
    "node_enrolled": "节点接入",
    "node_retired": "停用节点",
    "stream_forked": "节点记录分叉",
    "export": "导出结果",
    "export_quality": "导出质量数据",
    "export_taken": "下载导出文件",
    "export_cancelled": "取消导出",
    "done_alone": "单人执行",
    "approval_asked": "申请双人确认",
    "approval_given": "确认申请",
    "approval_declined": "取消申请",
    "password_changed": "修改密码",
    "second_factor_on": "开启第二重验证",
    "second_factor_off": "关闭第二重验证",
    "password_reset": "重置教师密码",
    "account_changed": "修改账号",
    "account_added": "新增账号",
    "references_marked": "添加标准卷",
    "reference_retired": "停用标准卷",
    "request_answered": "答复区县申请",
    "plan_announcement": "定时公告",
    "cancel_announcement": "取消定时公告",
    "node_confirmed": "核对节点校验码",
    "secret_rotated": "更换节点凭据",
    "alarm_two_programs": "节点重复运行",
    "alarm_retired_secret": "旧凭据被使用",
    "alarms_cleared": "解除节点警报",
    "events_replayed": "重新处理隔离记录",
    "order_purge": "清除节点视频",
    "media_report": "下载视频检查表",
    "exam_archived": "归档考试",
    "restored": "恢复备份",
    "recovery_begun": "开始恢复数据",
    "recovery_left_out": "恢复时不等待节点",
    "recovery_ended": "恢复数据完成",
    "sitting_adopted": "按节点的记录找回场次",
}
WORDS = {
    "address": "地址",
    "sitting": "场次",
    "kind": "类型",
    "seed": "种子",
    "seed_hash": "种子摘要",
    "works": "作品",
    "tasks": "任务",
    "done": "已评",
    "without_video": "缺视频",
    "announcement": "公告",
    "text": "内容",
    "node": "节点",
    "node_inc": "数据编号",
    "account": "账号",
    "format": "格式",
    "file": "文件",
    "bytes": "字节",
    "wipe_at": "清空时间",
    "policy": "规则",
    "groups": "题组",
    "people": "人员",
    "performance": "作品",
    "video": "视频",
    "performances": "作品",
    "exam": "考试",
    "version": "版本",
    "from_seq": "起始序号",
    "act": "操作",
    "asked_by": "申请人",
    "name": "姓名",
    "state": "状态",
    "publish_at": "发布时间",
    "sha256": "校验值",
    "number": "次数",
    "moved": "转交任务",
    "policy_hash": "规则摘要",
    "codes": "作品",
    "events": "记录",
    "reason": "原因",
}
_VALUES = {
    "trial": "试阅",
    "formal": "正式阅卷",
    "manual": "人工",
    "city_admin": "市级管理员",
    "city_viewer": "只看",
    "active": "启用",
    "disabled": "停用",
    "round3_allocated": "3评全部分配",
    "round3_ended": "3评结束",
    "round4_allocated": "4评全部分配",
    "round4_ended": "4评结束",
}

ROUTES = [show_audit]
