"""Proves afterwards who used what, when and why.

    errors       what is refused
    canonical, merkle, checkpoint, records, anchors, trust       pure rules
    store/       the tables and their rows
    log          append with the act, then sequence and sign
    chains/      the EVM chains that can hold the contract
    anchoring    the latest checkpoint goes into the contract
    evidence     one file that proves a record offline
    auditing     everything recomputed from the rows to the contract
    access, views    who may see which record, and how it is read
    routes, pages/   the API and the pages

A service that uses it opens a chain (`chains.open_chain`), makes the contract
(`anchoring.ensure_contract`), checks that its database is not an old one (`anchoring.check_log`),
appends within its own transactions (`log.append`), and calls `log.sequence` and
`anchoring.anchor_latest` again and again.
"""
