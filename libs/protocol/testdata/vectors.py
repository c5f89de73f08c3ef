#!/usr/bin/env python3
"""Prints the test vectors of docs/protocol.md. It shares no code with the Go implementation.

    python3 libs/protocol/testdata/vectors.py > libs/protocol/testdata/vectors.json
"""
import hashlib, hmac, json

sha = lambda b: hashlib.sha256(b).digest()
u8, u16, u32, u64 = (lambda n, w=w: n.to_bytes(w, "big") for w in (1, 2, 4, 8))


def bet(b):
    seed = bytes.fromhex(b["Seed"])
    return (b"bitcraps/bet/001" + bytes.fromhex(b["ID"]) + bytes.fromhex(b["Player"]) + u16(b["Wager"])
            + u8(b["Number"]) + u8(b["Working"]) + u64(b["Amount"]) + u8(len(seed)) + seed)


def tree(leaves):  # RFC 6962, section 2.1
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return sha(b"\0" + leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha(b"\1" + tree(leaves[:k]) + tree(leaves[k:]))


def stream(randomness, salt):  # HKDF, RFC 5869, without an end
    prk = hmac.digest(salt, randomness, "sha256")
    block, i = b"", 1
    while True:
        block = hmac.digest(prk, block + b"bitcraps/dice/v1" + u8(i), "sha256")
        yield from block
        i += 1


def dice(randomness, commitment):
    out = []
    for byte in stream(randomness, commitment):
        if byte < 252:
            out.append(byte % 6 + 1)
        if len(out) == 2:
            return out


ident = lambda label: sha(label.encode())[:16].hex()
bets = [dict(ID=f"0190{i:028x}", Player=ident(f"player {i % 2}"), Seed="" if i % 2 else b"lucky".hex(), Wager=i * 7,
             Number=[0, 6, 0, 8, 10][i], Working=i != 3, Amount=10 ** i) for i in range(5)]
roots = [dict(Count=n, Root=tree([bet(b) for b in bets[:n]]).hex()) for n in range(len(bets) + 1)]

state = dict(Game=ident("game"), Shooter=ident("player 0"), Round=12, Hand=3, Rolls=4, Point=8,
             Totals=[1, 0, 2, 0, 6, 1, 0, 0, 3, 0], Pairs=1 << 0 | 1 << 20 | 1 << 7, Hard=0b0101, PointsMade=[0, 1, 4, 0, 0, 2], PassWins=11)
encoded = (b"bitcraps/state/2" + bytes.fromhex(state["Game"]) + u64(12) + u64(3) + u32(4) + u8(8) + bytes.fromhex(state["Shooter"])
           + bytes(state["Totals"]) + u32(state["Pairs"]) + u8(state["Hard"]) + bytes(state["PointsMade"]) + u8(state["PassWins"]))
state["Encoding"], state["Hash"] = encoded.hex(), sha(encoded).hex()

com = dict(Game=state["Game"], BetsRoot=roots[-1]["Root"], StateHash=state["Hash"],
           PayTableHash=sha(b"pay table").hex(), Round=12, BetCount=5)
encoding = (b"bitcraps/round/1" + bytes.fromhex(com["Game"]) + u64(12) + u32(5) + bytes.fromhex(com["BetsRoot"])
            + bytes.fromhex(com["StateHash"]) + bytes.fromhex(com["PayTableHash"]))
com["Encoding"], com["Hash"] = encoding.hex(), sha(encoding).hex()

throws, i = [], 0
while len(throws) < 4:  # The last two throws reject a byte.
    randomness = sha(b"beacon %d" % i)
    s = stream(randomness, sha(encoding))
    rejects = max(next(s), next(s)) >= 252
    if rejects or len(throws) < 2:
        throws.append(dict(Randomness=randomness.hex(), Commitment=com["Hash"], Dice=dice(randomness, sha(encoding))))
    i += 1

sharings = []
for epoch, threshold, members in ((1, 1, 1), (2, 3, 4), (2**64 - 1, 15, 21)):
    points = [(sha(b"point %d" % i) * 3) for i in range(threshold)]  # Bytes of the right length; the encoding looks no further.
    addresses = [sha(b"validator %d" % i)[:20] for i in range(members)]
    encoding = b"bitcraps/share/1" + u64(epoch) + u16(threshold) + u16(members) + b"".join(points + addresses)
    sharings.append(dict(Epoch=epoch, Commitments=[p.hex() for p in points], Members=[a.hex() for a in addresses],
                         Encoding=encoding.hex(), Hash=sha(encoding).hex()))

print(json.dumps(dict(Bets=[dict(Bet=b, Encoding=bet(b).hex()) for b in bets], BetsRoots=roots, State=state,
                      Commitment=com, Dice=throws, Sharings=sharings), indent=2))
