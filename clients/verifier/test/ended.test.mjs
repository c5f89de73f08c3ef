// Makes the verifier end, by a fake of Go's glue, and checks that the next call starts another one.
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const dir = await mkdtemp(join(tmpdir(), 'verifier-'));
after(() => rm(dir, { recursive: true }));
await copyFile(new URL('../index.mjs', import.meta.url), join(dir, 'index.mjs'));
await writeFile(join(dir, 'verifier.wasm'), new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])); // An empty module.
await writeFile(join(dir, 'wasm_exec.js'), 'globalThis.Go = class { importObject = {}; run() { return globalThis.run(); } };');
const { verify } = await import(pathToFileURL(join(dir, 'index.mjs')));

let started = 0;
let end; // Ends the verifier started last.
let answer = () => '{"receipts":[{"ok":true}]}';
globalThis.run = () => {
  started++;
  globalThis.bitcrapsVerifierReady((...args) => answer(...args));
  return new Promise((resolve, reject) => (end = { resolve, reject }));
};

test('a verifier that has ended is restarted', async () => {
  for (const how of ['resolve', 'reject']) {
    await verify('');
    const before = started;
    await verify('');
    assert.equal(started, before, 'all calls share one verifier');
    end[how](new Error('exit'));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([await verify(''), started], [{ ok: true }, before + 1], how);
  }
});

test('a verifier that ends during a call fails only that call', async () => {
  for (const dies of [() => undefined, () => { throw new Error('Go program has already exited'); }]) {
    const before = started;
    answer = dies;
    await assert.rejects(verify(''), /the verifier ended/);
    answer = () => '{"receipts":[{"ok":true}]}';
    assert.deepEqual([await verify(''), started], [{ ok: true }, before + 1]);
  }
});
