// RouteGuide called by reactors (gRFC L67): operations are started, and each has its reaction; `onDone` is the last.
import {
  Channel,
  ClientBidiReactor,
  ClientReadReactor,
  ClientWriteReactor,
  createReactorClient,
  type DoneStatus,
} from "pollwire";
import { COMMON, readFlags, TLS } from "../route_guide/flags.ts";
import { RouteGuide } from "../route_guide/route_guide.ts";
import { makeNotes, POINT, RECTANGLE, ROUTE, show } from "../route_guide/tour.ts";
import type { Feature, Point, RouteNote, RouteSummary } from "../route_guide/types.ts";
import { clientCredentials } from "../tls/mutual.ts";

const { host, port, poller, tls } = readFlags("RouteGuide called by reactors.", { ...COMMON, ...TLS });
const channel = new Channel(`${host}:${port}`, { poller, credentials: clientCredentials(tls) });
const guide = createReactorClient(RouteGuide, channel);

/** Reads features until there are no more. */
class Lister extends ClientReadReactor<Feature> {
  readonly #found: Feature[] = [];

  override onReadDone(ok: boolean): void {
    if (!ok) return;
    this.#found.push(this.message);
    this.startRead();
  }

  override onDone(status: DoneStatus): void {
    if (status.error !== undefined) throw status.error;
    show.listFeatures(this.#found);
    const recorder = guide.recordRoute(new Recorder());
    recorder.writeNext();
    recorder.startCall();
  }
}

/** Writes a point as soon as the one before it is on its way. */
class Recorder extends ClientWriteReactor<Point, RouteSummary> {
  readonly #points = [...ROUTE];

  writeNext(): void {
    const point = this.#points.shift();
    if (point === undefined) this.startWritesDone();
    else this.startWrite(point);
  }

  override onWriteDone(ok: boolean): void {
    if (ok) this.writeNext();
  }

  override onDone(status: DoneStatus): void {
    if (status.error !== undefined) throw status.error;
    show.recordRoute(this.response);
    const chat = guide.routeChat(new Chat());
    chat.startRead();
    chat.writeNext();
    chat.startCall();
  }
}

/** Reads and writes at the same time. */
class Chat extends ClientBidiReactor<RouteNote, RouteNote> {
  readonly #notes = makeNotes();
  readonly #answers: RouteNote[] = [];

  writeNext(): void {
    const note = this.#notes.shift();
    if (note === undefined) this.startWritesDone();
    else this.startWrite(note);
  }

  override onWriteDone(ok: boolean): void {
    if (ok) this.writeNext();
  }

  override onReadDone(ok: boolean): void {
    if (!ok) return;
    this.#answers.push(this.message);
    this.startRead();
  }

  override onDone(status: DoneStatus): void {
    if (status.error !== undefined) throw status.error;
    show.routeChat(this.#answers);
    channel.close();
  }
}

// A unary call takes a plain callback as well; what a reaction throws goes to `onError` of the channel.
guide.getFeature(POINT, (status, feature) => {
  if (feature === undefined) throw status.error;
  show.getFeature(feature);
  const lister = guide.listFeatures(RECTANGLE, new Lister());
  lister.startRead();
  lister.startCall();
}, { deadlineMs: 15_000 });
