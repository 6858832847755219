"""Registers from a CSV file: all rows or none, twice the same file once, and for each refused row
its line, its column and why.

1. The file is read, whatever office program wrote it        reading
2. Each row is checked by itself, and against the others      people, legal_persons, mandates
3. All are compared with what is registered                   the same
4. Passwords are hashed, while nobody waits for the database  people
5. One transaction writes them all                            the same
"""
