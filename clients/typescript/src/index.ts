/**
 * A client of the BitCraps REST API. Paths, parameters and bodies are typed from the OpenAPI document; see api.ts.
 *
 * @packageDocumentation
 */
import createFetchClient, { type Client, type FetchResponse } from "openapi-fetch";

import type { components, paths } from "./api.js";

export type { components, paths } from "./api.js";
export { watchGame, type Presence, type WatchOptions } from "./watch.js";

type Schemas = components["schemas"];

export type Bet = Schemas["bitcraps.game.v1.Bet"];
export type Game = Schemas["bitcraps.game.v1.Game"];
export type GameEvent = Schemas["bitcraps.game.v1.Event"];
export type Round = Schemas["bitcraps.game.v1.Round"];
export type Status = Schemas["Error"];

/** Options of a client. */
export interface ClientOptions {
  /** The platform's URL, such as https://play.example. */
  baseUrl: string;
  /** The access token, or a function that returns it for each call. Browsers on the same site use a cookie and need none. */
  token?: string | (() => string | undefined | Promise<string | undefined>);
  /** The fetch function to use; the default is globalThis.fetch. */
  fetch?: typeof globalThis.fetch;
}

/** A client whose methods are typed by path: client.GET("/api/v1/games/{game_id}", { params: { path: { game_id } } }). */
export type BitcrapsClient = Client<paths>;

/** Creates a client. */
export function createClient(options: ClientOptions): BitcrapsClient {
  const client = createFetchClient<paths>({
    baseUrl: options.baseUrl,
    ...(options.fetch && { fetch: options.fetch as (request: Request) => Promise<Response> }),
  });
  client.use({
    async onRequest({ request }) {
      const token = typeof options.token === "function" ? await options.token() : options.token;
      if (token) request.headers.set("Authorization", `Bearer ${token}`);
      return request;
    },
  });
  return client;
}

/** The error of a failed call: google.rpc.Status, with the parts that programs need. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The reason, such as INSUFFICIENT_FUNDS; docs/errors.md lists all. */
  readonly reason: string;
  /** The id by which the operator finds the call in the logs. */
  readonly requestId: string | undefined;

  constructor(
    readonly httpStatus: number,
    readonly status: Status,
    /** The delay before a retry in seconds, if a retry makes sense. */
    readonly retryAfter: number | undefined,
  ) {
    super(status.message);
    const detail = (type: string) =>
      status.details.find((d) => (d as { "@type"?: string })["@type"] === `type.googleapis.com/google.rpc.${type}`) as
        | Record<string, string>
        | undefined;
    this.reason = detail("ErrorInfo")?.["reason"] ?? "UNKNOWN";
    this.requestId = detail("RequestInfo")?.["request_id"];
  }

  /** Creates an error from a response and its body. */
  static of(response: Response, body: unknown): ApiError {
    const status = (body ?? {}) as Partial<Status>;
    const seconds = Number(response.headers.get("Retry-After") ?? NaN);
    return new ApiError(
      response.status,
      { code: status.code ?? 2, message: status.message ?? response.statusText, details: status.details ?? [] },
      Number.isNaN(seconds) ? undefined : seconds,
    );
  }
}

/** Returns the data of a call's response. Throws an ApiError if the call failed. */
export async function unwrap<T extends Record<string | number, any>, O, M extends `${string}/${string}`>(
  call: Promise<FetchResponse<T, O, M>>,
): Promise<NonNullable<FetchResponse<T, O, M>["data"]>> {
  const { data, error, response } = await call;
  if (!response.ok) throw ApiError.of(response, error);
  return data as NonNullable<FetchResponse<T, O, M>["data"]>;
}
