"""Classroom: one exercise, released to a class, graded, and reported by its named mistakes.

`python -m course_lib.classroom` is the way in; `worker` runs students' code, `jail` keeps it in,
and only values cross between the two sides.
"""
