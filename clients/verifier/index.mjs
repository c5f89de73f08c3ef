// The verifier of BitCraps receipts. It runs verifier.wasm from the same folder; README.md describes its use.
const wasm = new URL('verifier.wasm', import.meta.url);

async function bytes() {
  if (wasm.protocol === 'file:') {
    const { readFile } = await import('node:fs/promises');
    return readFile(wasm);
  }
  const response = await fetch(wasm);
  if (!response.ok) throw new Error(`${wasm}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

async function start() {
  globalThis.crypto ??= (await import('node:crypto')).webcrypto; // Only Node 18 lacks it.
  await import('./wasm_exec.js'); // Go's own glue. It defines globalThis.Go.
  const go = new Go();
  const { instance } = await WebAssembly.instantiate(await bytes(), go.importObject);
  return new Promise((resolve, reject) => {
    globalThis.bitcrapsVerifierReady = resolve;
    const ended = (err) => {
      verifier = undefined; // Even if it was ready before: a verifier that has ended can't answer.
      reject(err);
    };
    go.run(instance).then(() => ended(new Error('the verifier ended')), ended);
    delete globalThis.bitcrapsVerifierReady;
  });
}

let verifier; // A promise of the verifier that all calls share. A call starts it if there is none.

/** Verifies a receipt; see index.d.ts. */
export async function verify(receiptJson, trustJson = null, gameId = null) {
  const { receipts } = await verifyRounds([receiptJson], trustJson, gameId);
  return receipts[0];
}

/** Verifies receipts of one game, and that each round follows from the previous one; see index.d.ts. */
export async function verifyRounds(receiptJsons, trustJson = null, gameId = null) {
  if (!Array.isArray(receiptJsons)) throw new TypeError('receiptJsons must be an array of the texts of files');
  for (const [name, text] of [...receiptJsons.map((text) => ['receiptJson', text]), ['trustJson', trustJson ?? '']]) {
    if (typeof text !== 'string') throw new TypeError(`${name} must be the text of a file, not ${typeof text}`);
  }
  if (gameId !== null && (typeof gameId !== 'string' || gameId === '')) throw new TypeError('gameId must be the id of a game');
  verifier ??= start().catch((err) => {
    verifier = undefined; // So that the next call tries again.
    throw err;
  });
  const check = await verifier;
  try {
    return JSON.parse(check(receiptJsons, trustJson, gameId));
  } catch (cause) {
    verifier = undefined; // It ended during this call or just before.
    throw new Error('the verifier ended', { cause });
  }
}
