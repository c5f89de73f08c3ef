// What becomes of a watch whose connection, server or app fails. The network is a function; time is a mock.
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { createClient, watchGame } from "@bitcraps/client";

const over = 'event: game_closed\ndata: {"sequence":1,"game_closed":{}}\n\n';

/** A client whose n-th connection gets the n-th answer. */
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

/** Lets what is under way go on, and then time. */
async function pass(milliseconds) {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  mock.timers.tick(milliseconds);
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
}

test("what the app throws ends the watch", async () => {
  const noToken = clientOf([], { token: () => Promise.reject(new Error("signed out")) });
  await assert.rejects(all(watchGame(noToken, "g")), /signed out/);
  const present = clientOf([() => new Response(body("event: presence\ndata: {}\n\n"))]);
  const onPresence = () => {
    throw new Error("the app's own");
  };
  await assert.rejects(all(watchGame(present, "g", { onPresence })), /the app's own/);
  assert.equal(present.calls, 1);
});

test("a silent connection is made anew", async () => {
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

test("a server that is busy is left alone for as long as it wants, and a signal ends the waiting", async () => {
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
