import { ApiError, type BitcrapsClient, type GameEvent } from "./index.js";

/** Who watches a game: how many, and who of those that sit is there. */
export interface Presence {
  game_id: string;
  watching: number;
  seats: { seat: number; player_id: string; online: boolean }[];
}

/** Options of a watch. */
export interface WatchOptions {
  /** The sequence of the last event that you have; 0, which is the default, for none. */
  after?: number;
  /** Is told who is there, where that has changed, at most every two seconds. */
  onPresence?: (presence: Presence) => void;
  /** Ends the watch. */
  signal?: AbortSignal;
  /** How long to wait before resuming, in milliseconds. */
  retryDelay?: number;
}

/**
 * The events of a game, each once and in order, from the one behind `after` until the game is over. Where the connection
 * breaks it resumes behind the last event. Throws an ApiError where the game can't be watched.
 */
export async function* watchGame(client: BitcrapsClient, gameId: string, options: WatchOptions = {}): AsyncGenerator<GameEvent> {
  let last = options.after ?? 0;
  while (!options.signal?.aborted) {
    try {
      for await (const message of stream(client, gameId, last, options.signal)) {
        if (message.event === "end") {
          if (message.data === "{}") return;
          break; // Cut off: resume.
        }
        if (message.event === "presence") {
          options.onPresence?.(JSON.parse(message.data) as Presence);
          continue;
        }
        const event = JSON.parse(message.data) as GameEvent;
        last = event.sequence;
        yield event;
        if ("game_closed" in event) return;
      }
    } catch (error) {
      if (options.signal?.aborted) return;
      if (error instanceof ApiError && error.httpStatus < 500 && error.httpStatus !== 429) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, options.retryDelay ?? 1000));
  }
}

interface Message {
  event: string;
  data: string;
}

async function* stream(client: BitcrapsClient, gameId: string, after: number, signal?: AbortSignal): AsyncGenerator<Message> {
  const { data, error, response } = await client.GET("/api/v1/games/{game_id}/events", {
    params: { path: { game_id: gameId }, query: { after_sequence: after } },
    parseAs: "stream",
    ...(signal && { signal }),
  });
  if (!response.ok || !data) throw ApiError.of(response, error);
  yield* messages(data as unknown as ReadableStream<Uint8Array>);
}

/** Splits a stream into its messages (WHATWG HTML, section 9.2), of which the gateway ends each line with \n. */
async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (text + value).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const field = (name: string) => block.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        const data = field("data");
        if (data !== undefined) yield { event: field("event") ?? "message", data };
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
