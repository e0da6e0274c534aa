"""The command correct-video: a performance gets another video, and is marked afresh."""

import argparse
from pathlib import Path

from hub.commands.parsing import Commands

_WHO = "命令行"


def add_to(commands: Commands) -> None:
    correct = commands.add_parser(
        "correct-video", help="更换一份作品的视频，它重新进入1评和2评，原评分保留在记录中"
    )
    correct.add_argument("code", metavar="作品编号", help="如 ZX-0A1B2C")
    correct.add_argument("file", type=Path, metavar="视频文件", help="更正后的视频，MP4")
    correct.set_defaults(run=correct_video)


def correct_video(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_write
    from hub.settings import HubSettings
    from hub.work.correct_video import correct_video as correct
    from hub.work.take_in_video import take_in_video
    from shared.kit.clock import now

    with hub_to_write(options.data) as store:
        video = take_in_video(options.file, HubSettings(options.data).shelf)
        with store.writing() as db:
            performance = correct(db, options.code, video, _WHO, now())
    print(f"作品 {performance.code} 已更换视频，重新进入1评和2评。")
    return 0
