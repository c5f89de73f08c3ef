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
  /** How long to wait at least before resuming, in milliseconds, and up to as long again: others resume too. */
  retryDelay?: number;
}

/**
 * The events of a game, each once and in order, from the one behind `after` until the game is over. Where the connection
 * breaks or falls silent it resumes behind the last event. Throws an ApiError where the game can't be watched, and what
 * `token` or `onPresence` throws.
 */
export async function* watchGame(client: BitcrapsClient, gameId: string, options: WatchOptions = {}): AsyncGenerator<GameEvent> {
  const { signal, onPresence, retryDelay = 1000 } = options;
  let last = options.after ?? 0;
  while (!signal?.aborted) {
    let wait = retryDelay;
    try {
      for await (const message of stream(client, gameId, last, signal)) {
        if (message.event === "end") {
          if (message.data === "{}") return;
          break; // Cut off: resume.
        }
        if (message.event === "presence") {
          onPresence?.(JSON.parse(message.data) as Presence);
          continue;
        }
        const event = JSON.parse(message.data) as GameEvent;
        last = event.sequence;
        yield event;
        if ("game_closed" in event) return;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof Lost)) throw error;
      wait = Math.max(wait, error.wait);
    }
    await rest(wait + Math.random() * retryDelay, signal);
  }
}

/** A connection that is lost, and may be had again. */
class Lost extends Error {
  constructor(
    cause: unknown,
    /** How long the server wants to be left alone, in milliseconds. */
    readonly wait = 0,
  ) {
    super("the connection is lost", { cause });
  }
}

/** Waits, until the signal at most. */
function rest(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done);
  });
}

interface Message {
  event: string;
  data: string;
}

async function* stream(client: BitcrapsClient, gameId: string, after: number, signal?: AbortSignal): AsyncGenerator<Message> {
  let sent = false;
  const call = client.GET("/api/v1/games/{game_id}/events", {
    params: { path: { game_id: gameId }, query: { after_sequence: after } },
    parseAs: "stream",
    middleware: [{ onRequest: () => void (sent = true) }], // Behind the client's own, which asks for the token.
    ...(signal && { signal }),
  });
  const { data, error, response } = await call.catch((error: unknown) => {
    throw sent && error instanceof TypeError ? new Lost(error) : error; // What fetch throws where there is no network.
  });
  if (!response.ok || !data) {
    const refused = ApiError.of(response, error);
    if (refused.httpStatus < 500 && refused.httpStatus !== 429) throw refused;
    throw new Lost(refused, (refused.retryAfter ?? 0) * 1000);
  }
  yield* messages(data as unknown as ReadableStream<Uint8Array>);
}

/** Splits a stream into its messages (WHATWG HTML, section 9.2), of which the gateway ends each line with \n. */
async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await read(reader);
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
    reader.cancel().catch(() => undefined); // Nobody waits for a connection that may be gone.
  }
}

/** How long a connection may be silent, in milliseconds: the gateway sends a comment every 15 seconds. */
const silence = 40_000;

async function read(reader: ReadableStreamDefaultReader<string>): Promise<ReadableStreamReadResult<string>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("nothing came")), silence);
  });
  try {
    return await Promise.race([reader.read(), silent]);
  } catch (error) {
    throw new Lost(error);
  } finally {
    clearTimeout(timer);
  }
}
