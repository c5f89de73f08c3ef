// Tests watches whose connection, server or app fails, with a fake network and a fake clock.
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { createClient, watchGame } from "@bitcraps/client";

const over = 'event: game_closed\ndata: {"sequence":1,"game_closed":{}}\n\n';

/** Returns a client whose n-th connection receives the n-th response. */
function clientOf(answers, options = {}) {
  const client = createClient({ baseUrl: "http://gateway", fetch: async () => answers[client.calls++](), ...options });
  client.calls = 0;
  return client;
}

const body = (...texts) =>
  new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(new TextEncoder().encode(text));
    },
  });

const all = async (events) => {
  const got = [];
  for await (const event of events) got.push(event.sequence);
  return got;
};

/** Runs pending tasks, and then advances the clock. */
async function pass(milliseconds) {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  mock.timers.tick(milliseconds);
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
}

test("an error of the app ends the watch", async () => {
  const noToken = clientOf([], { token: () => Promise.reject(new Error("signed out")) });
  await assert.rejects(all(watchGame(noToken, "g")), /signed out/);
  let asked = 0;
  const token = () => Promise.reject(asked++ ? new Error("asked again") : new TypeError("fetch failed")); // The app's own call.
  await assert.rejects(all(watchGame(clientOf([], { token }), "g", { retryDelay: 1 })), /fetch failed/);
  const present = clientOf([() => new Response(body("event: presence\ndata: {}\n\n"))]);
  const onPresence = () => {
    throw new Error("the app's own");
  };
  await assert.rejects(all(watchGame(present, "g", { onPresence })), /the app's own/);
  assert.equal(present.calls, 1);
});

test("a silent connection is replaced", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const client = clientOf([() => new Response(body(": watching\n\n")), () => new Response(body(over))]);
    const watched = all(watchGame(client, "g"));
    await pass(39_000);
    assert.equal(client.calls, 1);
    await pass(1_000);
    await pass(2_000);
    assert.deepEqual(await watched, [1]);
  } finally {
    mock.timers.reset();
  }
});

test("the watch waits for as long as a busy server asks for, and a signal ends the wait", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const busy = () => Response.json({ code: 8, message: "busy" }, { status: 429, headers: { "Retry-After": "30" } });
    const client = clientOf([busy, busy]);
    const ended = new AbortController();
    const watched = all(watchGame(client, "g", { signal: ended.signal }));
    await pass(29_000);
    assert.equal(client.calls, 1);
    await pass(2_000);
    assert.equal(client.calls, 2);
    ended.abort();
    assert.deepEqual(await watched, []);
  } finally {
    mock.timers.reset();
  }
});

/** Returns a body whose connection breaks before the first byte. */
const brokenBody = () => new ReadableStream({ start: (controller) => controller.error(new TypeError("terminated")) });

for (const [what, answer] of [
  ["an unreachable network", () => Promise.reject(new TypeError("fetch failed"))],
  ["a connection that breaks", () => new Response(brokenBody())],
  ["a refusal whose connection breaks", () => new Response(brokenBody(), { status: 503 })],
]) {
  test(`${what} is retried`, async () => {
    const client = clientOf([answer, () => new Response(body(over))]);
    assert.deepEqual(await all(watchGame(client, "g", { retryDelay: 1 })), [1]);
  });
}

test("a signal before the wait prevents the wait", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const ended = new AbortController();
    const disconnect = () => {
      ended.abort();
      return new Response(body("event: end\ndata: {\"code\":14}\n\n"));
    };
    const watched = all(watchGame(clientOf([disconnect]), "g", { signal: ended.signal }));
    let got;
    watched.then((events) => (got = events));
    await pass(0);
    assert.deepEqual(got, []);
  } finally {
    mock.timers.reset();
  }
});
