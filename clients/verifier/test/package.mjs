// The built package: the folder named by VERIFIER, or the one that `make verifier` builds.
import { pathToFileURL } from 'node:url';

const built = process.env.VERIFIER ? pathToFileURL(`${process.env.VERIFIER}/`) : new URL('../../../bin/verifier/', import.meta.url);

export const { verify, verifyRounds } = await import(new URL('index.mjs', built));
