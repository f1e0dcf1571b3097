// RouteGuide called by C++'s asynchronous stubs: typed operations over one completion queue, an object a call whose
// `proceed` its tags call.
import {
  Channel,
  type ClientAsyncReader,
  type ClientAsyncReaderWriter,
  type ClientAsyncResponseReader,
  type ClientAsyncWriter,
  CompletionQueue,
  createQueueClient,
  deadlineIn,
  type ReceivedStatus,
} from "pollwire";
import { COMMON, readFlags, TLS } from "../route_guide/flags.ts";
import { RouteGuide } from "../route_guide/route_guide.ts";
import { makeNotes, POINT, RECTANGLE, ROUTE, show } from "../route_guide/tour.ts";
import type { Feature, Point, RouteNote, RouteSummary } from "../route_guide/types.ts";
import { clientCredentials } from "../tls/mutual.ts";

/** What is to happen next: the tag of an operation. `ok`: it succeeded. */
type Tag = (ok: boolean) => void;

const { host, port, poller, tls } = readFlags("RouteGuide called by C++'s asynchronous stubs.", {
  ...COMMON,
  ...TLS,
});
const channel = new Channel(`${host}:${port}`, { poller, credentials: clientCredentials(tls) });
const queue = new CompletionQueue<Tag>({ poller });
const guide = createQueueClient(RouteGuide, channel, queue);

/** One response: `finish` has it, and the status. */
class GetFeature {
  readonly #call: ClientAsyncResponseReader<Feature, Tag>;

  constructor(point: Point) {
    this.#call = guide.asyncGetFeature(point, { deadline: deadlineIn(15_000) });
    this.#call.finish(() => this.#finished());
  }

  #finished(): void {
    check(this.#call.status);
    if (this.#call.response !== undefined) show.getFeature(this.#call.response);
    new ListFeatures();
  }
}

/** Many responses: read until a read fails, then ask for the status. */
class ListFeatures {
  readonly #call: ClientAsyncReader<Feature, Tag> = guide.asyncListFeatures(RECTANGLE, () => this.#read());
  readonly #found: Feature[] = [];

  #read(): void {
    this.#call.read((ok) => {
      const { message } = this.#call;
      if (!ok || message === undefined) return this.#call.finish(() => this.#finished());
      this.#found.push(message);
      this.#read();
    });
  }

  #finished(): void {
    check(this.#call.status);
    show.listFeatures(this.#found);
    new RecordRoute();
  }
}

/** Many requests: each when the one before it has gone out. */
class RecordRoute {
  readonly #call: ClientAsyncWriter<Point, RouteSummary, Tag> = guide.asyncRecordRoute(() => this.#write());
  readonly #points = [...ROUTE];

  #write(): void {
    const point = this.#points.shift();
    if (point === undefined) return this.#call.writesDone(() => this.#finish());
    this.#call.write(point, (ok) => ok ? this.#write() : this.#finish());
  }

  #finish(): void {
    this.#call.finish(() => {
      check(this.#call.status);
      if (this.#call.response !== undefined) show.recordRoute(this.#call.response);
      new RouteChat();
    });
  }
}

/** Both at the same time, each with its own tags; the status once there is nothing more to be read. */
class RouteChat {
  readonly #call: ClientAsyncReaderWriter<RouteNote, RouteNote, Tag>;
  readonly #notes = makeNotes();
  readonly #answers: RouteNote[] = [];

  constructor() {
    this.#call = guide.prepareAsyncRouteChat(); // the other form: the call begins with startCall
    this.#call.startCall(() => {
      this.#write();
      this.#read();
    });
  }

  #write(): void {
    const note = this.#notes.shift();
    if (note === undefined) return this.#call.writesDone(() => {});
    this.#call.write(note, (ok) => ok && this.#write());
  }

  #read(): void {
    this.#call.read((ok) => {
      const { message } = this.#call;
      if (!ok || message === undefined) return this.#call.finish(() => this.#finished());
      this.#answers.push(message);
      this.#read();
    });
  }

  #finished(): void {
    check(this.#call.status);
    show.routeChat(this.#answers);
    queue.shutdown();
  }
}

/** Throws where a call did not end with OK. */
function check(status: ReceivedStatus | undefined): void {
  if (status?.error !== undefined) throw status.error;
}

new GetFeature(POINT);
for await (const { tag, success } of queue) tag(success);
channel.close();
