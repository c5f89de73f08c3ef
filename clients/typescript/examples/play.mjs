// Plays a round as a guest, and verifies its receipt with the bitcraps command, which needs no network for that.
//
//   npm run build && node examples/play.mjs http://127.0.0.1:8080 ../../bin/bitcraps
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ApiError, createClient, unwrap, watchGame } from "@bitcraps/client";

const [baseUrl = "http://127.0.0.1:8080", bitcraps = "bitcraps"] = process.argv.slice(2);

let token;
const client = createClient({ baseUrl, token: () => token });
const fairness = await unwrap(client.GET("/api/v1/fairness", { parseAs: "text" })); // Fetched before the game, so that it pins the chain.
({ access_token: token } = await unwrap(client.POST("/api/v1/players/guests", { body: {} })));

const game = await unwrap(client.POST("/api/v1/games", { body: { min_bet: 1, max_bet: 100 } }));
const path = { game_id: game.game_id };
const watched = new AbortController();
const seen = (async () => {
  const kinds = [];
  for await (const event of watchGame(client, game.game_id, { signal: watched.signal })) {
    kinds.push(Object.keys(event).find((key) => !["game_id", "sequence", "occurred_at"].includes(key)));
    if (event.dice_rolled) return kinds;
  }
})();

try {
  await unwrap(client.POST("/api/v1/games/{game_id}/bets", { params: { path }, body: { bet_type: "lucky", amount: 10 } }));
} catch (error) {
  if (!(error instanceof ApiError) || error.reason !== "WAGER_UNKNOWN" || error.httpStatus !== 400 || !error.requestId) throw error;
}
const { bet, balance } = await unwrap(
  client.POST("/api/v1/games/{game_id}/bets", {
    params: { path, header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { bet_type: "pass_line", amount: 10, client_seed: "my own luck" },
  }),
);
const roll = await unwrap(client.POST("/api/v1/games/{game_id}/roll", { params: { path }, body: {} }));
console.log(`bet ${bet.bet_id} left ${balance}; rolled ${roll.dice.join(" and ")}, now ${roll.balance}`);
console.log(`saw ${(await seen).join(" ")}`);
watched.abort();

// Every byte of a receipt matters, so it is stored exactly as received.
const receipt = await unwrap(
  client.GET("/api/v1/games/{game_id}/rounds/{round}/receipt", { params: { path: { ...path, round: roll.round } }, parseAs: "text" }),
);
const dir = mkdtempSync(join(tmpdir(), "bitcraps-"));
writeFileSync(join(dir, "fairness.json"), fairness);
writeFileSync(join(dir, "receipt.json"), receipt);
process.stdout.write(execFileSync(bitcraps, ["verify", join(dir, "receipt.json"), "--trust", join(dir, "fairness.json")]));
