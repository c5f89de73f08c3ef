// The built package: that of VERIFIER, or what `make verifier` leaves.
import { pathToFileURL } from 'node:url';

const built = process.env.VERIFIER ? pathToFileURL(`${process.env.VERIFIER}/`) : new URL('../../../bin/verifier/', import.meta.url);

export const { verify, verifyRounds } = await import(new URL('index.mjs', built));
