// Compares the package with the Go implementation, whose answers are in the file that ANSWERS names.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { verify } from './package.mjs';

test('the answers are those of the Go implementation', async () => {
  for (const { receipt, trust, answer } of JSON.parse(await readFile(process.env.ANSWERS, 'utf8'))) {
    assert.deepEqual(await verify(receipt, trust), answer);
  }
});
