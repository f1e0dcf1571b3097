// The proxy without a schema by reactors: two of them a call, one for each side, and each reaction starts an operation of
// the other side. So no more is read than can be passed on.
import {
  Channel,
  ClientBidiReactor,
  type DoneStatus,
  type GenericReactorClient,
  genericReactorClient,
  insecure,
  reactor,
  type ReactorContext,
  Server,
  ServerBidiReactor,
} from "pollwire";
import process from "node:process";
import { checkPort, COMMON, readFlags } from "../route_guide/flags.ts";

const { host, port, poller, target } = readFlags("A proxy by reactors; prints the port it listens on.", {
  ...COMMON,
  port: ["50052", "port to listen on", checkPort],
  target: ["127.0.0.1:50051", "server that calls are passed on to"],
});

/** The side of the client that calls the proxy. */
class Front extends ServerBidiReactor<Uint8Array, Uint8Array> {
  readonly #back: Back;

  constructor(context: ReactorContext, client: GenericReactorClient) {
    super(context);
    const { path, metadata } = context;
    this.#back = client.bidiStreaming(path, new Back(this), { parent: context, metadata });
    this.#back.addHold(); // since operations are started from here, not in its own reactions alone
    this.#back.startRead();
    this.#back.startCall();
    this.startRead();
  }

  override onReadDone(ok: boolean): void {
    if (this.#back.isOver) return;
    if (ok) this.#back.startWrite(this.message);
    else if (!this.context.isCancelled) this.#back.startWritesDone();
  }

  override onWriteDone(ok: boolean): void {
    if (ok && !this.#back.isOver) this.#back.startRead();
  }
}

/** The side of the server that is called. */
class Back extends ClientBidiReactor<Uint8Array, Uint8Array> {
  /** Whether it takes no more operations. */
  isOver = false;
  readonly #front: Front;

  constructor(front: Front) {
    super();
    this.#front = front;
  }

  override onReadInitialMetadataDone(ok: boolean): void {
    if (ok) this.#front.startSendInitialMetadata(this.initialMetadata);
  }

  override onReadDone(ok: boolean): void {
    if (ok) return this.#front.startWrite(this.message);
    this.isOver = true;
    this.removeHold();
  }

  override onWriteDone(ok: boolean): void {
    if (ok) this.#front.startRead();
  }

  override onDone(status: DoneStatus): void {
    if (status.error !== undefined) return this.#front.finish(status.error);
    this.#front.context.trailers.appendAll(status.metadata);
    this.#front.finish();
  }
}

const client = genericReactorClient(new Channel(target, { poller, credentials: insecure }));
const server = new Server({ poller, credentials: insecure });
server.addGenericService(reactor((context) => new Front(context, client)));
process.on("SIGTERM", () => void server.shutdown({ graceMs: 5_000 }).then(() => process.exit(0)));
console.log(`listening ${await server.listen(`${host}:${port}`)}`);
