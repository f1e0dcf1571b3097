// A client on pollwire, on Deno, Bun or Node.
import * as pollwire from "pollwire";
import { Channel, loadProto } from "pollwire";
import { readFileSync } from "node:fs";
import { drive } from "../drive.mjs";

const { Echo } = await loadProto(new URL("../../echo.proto", import.meta.url));

/** Of an older checkout (`--beside`) the channel makes clients. */
const createClient = pollwire.createClient ?? ((service, channel) => channel.client(service));

/** Scenarios count connections; channels of an older checkout (`--beside`) share none, and do not know the option. */
const own = pollwire.registerResolver === undefined ? {} : { shareConnections: false };
let secured;

const serviceConfig = {
  methodConfig: [{
    name: [{}],
    retryPolicy: {
      maxAttempts: 4,
      initialBackoff: "0.1s",
      maxBackoff: "1s",
      backoffMultiplier: 2,
      retryableStatusCodes: ["UNAVAILABLE"],
    },
  }],
  retryThrottling: { maxTokens: 100, tokenRatio: 0.1 },
};

await drive((address, { poller, tls: folder, retries }) => {
  secured ??= folder === ""
    ? {}
    : { credentials: pollwire.tls.client({ ca: readFileSync(`${folder}/ca.pem`, "utf8") }) };
  const channel = new Channel(address, {
    poller,
    ...secured,
    maxReceiveMessageBytes: 2 ** 30,
    ...own,
    ...retries ? { serviceConfig } : {},
  });
  const client = createClient(Echo, channel);
  return {
    unary: (body) => client.unary({ body }).then((response) => response.body.length),
    headed(method, body, { timeoutMs, metadata }, echoed) {
      if (echoed !== undefined) {
        return seen(client, method, body, { deadlineMs: timeoutMs, metadata }, echoed);
      }
      return client[method]({ body }, { deadlineMs: timeoutMs, metadata })
        .then((response) => ({ length: response.body.length }));
    },
    async download(count, size) {
      const got = { count: 0, bytes: 0 };
      for await (const { body } of client.download({ count, size })) {
        got.count++;
        got.bytes += body.length;
      }
      return got;
    },
    upload: (count, body) => client.upload(repeated(count, { body })),
    chat: () => chatOf(client),
    sync: syncOf(channel),
    close: () => channel.close(),
  };
});

/** A call whose response headers are looked at. */
async function seen(client, method, body, options, echoed) {
  let value;
  const onHeaders = (headers) => value = headers.get(echoed);
  const response = await client[method]({ body }, { ...options, onHeaders });
  return { length: response.body.length, echoed: value };
}

/** Made when the first call asks for it: an older checkout has none. */
function syncOf(channel) {
  let spinning, blocking;
  return (body, spins) => {
    const client = spins
      ? spinning ??= pollwire.createSyncClient(Echo, channel, { spinMs: 1 })
      : blocking ??= pollwire.createSyncClient(Echo, channel);
    return client.unary({ body }).body.length;
  };
}

function* repeated(count, message) {
  for (let i = 0; i < count; i++) yield message;
}

/** Requests are pushed one at a time, so the request stream is an iterator whose `next` waits for a push. */
function chatOf(client) {
  let wanted;
  let pushed = [];
  const requests = {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        pushed.length > 0 ? Promise.resolve(pushed.shift()) : new Promise((resolve) => wanted = resolve),
    }),
  };
  const push = (result) => {
    if (wanted === undefined) pushed = [...pushed, result];
    else {
      const resolve = wanted;
      wanted = undefined;
      resolve(result);
    }
  };
  const responses = client.chat(requests);
  return {
    exchange(body) {
      push({ value: { body }, done: false });
      return responses.next().then(({ value }) => value.body.length);
    },
    end: () => push({ value: undefined, done: true }),
  };
}
