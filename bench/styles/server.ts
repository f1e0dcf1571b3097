// The bench's Echo service, its unary method in the style that `--style` names: prints `listening PORT`.
import {
  CompletionQueue,
  PolledMethods,
  queueMethod,
  QueueServer,
  raw,
  reactor,
  receiveCloseOnServer,
  RequestedCall,
  sendInitialMetadata,
  sendMessage,
  sendStatusFromServer,
  Server,
  ServerAsyncResponseWriter,
  ServerUnaryReactor,
  type UnaryReactorContext,
} from "pollwire";
import process from "node:process";
import { readArguments } from "../../.ci/arguments.mjs";
import { Echo, type Payload } from "./echo.ts";

/** Requests that are out at a time: calls that come together find one each. */
const REQUESTS = 100;

class Answer extends ServerUnaryReactor<Payload> {
  constructor(context: UnaryReactorContext<Payload>, request: Payload) {
    super(context);
    this.respond(request);
  }
}

const { unary } = Echo.methods;

/** How each style has its method served. */
const STYLES: Record<string, (server: Server) => void> = {
  promise: (server) => server.addService(Echo, { unary: (payload) => payload }),
  octets: (server) => server.addService(Echo, { unary: raw((octets) => octets) }),
  generic: (server) => server.addGenericService((requests) => requests),
  "default-reactor": (server) =>
    server.addService(Echo, {
      unary: reactor((context, payload) => context.defaultReactor().respond(payload)),
    }),
  reactor: (server) =>
    server.addService(Echo, { unary: reactor((context, payload) => new Answer(context, payload)) }),
  batches: (server) => {
    type Tag = RequestedCall<Payload, Payload, Tag> | undefined;
    const { calls, queue } = queueOf<Tag>(server);
    const request = () => {
      const wanted = new RequestedCall<Payload, Payload, Tag>();
      calls.requestRegisteredCall(unary, wanted, { queue }, wanted);
    };
    for (let i = 0; i < REQUESTS; i++) request();
    void drain(queue, (tag, success) => {
      if (tag === undefined || !success) return;
      request();
      const answer = [sendInitialMetadata(), sendMessage(tag.message), sendStatusFromServer()];
      tag.call.startBatch(answer, undefined);
      tag.call.startBatch([receiveCloseOnServer()], undefined);
    });
  },
  polled: (server) => {
    const polled = new PolledMethods(server, { maxPollers: REQUESTS });
    server.addService(Echo, { unary: polled.method((payload) => payload) });
  },
  async: (server) => {
    type Tag = ServerAsyncResponseWriter<Payload, Payload, Tag> | undefined;
    const { calls, queue } = queueOf<Tag>(server);
    const request = () => {
      const responder = new ServerAsyncResponseWriter<Payload, Payload, Tag>();
      calls.request(unary, responder, { queue }, responder);
    };
    for (let i = 0; i < REQUESTS; i++) request();
    void drain(queue, (responder, success) => {
      if (responder === undefined || !success) return;
      request();
      responder.finish(responder.request, "OK", undefined);
    });
  },
};

const { poller, style, addresses } = readArguments("The bench's Echo service in a style of API.", {
  poller: ["native", "pollers to choose from, in order"],
  style: ["promise", "style of its unary method", Object.keys(STYLES)],
  addresses: [1, "addresses it listens on: 127.0.0.1, 127.0.0.2 and so on, on the same port"],
});
const server = new Server({ poller });
STYLES[style]!(server);
const port = await server.listen("127.0.0.1:0");
for (let i = 2; i <= addresses; i++) await server.listen(`127.0.0.${i}:${port}`);
console.log(`listening ${port}`);
process.stdin.on("end", () => process.exit(0)).resume();

/** A queue of `server`, which serves the method by it. */
function queueOf<Tag>(server: Server): { calls: QueueServer; queue: CompletionQueue<Tag> } {
  const queue = new CompletionQueue<Tag>({ poller: server.engine });
  const calls = new QueueServer(server);
  calls.registerCompletionQueue(queue);
  server.addService(Echo, { unary: queueMethod(calls) });
  return { calls, queue };
}

async function drain<Tag>(
  queue: CompletionQueue<Tag>,
  dispatch: (tag: Tag, success: boolean) => void,
): Promise<void> {
  for await (const { tag, success } of queue) dispatch(tag, success);
}
