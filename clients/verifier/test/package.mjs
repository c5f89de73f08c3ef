// The built package: that of VERIFIER, or what `make verifier` leaves.
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

const built = process.env.VERIFIER ?? resolve(import.meta.dirname, '../../../bin/verifier');

export const { verify } = await import(pathToFileURL(resolve(built, 'index.mjs')));
