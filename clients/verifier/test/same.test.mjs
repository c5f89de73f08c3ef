// Compares the package with the Go implementation, whose answers are in the files that ANSWERS and ROUNDS name.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { verify, verifyRounds } from './package.mjs';

test('the answers are those of the Go implementation', async () => {
  for (const { receipt, trust, answer } of JSON.parse(await readFile(process.env.ANSWERS, 'utf8'))) {
    assert.deepEqual(await verify(receipt, trust), answer);
  }
});

test('the answers about several receipts are those of the Go implementation', async () => {
  for (const { receipts, trust, sequence } of JSON.parse(await readFile(process.env.ROUNDS, 'utf8'))) {
    const result = await verifyRounds(receipts, trust);
    assert.deepEqual(result.sequence, sequence);
    assert.deepEqual(result.receipts, await Promise.all(receipts.map((receipt) => verify(receipt, trust))));
    assert.equal(result.ok, sequence.ok);
  }
});
