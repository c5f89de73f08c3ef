#!/usr/bin/env python3
"""Prints the test vectors of docs/protocol.md, section 8. It shares no code with the Go implementation.

    python3 libs/receipt/testdata/vectors.py > libs/receipt/testdata/vectors.json
"""
import datetime, hashlib, json

sha = lambda b: hashlib.sha256(b).digest()
label = lambda text, size=32: sha(text.encode())[:size].hex()


def varint(n):
    n, out = n % 2**64, b""
    while n >= 128:
        n, out = n >> 7, out + bytes([n % 128 + 128])
    return out + bytes([n])


# Fields of Protobuf messages. A zero or empty one is left out, a message is not.
integer = lambda field, n: varint(field * 8) + varint(n) if n else b""
fixed = lambda field, n: varint(field * 8 + 1) + n.to_bytes(8, "little") if n else b""
message = lambda field, b: varint(field * 8 + 2) + varint(len(b)) + b
data = lambda field, b: message(field, b) if b else b""


def tree(leaves):  # RFC 6962, section 2.1
    if len(leaves) < 2:
        return sha(b"\0" + leaves[0]) if leaves else sha(b"")
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha(b"\1" + tree(leaves[:k]) + tree(leaves[k:]))


def path(leaves, place):  # Siblings from the lowest, each with True if it is the left one.
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if place < k:
        return path(leaves[:k], place) + [(False, tree(leaves[k:]))]
    return path(leaves[k:], place - k) + [(True, tree(leaves[:k]))]


def parse(text):  # An RFC 3339 time as a message
    whole, fraction = text[:-1].split(".") if "." in text else (text[:-1], "0")
    seconds = datetime.datetime.fromisoformat(whole + "+00:00").timestamp()
    return integer(1, int(seconds)) + integer(2, int(fraction.ljust(9, "0")))


parts = lambda total, digest: integer(1, total) + data(2, bytes.fromhex(digest))
block_id = lambda digest, total, digest_of_parts: data(1, bytes.fromhex(digest)) + message(2, parts(total, digest_of_parts))
HASHES = ["last_commit_hash", "data_hash", "validators_hash", "next_validators_hash", "consensus_hash", "app_hash",
          "last_results_hash", "evidence_hash"]


def header_hash(chain_id, h):
    return tree([integer(1, h["block_version"]) + integer(2, h["app_version"]), data(1, chain_id.encode()),
                 integer(1, h["height"]), parse(h["time"]),
                 block_id(h["last_block_hash"], h["last_parts_total"], h["last_parts_hash"])]
                + [data(1, bytes.fromhex(h[name])) for name in HASHES + ["proposer_address"]])


def header(seed, height, time, app_version):
    first = height == 1
    h = dict(block_version=11, app_version=app_version, height=height, time=time,
             last_block_hash="" if first else label(f"{seed} last block"), last_parts_total=0 if first else 3,
             last_parts_hash="" if first else label(f"{seed} last parts"))
    h.update({name: label(f"{seed} {name}") for name in HASHES}, proposer_address=label(f"{seed} proposer", 20))
    return h


def validators_hash(validators):
    return tree([message(1, data(1, bytes.fromhex(v["public_key"]))) + integer(2, v["power"]) for v in validators])


def vote(chain_id, h, commit, time):
    inner = (integer(1, 2) + fixed(2, h["height"]) + fixed(3, commit["round"])
             + message(4, block_id(header_hash(chain_id, h).hex(), commit["parts_total"], commit["parts_hash"]))
             + message(5, parse(time)) + data(6, chain_id.encode()))
    return varint(len(inner)) + inner


CHAIN = "bitcraps-vectors"
headers = [header("first", 1, "2026-01-02T03:04:05Z", 0), header("later", 300, "2026-01-02T03:04:05.060708090Z", 1),
           header("high", 2**40 + 1, "1969-12-31T23:59:58.5Z", 2**33)]
sets = [[dict(public_key=label(f"key {i}"), power=power) for i, power in enumerate(powers)]
        for powers in ([1], [1, 1, 1, 1], [2**40, 300, 5, 1, 1])]
votes = [(h, dict(round=r, parts_total=total, parts_hash=label("parts")), time) for h, r, total, time in [
    (headers[0], 0, 1, "2026-01-02T03:04:06Z"), (headers[1], 3, 200, "2026-01-02T03:04:05.1Z"),
    (headers[2], 2**31 - 1, 1, "1970-01-01T00:00:00Z")]]

commitment = lambda n: (b"bitcraps/round/1" + sha(b"game %d" % n)[:16] + n.to_bytes(8, "big") + bytes(4) + sha(b"bets")
                        + sha(b"state") + sha(b"pays"))
blocks = []
for count in (1, 2, 5, 7):
    txs = [commitment(n + 1) for n in range(count)]
    leaves = [sha(tx) for tx in txs]
    paths = [path(leaves, place) for place in range(count)]
    blocks.append(dict(DataHash=tree(leaves).hex(), Transactions=[
        dict(Commitment=tx.hex(), Inclusion=dict(index=sum(left << i for i, (left, _) in enumerate(p)),
                                                 path=[sibling.hex() for _, sibling in p])) for tx, p in zip(txs, paths)]))

print(json.dumps(dict(
    Headers=[dict(ChainID=CHAIN, Header=h, Hash=header_hash(CHAIN, h).hex()) for h in headers],
    Sets=[dict(Validators=s, Hash=validators_hash(s).hex()) for s in sets],
    Votes=[dict(ChainID=CHAIN, Header=h, Commit=c, Time=time, Bytes=vote(CHAIN, h, c, time).hex()) for h, c, time in votes],
    Blocks=blocks), indent=2))
