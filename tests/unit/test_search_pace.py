"""How many submissions go into one transaction of the search index."""

from __future__ import annotations

from storage_service.records.index.pace import AIMED_ON_SQLITE_S, AIMED_S, LEAST, ROWS_MOST, pace_for


def test_a_busy_postgresql_does_not_make_each_row_a_transaction() -> None:
    """It would be busier then: on SQLite others wait, so there the transaction is short whatever it costs."""
    server, file = pace_for("postgresql"), pace_for("sqlite")
    for pace in (server, file):
        for _ in range(20):
            pace.took(pace.rows, 10.0)
    assert (server.rows, file.rows) == (LEAST, 1)


def test_it_grows_while_transactions_are_short_and_shrinks_where_one_is_not() -> None:
    for pace, aimed_s in ((pace_for("postgresql"), AIMED_S), (pace_for("sqlite"), AIMED_ON_SQLITE_S)):
        for _ in range(40):
            pace.took(pace.rows, 0.001)
        assert pace.rows == ROWS_MOST
        pace.took(ROWS_MOST, 2 * aimed_s)
        assert pace.rows == ROWS_MOST // 2
