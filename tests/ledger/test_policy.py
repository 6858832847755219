"""Policies (C2SP tlog-policy): what they say, and that half a policy says nothing."""

import itertools

import pytest

from ledger.checkpoint import TreeHead, make_signer, sign_checkpoint
from ledger.cosignature import ML_DSA_44, cosign, make_witness
from ledger.errors import LedgerError, NoteRejected, PolicyUnmet, PolicyUnreadable, SignerUnknown
from ledger.policy import MOST_BYTES, MOST_NAMED, judge, parse_policy
from ledger.signed_checkpoint import parse_checkpoint

LOG = make_signer("id.example.gov/ledger", b"s" * 32)
OTHER_LOG = make_signer("other.example.gov/ledger", b"o" * 32)
NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
SIGNERS = {
    name: make_witness(
        f"{name}.example", bytes([number]) * 32, ML_DSA_44 if number % 2 else b"\x04"
    )
    for number, name in enumerate(NAMES)
}
NOTE = sign_checkpoint(TreeHead(42, bytes(32)), LOG)
KEYS = {name: signer.key.verifier_key() for name, signer in SIGNERS.items()}
LOG_LINE = f"log {LOG.key.verifier_key()} https://id.example.gov/ledger"
WITNESS_LINES = [f"witness {name} {key}" for name, key in KEYS.items()]
EXAMPLE = "\n".join(
    [
        "# the example of the specification, on two levels",
        LOG_LINE,
        "",
        *WITNESS_LINES[:3],
        "group X-witnesses 2 X1 X2 X3",
        *WITNESS_LINES[3:],
        "\tgroup  Y-witnesses \t any Y1 Y2 Y3 ",
        "group X-and-Y all X-witnesses Y-witnesses",
        "quorum X-and-Y",
        "",
    ]
)


def cosigned(names):
    note = parse_checkpoint(NOTE)
    lines = [cosign(note, SIGNERS[name], 1000 + i) for i, name in enumerate(names)]
    return parse_checkpoint(NOTE + "".join(lines))


def read(text):
    return parse_policy(text.encode())


def test_every_set_of_witnesses_is_judged_as_the_example_says():
    policy = read(EXAMPLE)
    for count in range(len(NAMES) + 1):
        for names in itertools.combinations(NAMES, count):
            xs, ys = (sum(name[0] == kind for name in names) for kind in "XY")
            if xs >= 2 and ys >= 1:
                judgement = judge(policy, cosigned(names), LOG.key)
                assert list(judgement.seen) == [name for name in NAMES if name in names]
                assert set(judgement.missing) == set(NAMES) - set(names)
            else:
                with pytest.raises(PolicyUnmet, match="X-and-Y"):
                    judge(policy, cosigned(names), LOG.key)


def test_one_witness_or_none_can_be_the_quorum():
    one = read(f"{WITNESS_LINES[0]}\nquorum X1\n")
    assert judge(one, cosigned(["X1"]), LOG.key).seen == {"X1": 1000}
    with pytest.raises(PolicyUnmet):
        judge(one, cosigned(["X2"]), LOG.key)
    nobody = read(f"{LOG_LINE}\nquorum none\n")
    assert judge(nobody, cosigned([])).seen == {}


def test_a_bad_signature_in_the_name_of_a_witness_spoils_all():
    policy = read(EXAMPLE)
    stolen = parse_checkpoint(sign_checkpoint(TreeHead(41, bytes(32)), LOG))
    lines = [cosign(parse_checkpoint(NOTE), SIGNERS[name], 5) for name in NAMES[:5]]
    note = NOTE + "".join(lines) + cosign(stolen, SIGNERS["Y3"], 5)
    with pytest.raises(NoteRejected):
        judge(policy, parse_checkpoint(note), LOG.key)


def test_only_logs_of_the_policy_count():
    theirs = parse_checkpoint(sign_checkpoint(TreeHead(42, bytes(32)), OTHER_LOG))
    policy = read(f"{LOG_LINE}\nquorum none\n")
    for key in (None, OTHER_LOG.key):
        with pytest.raises(SignerUnknown):
            judge(policy, theirs, key)
    any_log = read("quorum none\n")
    assert judge(any_log, theirs, OTHER_LOG.key)
    for key in (None, LOG.key):
        with pytest.raises(SignerUnknown):
            judge(any_log, theirs, key)


X1, X2 = WITNESS_LINES[:2]
REFUSED = {
    "empty": "",
    "no quorum": f"{X1}\n",
    "two quorums": f"{X1}\nquorum X1\nquorum X1\n",
    "quorum not defined yet": f"quorum X1\n{X1}\n",
    "quorum of two": f"{X1}\n{X2}\nquorum X1 X2\n",
    "no end of line": f"{X1}\nquorum X1",
    "carriage return": f"{X1}\r\nquorum X1\n",
    "no-break space": f"{X1}\nquorum\u00a0X1\n",
    "unknown line": f"{X1}\nwitnesses X1\nquorum X1\n",
    "case": f"{X1}\nQuorum X1\n",
    "no key": "witness X1\nquorum X1\n",
    "key of a log": f"witness X1 {LOG.key.verifier_key()}\nquorum X1\n",
    "log with a witness key": f"log {KEYS['X1']}\nquorum none\n",
    "same name": f"{X1}\nwitness X1 {KEYS['X2']}\nquorum X1\n",
    "same key": f"{X1}\nwitness Z {KEYS['X1']}\nquorum X1\n",
    "same log": f"{LOG_LINE}\n{LOG_LINE}\nquorum none\n",
    "four words": f"{X1} https://a b\nquorum X1\n",
    "named none": f"witness none {KEYS['X1']}\nquorum none\n",
    "group named none": f"{X1}\ngroup none all X1\nquorum none\n",
    "none as member": f"{X1}\ngroup g all none\nquorum g\n",
    "no members": f"{X1}\ngroup g all\nquorum g\n",
    "member of itself": f"{X1}\ngroup g all g\nquorum g\n",
    "member not defined yet": f"group g all X1\n{X1}\nquorum g\n",
    "member twice": f"{X1}\n{X2}\ngroup g all X1 X1\nquorum g\n",
    "member of two": f"{X1}\n{X2}\ngroup g all X1\ngroup h all X1\nquorum h\n",
    "threshold 0": f"{X1}\ngroup g 0 X1\nquorum g\n",
    "threshold above": f"{X1}\ngroup g 2 X1\nquorum g\n",
    "threshold 01": f"{X1}\ngroup g 01 X1\nquorum g\n",
    "threshold in other digits": f"{X1}\ngroup g \u0661 X1\nquorum g\n",
    "threshold -1": f"{X1}\ngroup g -1 X1\nquorum g\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_half_a_policy_is_none(text):
    with pytest.raises(PolicyUnreadable):
        read(text)


def test_a_policy_cut_anywhere_is_refused_or_still_whole():
    for length in range(len(EXAMPLE)):
        with pytest.raises(LedgerError):
            read(EXAMPLE[:length])


def test_the_same_key_under_two_names_is_one_witness():
    renamed = make_witness("another.example", bytes(32))
    text = f"{X1}\nwitness Z {renamed.key.verifier_key()}\nquorum X1\n"
    with pytest.raises(PolicyUnreadable, match="twice"):
        read(text)


def test_names_are_octets():
    policy = parse_policy(b"witness \xff " + KEYS["X1"].encode() + b"\nquorum \xff\n")
    assert judge(policy, cosigned(["X1"]), LOG.key)
    with pytest.raises(PolicyUnreadable):
        parse_policy(b"witness \xff " + KEYS["X1"].encode() + b"\nquorum \xfe\n")


def test_bounds():
    comment = "#" * (MOST_BYTES - len("quorum none\n") - 1) + "\n"
    assert read(comment + "quorum none\n")
    with pytest.raises(PolicyUnreadable):
        read("#" + comment + "quorum none\n")
    for count, good in ((MOST_NAMED, True), (MOST_NAMED + 1, False)):
        lines = [
            f"witness w{i} {make_witness('w', i.to_bytes(32, 'big')).key.verifier_key()}\n"
            for i in range(count)
        ]
        if good:
            assert len(read("".join(lines) + "quorum w0\n").witnesses) == count
        else:
            with pytest.raises(PolicyUnreadable):
                read("".join(lines) + "quorum w0\n")
