"""An account has read an announcement: kept here, and told to the city."""

from datetime import datetime

from sqlite_utils import Database

from node.store import announcements, exam, outbox
from shared.kit.clock import stamp
from shared.kit.ids import new_id
from shared.wire.messages import ReceiptBody


def read_announcement(
    db: Database, account_id: int, announcement_id: int, moment: datetime
) -> bool:
    """False when it had been read before."""
    if not announcements.add_receipt(db, announcement_id, account_id, moment):
        return False
    sitting = exam.current_sitting(db)
    body = ReceiptBody(
        announcement_id=announcement_id, account_id=account_id, read_at=stamp(moment)
    )
    outbox.put(db, sitting.id if sitting else 0, "receipt", 1, body, new_id(moment), moment)
    return True
