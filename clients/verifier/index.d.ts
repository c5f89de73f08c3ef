/** One check of a receipt. The names are those of docs/protocol.md, section 9. */
export interface Step {
  name: string;
  ok: boolean;
  /** The check's finding, or the reason why it failed. */
  detail: string;
}

export interface Result {
  /** True if every check passes. */
  ok: boolean;
  /** The checks in order, up to the first that fails. Empty if trustJson can't be parsed. */
  steps: Step[];
  /** The reason of the failure, preceded by the name of the check; null if there is none. */
  error: string | null;
}

/**
 * Verifies a receipt without a network.
 *
 * @param receiptJson The text of a receipt, the body of GET /api/v1/games/{game_id}/rounds/{round}/receipt. Pass it unchanged: a
 *   receipt that was parsed and serialized again may differ.
 * @param trustJson The text of the chain's genesis file, or the body of GET /api/v1/fairness from before the round. Without it,
 *   the receipt proves only that some validators determined these dice.
 * @param gameId The game in which the bets were placed, as your program showed it then. A receipt of another game fails. Without it,
 *   compare the id in the step `game` yourself: the house may have rolled for your bets in other games, too.
 */
export function verify(receiptJson: string, trustJson?: string | null, gameId?: string | null): Promise<Result>;

/** The result for several receipts. */
export interface Rounds {
  /** True if every check of every receipt passes, and that of their sequence. */
  ok: boolean;
  /** The result for each receipt, in the order of receiptJsons. */
  receipts: Result[];
  /**
   * The check that each round follows from the previous one and its dice. Its detail names the missing rounds, about which nothing
   * is known. It fails if a receipt does.
   */
  sequence: Step;
}

/**
 * Verifies receipts of one player and one game, in any order, without a network: each by itself, and that each round follows from the
 * previous one. The receipts of all rounds prove that the house did not change the table between any two of them.
 *
 * @param receiptJsons The texts of the receipts, each as verify takes it.
 * @param trustJson As verify takes it.
 * @param gameId As verify takes it.
 */
export function verifyRounds(receiptJsons: string[], trustJson?: string | null, gameId?: string | null): Promise<Rounds>;
