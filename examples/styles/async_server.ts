// RouteGuide served as C++'s asynchronous server does: typed operations, an object a call whose `proceed` its tags call, and
// one queue a worker.
import {
  CompletionQueue,
  queueMethod,
  QueueServer,
  ServerAsyncReader,
  ServerAsyncReaderWriter,
  ServerAsyncResponseWriter,
  ServerAsyncWriter,
  type ServiceSetup,
} from "pollwire";
import { featureAt, featuresIn, leaveNote, Route } from "../route_guide/guide.ts";
import { RouteGuide } from "../route_guide/route_guide.ts";
import { serve } from "../route_guide/serve.ts";
import type { Feature, Point, Rectangle, RouteNote, RouteSummary } from "../route_guide/types.ts";

/** Workers in a thread, each with a queue; `--threads` has as many in each. */
const WORKERS = 2;

/** A call: the tag of all its operations. */
interface CallData {
  /** `ok`: what was started last succeeded. */
  proceed(ok: boolean): void;
}

/** Where calls are requested. */
interface Worker {
  readonly calls: QueueServer;
  readonly queue: CompletionQueue<CallData>;
}

const { methods } = RouteGuide;

class GetFeature implements CallData {
  readonly #responder = new ServerAsyncResponseWriter<Point, Feature, CallData>();
  #isDone = false;

  constructor(readonly worker: Worker) {
    const { calls, queue } = worker;
    calls.request(methods.getFeature, this.#responder, { queue }, this);
  }

  proceed(ok: boolean): void {
    if (this.#isDone) return;
    if (!ok) return this.worker.queue.shutdown(); // there is no call: the server shuts down
    new GetFeature(this.worker); // for the next call, before this one is worked on
    this.#isDone = true;
    this.#responder.finish(featureAt(this.#responder.request), "OK", this);
  }
}

class ListFeatures implements CallData {
  readonly #responder = new ServerAsyncWriter<Rectangle, Feature, CallData>();
  #found: Feature[] | undefined = undefined;
  #isDone = false;

  constructor(readonly worker: Worker) {
    const { calls, queue } = worker;
    calls.request(methods.listFeatures, this.#responder, { queue }, this);
  }

  proceed(ok: boolean): void {
    if (this.#isDone) return;
    if (this.#found === undefined) {
      if (!ok) return this.worker.queue.shutdown();
      new ListFeatures(this.worker);
      this.#found = featuresIn(this.#responder.request);
    } else if (!ok) return; // the call is over
    const feature = this.#found.shift();
    if (feature !== undefined) return this.#responder.write(feature, this);
    this.#isDone = true;
    this.#responder.finish("OK", this);
  }
}

class RecordRoute implements CallData {
  readonly #responder = new ServerAsyncReader<Point, RouteSummary, CallData>();
  #route: Route | undefined = undefined;
  #isDone = false;

  constructor(readonly worker: Worker) {
    const { calls, queue } = worker;
    calls.request(methods.recordRoute, this.#responder, { queue }, this);
  }

  proceed(ok: boolean): void {
    if (this.#isDone) return;
    if (this.#route === undefined) {
      if (!ok) return this.worker.queue.shutdown();
      new RecordRoute(this.worker);
      this.#route = new Route();
    } else if (ok && this.#responder.message !== undefined) {
      this.#route.add(this.#responder.message);
    } else {
      this.#isDone = true;
      return this.#responder.finish(this.#route.summary, "OK", this);
    }
    this.#responder.read(this);
  }
}

class RouteChat implements CallData {
  readonly #responder = new ServerAsyncReaderWriter<RouteNote, RouteNote, CallData>();
  readonly #answers: RouteNote[] = [];
  #state: "requested" | "reading" | "writing" | "done" = "requested";

  constructor(readonly worker: Worker) {
    const { calls, queue } = worker;
    calls.request(methods.routeChat, this.#responder, { queue }, this);
  }

  proceed(ok: boolean): void {
    const responder = this.#responder;
    if (this.#state === "done") return;
    if (this.#state === "requested") {
      if (!ok) return this.worker.queue.shutdown();
      new RouteChat(this.worker);
    } else if (!ok) { // there are no more notes, or the call is over
      this.#state = "done";
      return responder.finish("OK", this);
    } else if (this.#state === "reading" && responder.message !== undefined) {
      this.#answers.push(...leaveNote(responder.message));
    }
    const note = this.#answers.shift();
    this.#state = note === undefined ? "reading" : "writing";
    if (note === undefined) responder.read(this);
    else responder.write(note, this);
  }
}

/** Adds the service to `server`, and starts its workers. */
const setUp: ServiceSetup = (server) => {
  const calls = new QueueServer(server);
  server.addService(RouteGuide, {
    getFeature: queueMethod(calls),
    listFeatures: queueMethod(calls),
    recordRoute: queueMethod(calls),
    routeChat: queueMethod(calls),
  });
  for (let i = 0; i < WORKERS; i++) {
    const queue = new CompletionQueue<CallData>({ poller: server.engine });
    calls.registerCompletionQueue(queue);
    void work({ calls, queue });
  }
};

/** The loop of one worker. It serves the connections whose home its queue is, and others where those have no request. */
async function work(worker: Worker): Promise<void> {
  new GetFeature(worker);
  new ListFeatures(worker);
  new RecordRoute(worker);
  new RouteChat(worker);
  for await (const { tag, success } of worker.queue) tag.proceed(success);
}

export default setUp;
if (import.meta.main) {
  await serve("RouteGuide served as C++'s asynchronous server does.", setUp, import.meta.url);
}
