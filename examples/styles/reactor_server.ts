// RouteGuide served by reactors (gRFC L67): a handler makes one for each call, and it reacts to its operations.
import {
  reactor,
  type ReactorContext,
  ServerBidiReactor,
  ServerReadReactor,
  ServerWriteReactor,
  type ServiceSetup,
} from "pollwire";
import { featureAt, featuresIn, leaveNote, Route } from "../route_guide/guide.ts";
import { RouteGuide } from "../route_guide/route_guide.ts";
import { serve } from "../route_guide/serve.ts";
import type { Feature, Point, Rectangle, RouteNote, RouteSummary } from "../route_guide/types.ts";

/** Writes one feature after another. */
class Lister extends ServerWriteReactor<Feature> {
  readonly #found: Feature[];

  constructor(context: ReactorContext, rectangle: Rectangle) {
    super(context);
    this.#found = featuresIn(rectangle);
    this.#writeNext();
  }

  override onWriteDone(ok: boolean): void {
    if (ok) this.#writeNext();
    else this.finish("UNKNOWN"); // the call is dead, and is still to be finished
  }

  #writeNext(): void {
    const feature = this.#found.shift();
    if (feature === undefined) this.finish();
    else this.startWrite(feature);
  }
}

/** Reads points until there are no more. */
class Recorder extends ServerReadReactor<Point, RouteSummary> {
  readonly #route = new Route();

  constructor(context: ReactorContext) {
    super(context);
    this.startRead();
  }

  override onReadDone(ok: boolean): void {
    if (!ok) return void this.respond(this.#route.summary);
    this.#route.add(this.message);
    this.startRead();
  }
}

/** Answers each note before it reads the next. */
class Chat extends ServerBidiReactor<RouteNote, RouteNote> {
  #answers: RouteNote[] = [];

  constructor(context: ReactorContext) {
    super(context);
    this.startRead();
  }

  override onReadDone(ok: boolean): void {
    if (!ok) return this.finish();
    this.#answers = [...leaveNote(this.message)];
    this.#answer();
  }

  override onWriteDone(ok: boolean): void {
    if (ok) this.#answer();
    else this.finish("UNKNOWN");
  }

  #answer(): void {
    const note = this.#answers.shift();
    if (note === undefined) this.startRead();
    else this.startWrite(note);
  }
}

/** Adds the service to `server`. */
const setUp: ServiceSetup = (server) => {
  server.addService(RouteGuide, {
    getFeature: reactor((context, point) => context.defaultReactor().respond(featureAt(point))),
    listFeatures: reactor((context, rectangle) => new Lister(context, rectangle)),
    recordRoute: reactor((context) => new Recorder(context)),
    routeChat: reactor((context) => new Chat(context)),
  });
};

export default setUp;
if (import.meta.main) await serve("RouteGuide served by reactors.", setUp, import.meta.url);
