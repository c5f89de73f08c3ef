// Verifies the receipts that the Go implementation is tested with.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { verify, verifyRounds } from './package.mjs';

const golden = (name) => readFile(new URL(`../../../libs/receipt/testdata/${name}.json`, import.meta.url), 'utf8');
const names = ['format', 'trust', 'game', 'state', 'pay_table', 'bets', 'validators', 'inclusion', 'signatures', 'hops', 'group_key',
  'beacon', 'dice', 'settlement', 'balance'];
const receipts = [
  ['signed by the validators of genesis', await golden('receipt'), await golden('fairness')],
  ['signed by later validators', await golden('lineage'), await golden('genesis')],
];

for (const [what, receipt, trust] of receipts) {
  test(`a receipt ${what} is valid`, async () => {
    const result = await verify(receipt, trust);
    assert.deepEqual([result.ok, result.error], [true, null]);
    assert.deepEqual(result.steps.map((step) => step.name), names);
    for (const step of result.steps) assert.ok(step.ok && step.detail, step.name);
  });

  test(`without trust, a receipt ${what} is not pinned`, async () => {
    const result = await verify(receipt);
    assert.ok(result.ok);
    assert.match(result.steps[1].detail, /^not pinned/);
  });

  test(`a receipt ${what} is invalid with any byte changed`, async () => {
    for (let at = 0; at < receipt.length; at += 97) {
      const changed = receipt.slice(0, at) + String.fromCharCode(receipt.charCodeAt(at) ^ 1) + receipt.slice(at + 1);
      const result = await verify(changed, trust);
      const last = result.steps.at(-1);
      assert.deepEqual([result.ok, last.ok, result.error], [false, false, `${last.name}: ${last.detail}`], `byte ${at}`);
    }
  });
}

test('each change fails the check that covers it', async () => {
  const [, receipt, trust] = receipts[1];
  const dice = receipt.replace(/"dice":\[(\d)/, (_, die) => `"dice":[${(die % 6) + 1}`);
  for (const [text, trusted, step] of [
    ['', trust, 'format'],
    ['{}', trust, 'format'],
    [receipt, receipts[0][2], 'trust'],
    [receipt.replace(/"hops":\[.*\],"sharing"/, '"hops":[],"sharing"'), trust, 'hops'],
    [dice, trust, 'dice'],
  ]) {
    const result = await verify(text, trusted);
    assert.equal(result.steps.at(-1).name, step);
    assert.ok(!result.ok && result.error.startsWith(`${step}: `), result.error);
  }
});

test('invalid trust is refused', async () => {
  for (const trust of ['', '{}', 'null', receipts[0][1]]) {
    const result = await verify(receipts[0][1], trust);
    assert.deepEqual([result.ok, result.steps], [false, []]);
    assert.match(result.error, /genesis/);
  }
});

const game = await Promise.all([1, 2, 3].map((round) => golden(`game/${round}`)));
const gameTrust = await golden('game/fairness');

test('the receipts of a game are valid in any order', async () => {
  for (const receipts of [game, [...game].reverse()]) {
    const result = await verifyRounds(receipts, gameTrust);
    assert.deepEqual([result.ok, result.receipts.map((receipt) => receipt.ok), result.sequence.ok], [true, [true, true, true], true]);
    assert.match(result.sequence.detail, /^3 rounds, up to round 3; .* its dice$/);
  }
});

test('missing rounds are named', async () => {
  const { ok, sequence } = await verifyRounds([game[0], game[2]], gameTrust);
  assert.ok(ok);
  assert.match(sequence.detail, /round 2 is not among them/);
});

test('receipts that do not belong together are refused', async () => {
  for (const [texts, trust, detail] of [
    [[], gameTrust, /^not checked/],
    [[game[0], game[0]], gameTrust, /two receipts/],
    [[game[0], receipts[0][1]], null, /chain_id/],
    [[game[0], '{}'], gameTrust, /^not checked: 1 of the 2/],
    [game, '{}', /^not checked: .*genesis/],
  ]) {
    const result = await verifyRounds(texts, trust);
    assert.deepEqual([result.ok, result.sequence.ok, result.receipts.length], [false, false, texts.length]);
    assert.match(result.sequence.detail, detail);
  }
});

test('a receipt of another game is refused', async () => {
  const [, receipt, trust] = receipts[0];
  const { game_id: id } = JSON.parse(receipt);
  assert.deepEqual([(await verify(receipt, trust, id)).ok, (await verifyRounds([receipt], trust, id)).ok], [true, true]);
  const other = await verify(receipt, trust, '01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4');
  assert.deepEqual([other.ok, other.steps.length], [false, 3]);
  assert.match(other.error, /^game: game_id: /);
  assert.match((await verify(receipt, trust)).steps[2].detail, new RegExp(`^not given: compare ${id} `));
});

test('arguments that are not text are refused', async () => {
  await assert.rejects(verify(JSON.parse(receipts[0][1])), TypeError);
  await assert.rejects(verify(receipts[0][1], {}), TypeError);
  await assert.rejects(verifyRounds(receipts[0][1]), TypeError);
  await assert.rejects(verifyRounds([game[0], {}]), TypeError);
  for (const id of ['', 7]) await assert.rejects(verify(receipts[0][1], null, id), TypeError);
});
