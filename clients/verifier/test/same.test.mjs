// Compares the package with the Go implementation, whose answers are in the files named by ANSWERS and ROUNDS.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { verify, verifyRounds } from './package.mjs';

test('answers equal those of the Go implementation', async () => {
  for (const { receipt, trust, answer } of JSON.parse(await readFile(process.env.ANSWERS, 'utf8'))) {
    assert.deepEqual(await verify(receipt, trust), answer);
  }
});

test('answers for several receipts equal those of the Go implementation', async () => {
  for (const { receipts, trust, sequence } of JSON.parse(await readFile(process.env.ROUNDS, 'utf8'))) {
    const result = await verifyRounds(receipts, trust);
    assert.deepEqual(result.sequence, sequence);
    assert.deepEqual(result.receipts, await Promise.all(receipts.map((receipt) => verify(receipt, trust))));
    assert.equal(result.ok, sequence.ok);
  }
});
