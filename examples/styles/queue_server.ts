// RouteGuide served by batches over one completion queue, as gRPC's core has it: each call is requested, and what is to
// happen next is the tag.
import {
  type AcceptedCall,
  CompletionQueue,
  type MethodDescriptor,
  type MethodKind,
  queueMethod,
  QueueServer,
  receiveCloseOnServer,
  receiveMessage,
  RequestedCall,
  sendInitialMetadata,
  sendMessage,
  sendStatusFromServer,
  type ServiceSetup,
} from "pollwire";
import { featureAt, featuresIn, leaveNote, Route } from "../route_guide/guide.ts";
import { RouteGuide } from "../route_guide/route_guide.ts";
import { serve } from "../route_guide/serve.ts";
import type { Feature, Point, Rectangle, RouteNote, RouteSummary } from "../route_guide/types.ts";

/** Called with the success of its event. */
type Tag = (success: boolean) => void;

/** Adds the service to `server`, and spins its queue. */
const setUp: ServiceSetup = (server) => {
  const queue = new CompletionQueue<Tag>({ poller: server.engine });
  const calls = new QueueServer(server);
  calls.registerCompletionQueue(queue);
  server.addService(RouteGuide, {
    getFeature: queueMethod(calls),
    listFeatures: queueMethod(calls),
    recordRoute: queueMethod(calls),
    routeChat: queueMethod(calls),
  });

  /** Requests calls of `method` one after another: the next one before `begin` works on this one. */
  function serveMethod<Req, Res>(
    method: MethodDescriptor<Req, unknown, MethodKind, unknown, Res>,
    begin: (requested: RequestedCall<Req, Res, Tag>) => void,
  ): void {
    const requested = new RequestedCall<Req, Res, Tag>();
    calls.requestRegisteredCall(method, requested, { queue }, (success) => {
      if (!success) return queue.shutdown(); // the server shuts down
      serveMethod(method, begin);
      requested.call.startBatch([receiveCloseOnServer()], ignore);
      begin(requested);
    });
  }

  const { methods } = RouteGuide;
  serveMethod(methods.getFeature, ({ call, message }) => {
    call.startBatch([sendInitialMetadata(), sendMessage(featureAt(message)), sendStatusFromServer()], ignore);
  });
  serveMethod(methods.listFeatures, ({ call, message }) => list(call, message));
  serveMethod(methods.recordRoute, ({ call }) => record(call));
  serveMethod(methods.routeChat, ({ call }) => chat(call));
  void spin(queue);
};

async function spin(queue: CompletionQueue<Tag>): Promise<void> {
  for await (const { tag, success } of queue) tag(success);
}

/** Of batches after which nothing is to be done. */
function ignore(): void {}

function list(call: AcceptedCall<Rectangle, Feature, Tag>, rectangle: Rectangle): void {
  const found = featuresIn(rectangle);
  const writeNext = (success: boolean): void => {
    if (!success) return; // the call is over
    const feature = found.shift();
    if (feature === undefined) call.startBatch([sendStatusFromServer()], ignore);
    else call.startBatch([sendMessage(feature)], writeNext);
  };
  call.startBatch([sendInitialMetadata()], writeNext);
}

function record(call: AcceptedCall<Point, RouteSummary, Tag>): void {
  const route = new Route();
  const readNext = (): void => {
    const point = receiveMessage<Point>();
    call.startBatch([point], (success) => {
      if (!success) return;
      if (point.message === undefined) {
        return call.startBatch([sendMessage(route.summary), sendStatusFromServer()], ignore);
      }
      route.add(point.message);
      readNext();
    });
  };
  call.startBatch([sendInitialMetadata()], ignore);
  readNext();
}

function chat(call: AcceptedCall<RouteNote, RouteNote, Tag>): void {
  const readNext = (): void => {
    const note = receiveMessage<RouteNote>();
    call.startBatch([note], (success) => {
      if (!success) return;
      if (note.message === undefined) return call.startBatch([sendStatusFromServer()], ignore);
      answer([...leaveNote(note.message)]);
    });
  };
  const answer = ([first, ...rest]: RouteNote[]): void => {
    if (first === undefined) return readNext();
    call.startBatch([sendMessage(first)], (success) => success && answer(rest));
  };
  call.startBatch([sendInitialMetadata()], ignore);
  readNext();
}

export default setUp;
if (import.meta.main) {
  await serve("RouteGuide served by batches over a completion queue.", setUp, import.meta.url);
}
