"""Parked messages: what a service could not work on, kept in its database until a person replays or discards it.

A service runs `attendance.ParkedAttendance`, and its command `parked` is `command.run`. All but `places` and `parking`
need the extra `counterfoil-shared[database]`.
"""
