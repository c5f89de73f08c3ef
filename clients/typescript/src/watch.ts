import { ApiError, type BitcrapsClient, type GameEvent } from "./index.js";

/** Who watches a game: the number of watchers, and which of the seated players are online. */
export interface Presence {
  game_id: string;
  watching: number;
  seats: { seat: number; player_id: string; online: boolean }[];
}

/** Options of a watch. */
export interface WatchOptions {
  /** The sequence of the last event received before; the default of 0 means none. */
  after?: number;
  /** Called when presence has changed, at most every two seconds. */
  onPresence?: (presence: Presence) => void;
  /** Ends the watch. */
  signal?: AbortSignal;
  /** The minimum delay before resuming, in milliseconds. A random delay of up to the same length is added, since others resume, too. */
  retryDelay?: number;
}

/**
 * Yields the events of a game, each exactly once and in order, from the one after `after` until the game is over. If the connection
 * breaks or falls silent, it resumes after the last event. Throws an ApiError if the game can't be watched, and rethrows what `token`
 * or `onPresence` throws.
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
          break; // Disconnected by the server: resume.
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
      if (!(error instanceof ConnectionError)) throw error;
      wait = Math.max(wait, error.wait);
    }
    await sleep(wait + Math.random() * retryDelay, signal);
  }
}

/** A failure of the connection after which the watch resumes. */
class ConnectionError extends Error {
  constructor(
    cause: unknown,
    /** The delay before a retry that the server asks for, in milliseconds. */
    readonly wait = 0,
  ) {
    super("the connection was lost", { cause });
  }
}

/** Waits for a time, or until the signal is aborted. */
function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
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
    middleware: [{ onRequest: () => void (sent = true) }], // Runs after the client's own middleware, which gets the token.
    ...(signal && { signal }),
  });
  const { data, error, response } = await call.catch((error: unknown) => {
    throw sent && error instanceof TypeError ? new ConnectionError(error) : error; // fetch throws a TypeError without a network.
  });
  if (!response.ok || !data) {
    const refused = ApiError.of(response, error);
    if (refused.httpStatus < 500 && refused.httpStatus !== 429) throw refused;
    throw new ConnectionError(refused, (refused.retryAfter ?? 0) * 1000);
  }
  yield* messages(data as unknown as ReadableStream<Uint8Array>);
}

/** Splits a stream into its messages (WHATWG HTML, section 9.2). The gateway ends every line with \n. */
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
    reader.cancel().catch(() => undefined); // Not awaited, since the connection may be gone.
  }
}

/** How long a connection may be silent, in milliseconds. The gateway sends a comment every 15 seconds. */
const maxSilence = 40_000;

async function read(reader: ReadableStreamDefaultReader<string>): Promise<ReadableStreamReadResult<string>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("nothing received")), maxSilence);
  });
  try {
    return await Promise.race([reader.read(), silent]);
  } catch (error) {
    throw new ConnectionError(error);
  } finally {
    clearTimeout(timer);
  }
}
