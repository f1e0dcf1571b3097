// Runs one scenario against a Peer server with @grpc/grpc-js on Node and prints what it saw as one JSON line:
// `node grpc_js_client.mjs PORT SCENARIO`.
import grpc from "@grpc/grpc-js";
import { PeerClient, unlimited } from "./grpc_js_service.mjs";

const MIB = 1024 * 1024;
const [port, scenario] = process.argv.slice(2);
const client = new PeerClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), unlimited);

function unary(request, metadata = new grpc.Metadata(), options = {}) {
  return new Promise((resolve) => {
    const seen = {};
    const call = client.unary(request, metadata, options, (error, response) => {
      seen.code = error?.code ?? 0;
      seen.details = error?.details ?? "";
      seen.bytes = response?.body?.length ?? 0;
      seen.body = response?.body;
    });
    call.on("metadata", (received) => seen.initial = received);
    call.on("status", (status) => {
      seen.trailers = status.metadata;
      setImmediate(resolve, seen);
    });
  });
}

function collect(call, onData = () => {}) {
  return new Promise((resolve) => {
    const seen = { messages: 0, bytes: 0, inOrder: true };
    call.on("data", (response) => {
      if (response.body.length > 0 && response.body[0] !== (seen.messages & 255)) seen.inOrder = false;
      seen.messages++;
      seen.bytes += response.body.length;
      onData(response, seen);
    });
    call.on("error", () => {});
    call.on("status", (status) => resolve({ ...seen, code: status.code, details: status.details }));
  });
}

const scenarios = {
  async unary() {
    const { code, bytes, body } = await unary({ body: Buffer.from("hello") });
    return { code, bytes, text: body.toString() };
  },
  serverStream: () => collect(client.serverStream({ count: 500, size: 1000 })),
  clientStream() {
    return new Promise((resolve) => {
      const call = client.clientStream((error, response) =>
        resolve({
          code: error?.code ?? 0,
          messages: response?.messages,
          totalBytes: Number(response?.totalBytes),
        })
      );
      for (let i = 0; i < 500; i++) call.write({ body: Buffer.alloc(1000) });
      call.end();
    });
  },
  bidi() {
    const call = client.bidi();
    let sent = 1;
    call.write({ body: Buffer.alloc(10, 0) });
    return collect(call, () => {
      if (sent === 100) return call.end();
      call.write({ body: Buffer.alloc(10, sent++) });
    });
  },
  async large() {
    const body = Buffer.alloc(16 * MIB, 42);
    const { code, details, bytes, body: echoed } = await unary({ body });
    return { code, details, bytes, equal: echoed?.equals(body) ?? false };
  },
  async concurrent() {
    const all = await Promise.all(
      Array.from({ length: 1000 }, (_, i) => unary({ body: Buffer.from(`call ${i}`) })),
    );
    return {
      ok: all.filter((seen, i) => seen.code === 0 && seen.body.toString() === `call ${i}`).length,
    };
  },
  async metadata() {
    const metadata = new grpc.Metadata();
    metadata.add("x-text", "first");
    metadata.add("x-text", "second");
    metadata.add("x-data-bin", Buffer.from([0, 1, 254, 255]));
    const { code, initial, trailers } = await unary({ body: Buffer.from("m") }, metadata);
    return {
      code,
      text: initial.get("x-text"),
      data: initial.get("x-data-bin").map((value) => [...value]),
      trailerText: trailers.get("t-text"),
      trailerData: trailers.get("t-data-bin").map((value) => [...value]),
    };
  },
  async error() {
    const { code, details } = await unary({ status: 9, details: "nicht möglich: 不可能 100% \n ✗" });
    return { code, details };
  },
  async deadline() {
    const { code } = await unary({ delayMs: 5000 }, undefined, { deadline: Date.now() + 200 });
    return { code };
  },
  async cancel() {
    const call = client.serverStream({ count: 1_000_000, size: 100, delayMs: 1 });
    const { code, messages } = await collect(call, (_, seen) => {
      if (seen.messages === 3) call.cancel();
    });
    return { code, messages };
  },
  async hugeHeaders() {
    const metadata = new grpc.Metadata();
    metadata.add("x-huge", "h".repeat(100 * 1024));
    const refused = await unary({ body: Buffer.from("x") }, metadata);
    const after = await unary({ body: Buffer.from("alive") });
    return { refusedCode: refused.code, refusedDetails: refused.details, afterCode: after.code };
  },
  async unknownMethod() {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(
        "/pollwire.test.Peer/Missing",
        (value) => value,
        (value) => value,
        Buffer.alloc(0),
        (error) => resolve({ code: error?.code, details: error?.details }),
      );
    });
  },
  async undecodable() {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(
        "/pollwire.test.Peer/Unary",
        (value) => value,
        (value) => value,
        Buffer.from([0x0a, 0xff]),
        (error) => resolve({ code: error?.code, details: error?.details }),
      );
    });
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));
client.close();
