// A client on @grpc/grpc-js, on Node, Bun or Deno.
import grpc from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { drive } from "../drive.mjs";
import { Echo } from "./service.mjs";

await drive((address) => {
  // A pool of its own, or all clients of one process would share a connection.
  const client = new Echo(address, grpc.credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_receive_message_length": -1,
  });
  return {
    unary: (body) =>
      promised((done) => client.unary({ body }, done)).then((response) => response.body.length),
    headed: (method, body, headers, echoed) => headed(client, method, body, headers, echoed),
    download: (count, size) => download(client, count, size),
    upload: (count, body) => upload(client, count, body),
    chat: () => chatOf(client),
    close: () => client.close(),
  };
});

function promised(call) {
  return new Promise((resolve, reject) => call((error, value) => error ? reject(error) : resolve(value)));
}

function headed(client, method, body, { timeoutMs, metadata: given }, echoed) {
  return new Promise((resolve, reject) => {
    const metadata = new grpc.Metadata();
    for (const name in given) {
      metadata.set(name, name.endsWith("-bin") ? Buffer.from(given[name]) : given[name]);
    }
    const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
    let seen;
    const call = client[method]({ body }, metadata, options, (error, response) => {
      if (error) reject(error);
      else resolve({ length: response.body.length, echoed: seen });
    });
    if (echoed !== undefined) call.on("metadata", (headers) => seen = headers.get(echoed)[0]);
  });
}

function download(client, count, size) {
  return new Promise((resolve, reject) => {
    const got = { count: 0, bytes: 0 };
    const call = client.download({ count, size });
    call.on("data", ({ body }) => {
      got.count++;
      got.bytes += body.length;
    });
    call.on("error", reject);
    call.on("end", () => resolve(got));
  });
}

async function upload(client, count, body) {
  let call;
  const receipt = promised((done) => call = client.upload(done));
  for (let i = 0; i < count; i++) {
    if (!call.write({ body })) await once(call, "drain");
  }
  call.end();
  return await receipt;
}

function chatOf(client) {
  const call = client.chat();
  let answered;
  call.on("data", ({ body }) => answered(body.length));
  call.on("error", () => {});
  return {
    exchange: (body) =>
      new Promise((resolve) => {
        answered = resolve;
        call.write({ body });
      }),
    end: () => call.end(),
  };
}
