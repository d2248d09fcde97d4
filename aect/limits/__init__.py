"""How much may be asked: so often in a time (`services`, `Count`), and so much at once (`rooms`).

Both are kept in PostgreSQL, because several processes serve people.
"""
