/** One check of a receipt. The names are those of docs/protocol.md, section 9. */
export interface Step {
  name: string;
  ok: boolean;
  /** What the check found, or what is wrong. */
  detail: string;
}

export interface Result {
  /** True where every check holds. */
  ok: boolean;
  /** The checks in their order, up to the first that fails. Empty where trustJson can't be read. */
  steps: Step[];
  /** What is wrong, beginning with the name of the check; null where nothing is. */
  error: string | null;
}

/**
 * Checks a receipt without a network.
 *
 * @param receiptJson The text of a receipt, as GET /api/v1/games/{game_id}/rounds/{round}/receipt answers it. Give it as it
 *   came: a receipt that was parsed and written again may differ.
 * @param trustJson The text of the chain's genesis file, or of the answer of GET /api/v1/fairness from before the round.
 *   Without it no more is proven than that some validators threw these dice.
 */
export function verify(receiptJson: string, trustJson?: string | null): Promise<Result>;

/** What was found of several receipts. */
export interface Rounds {
  /** True where every receipt holds, and their sequence does. */
  ok: boolean;
  /** One result for each receipt, in the order of receiptJsons. */
  receipts: Result[];
  /**
   * The check that each round follows from the one before and its dice. Its detail names the rounds that are missing: nothing is
   * known of them. It fails where a receipt does not hold.
   */
  sequence: Step;
}

/**
 * Checks receipts of one player and one game, in any order, without a network: each alone, and that each round follows from the one
 * before. With the receipts of all rounds, the house can't have changed the table between two of them.
 *
 * @param receiptJsons The texts of the receipts, each as verify takes it.
 * @param trustJson As verify takes it.
 */
export function verifyRounds(receiptJsons: string[], trustJson?: string | null): Promise<Rounds>;
