"""A new life of the node's database: another name for it, under which all is offered again."""

from datetime import datetime

from sqlite_utils import Database

from node.store import meta, outbox
from node.work.offer_again import offer_given_back
from shared.kit.ids import new_id


def begin_new_life(db: Database, moment: datetime) -> None:
    """The hub knows more of our history than we, or another one: we were put back in time.

    It knows the events by their ids, so that none counts twice; and it gives back the marks that
    went lost here.
    """
    meta.put_node_inc(db, new_id(moment))
    outbox.align(db, 1)
    offer_given_back(db, moment)
    meta.want_history(db)
