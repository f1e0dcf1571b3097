// The Peer service on @grpc/grpc-js, for Node: the other side of the real-peer tests.
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

const definition = protoLoader.loadSync(new URL("./peer.proto", import.meta.url).pathname, {
  longs: Number,
  defaults: true,
});
const loaded = grpc.loadPackageDefinition(definition).pollwire.test;

/** The client constructor of the Peer service. */
export const PeerClient = loaded.Peer;

const UNLIMITED = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };

/** Options under which messages of any size pass. */
export const unlimited = UNLIMITED;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Echoes request metadata that tests look for, in the initial metadata and in the trailers. */
function echoMetadata(call) {
  const initial = new grpc.Metadata();
  const trailers = new grpc.Metadata();
  for (const key of ["x-text", "x-data-bin"]) {
    for (const value of call.metadata.get(key)) {
      initial.add(key, value);
      trailers.add(key.replace("x-", "t-"), value);
    }
  }
  return { initial, trailers };
}

const handlers = {
  async unary(call, callback) {
    const { body, size, status, details, delayMs } = call.request;
    const { initial, trailers } = echoMetadata(call);
    call.sendMetadata(initial);
    if (delayMs > 0) await sleep(delayMs);
    if (status !== 0) return callback({ code: status, details, metadata: trailers });
    callback(null, { body: size > 0 ? Buffer.alloc(size, 7) : body }, trailers);
  },
  async serverStream(call) {
    const { count, size, delayMs } = call.request;
    for (let i = 0; i < count && !call.cancelled; i++) {
      if (delayMs > 0) await sleep(delayMs);
      if (!call.write({ body: Buffer.alloc(size, i & 255), messages: i })) {
        await new Promise((resolve) => call.once("drain", resolve));
      }
    }
    call.end();
  },
  clientStream(call, callback) {
    let messages = 0;
    let totalBytes = 0;
    call.on("data", (request) => {
      messages++;
      totalBytes += request.body.length;
    });
    call.on("end", () => callback(null, { messages, totalBytes }));
  },
  bidi(call) {
    call.on("data", (request) => {
      if (!call.write({ body: request.body })) {
        call.pause();
        call.once("drain", () => call.resume());
      }
    });
    call.on("end", () => call.end());
  },
};

/** Serves on 127.0.0.1:`port` (0: any) and gives the server and its port. */
export function serve(port) {
  const server = new grpc.Server(UNLIMITED);
  server.addService(PeerClient.service, handlers);
  return new Promise((resolve, reject) => {
    server.bindAsync(
      `127.0.0.1:${port}`,
      grpc.ServerCredentials.createInsecure(),
      (error, bound) => error ? reject(error) : resolve({ server, port: bound }),
    );
  });
}
