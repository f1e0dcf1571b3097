// A client on @connectrpc/connect-node, on Node, Bun or Deno.
import { createClient, encodeBinaryHeader } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { drive } from "../drive.mjs";
import { Echo } from "./service.mjs";

await drive((address) => {
  const baseUrl = `http://${address}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  const client = createClient(Echo, createGrpcTransport({ baseUrl, sessionManager }));
  return {
    unary: (body) => client.unary({ body }).then((response) => response.body.length),
    async headed(method, body, { timeoutMs, metadata }, echoed) {
      const headers = {};
      for (const name in metadata) {
        headers[name] = name.endsWith("-bin") ? encodeBinaryHeader(metadata[name]) : metadata[name];
      }
      const options = { headers, timeoutMs };
      let seen;
      if (echoed !== undefined) options.onHeader = (received) => seen = received.get(echoed);
      const response = await client[method]({ body }, options);
      return { length: response.body.length, echoed: seen };
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
    close: () => sessionManager.abort(),
  };
});

async function* repeated(count, message) {
  for (let i = 0; i < count; i++) yield message;
}

function chatOf(client) {
  const waiting = [];
  let wake = () => {};
  const requests = async function* () {
    for (;;) {
      while (waiting.length === 0) await new Promise((resolve) => wake = resolve);
      const body = waiting.shift();
      if (body === undefined) return;
      yield { body };
    }
  };
  const push = (body) => {
    waiting.push(body);
    wake();
  };
  const responses = client.chat(requests())[Symbol.asyncIterator]();
  return {
    exchange(body) {
      push(body);
      return responses.next().then(({ value }) => value.body.length);
    },
    end: () => push(undefined),
  };
}
