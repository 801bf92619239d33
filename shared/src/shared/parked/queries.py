"""What a service answers over the broker about its parked messages."""

from __future__ import annotations

from collections.abc import Mapping

from shared.messaging.broker import Answer, Params, QueryMethod
from shared.parked.desk import ParkedDesk
from shared.parked.places import REPLAY_MOST


def methods(desk: ParkedDesk) -> Mapping[str, QueryMethod]:
    """Return the methods by the names they are asked for.

    `parked.list` {state, reason, limit, cursor}, `parked.show` {id}, `parked.waiting` {}, `parked.replay` {actor} with
    {ids} or with {reason, limit}, of which a null reason is any; `parked.discard` {id, reason, actor}.
    """

    def listed(params: Params) -> Answer:
        try:
            return desk.page(params["state"], params["reason"], int(params["limit"]), params["cursor"]) | desk.waiting()
        except ValueError:
            return {"error": "cursor"}

    def shown(params: Params) -> Answer:
        return {"parked": desk.entry(str(params["id"]))}

    def waiting(_params: Params) -> Answer:
        return desk.waiting()

    def replay(params: Params) -> Answer:
        actor = str(params["actor"])
        if params.get("ids") is None:
            return desk.replay_waiting(params["reason"], min(int(params["limit"]), REPLAY_MOST), actor)
        return desk.replay([str(one) for one in params["ids"]][:REPLAY_MOST], actor)

    def discard(params: Params) -> Answer:
        return {"parked": desk.discard(str(params["id"]), str(params["reason"]), str(params["actor"]))}

    return {
        "parked.list": listed,
        "parked.show": shown,
        "parked.waiting": waiting,
        "parked.replay": replay,
        "parked.discard": discard,
    }
