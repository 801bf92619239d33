"""Answers queries over the broker about a service's parked messages."""

from __future__ import annotations

from collections.abc import Mapping

from shared.messaging.broker import Answer, Params, QueryMethod
from shared.parked.limits import REPLAY_MOST
from shared.parked.messages import ParkedMessages


def methods(parked: ParkedMessages) -> Mapping[str, QueryMethod]:
    """Return the methods by name.

    `parked.list` {state, reason, limit, cursor}, `parked.show` {id}, `parked.waiting` {}, `parked.replay` {actor} with
    {ids} or with {reason, limit}, of which a null reason is any; `parked.discard` {id, reason, actor}.
    """

    def listed(params: Params) -> Answer:
        try:
            page = parked.page(params["state"], params["reason"], int(params["limit"]), params["cursor"])
        except ValueError:
            return {"error": "cursor"}
        return page | parked.waiting()

    def shown(params: Params) -> Answer:
        return {"parked": parked.entry(str(params["id"]))}

    def waiting(_params: Params) -> Answer:
        return parked.waiting()

    def replay(params: Params) -> Answer:
        actor = str(params["actor"])
        if params.get("ids") is None:
            return parked.replay_waiting(params["reason"], min(int(params["limit"]), REPLAY_MOST), actor)
        return parked.replay([str(one) for one in params["ids"]][:REPLAY_MOST], actor)

    def discard(params: Params) -> Answer:
        return {"parked": parked.discard(str(params["id"]), str(params["reason"]), str(params["actor"]))}

    return {
        "parked.list": listed,
        "parked.show": shown,
        "parked.waiting": waiting,
        "parked.replay": replay,
        "parked.discard": discard,
    }
