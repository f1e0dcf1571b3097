// Reactors are typed from the service to the message: what does not fit is an error of the compiler.
import { assertEquals } from "@std/assert";
import {
  type Channel,
  ClientBidiReactor,
  ClientUnaryReactor,
  ClientWriteReactor,
  createReactorClient,
  reactor,
  type ReactorContext,
  type Server,
  ServerBidiReactor,
  ServerReadReactor,
} from "pollwire";
import { test } from "../../harness.ts";
import { type Note, Trial } from "../serving.ts";

/** What is of none of the service's types. */
interface Place {
  latitude: number;
}

class Notes extends ClientBidiReactor<Note, Note> {}
class Places extends ClientBidiReactor<Place, Place> {}
class Sum extends ClientWriteReactor<Note, Note> {}
class One extends ClientUnaryReactor<Note> {}
class ServesNotes extends ServerBidiReactor<Note, Note> {}
class ServesSum extends ServerReadReactor<Note, Note> {}

/** Is compiled, and never called. */
export function client(channel: Channel): void {
  const trial = createReactorClient(Trial, channel);
  const notes: Notes = trial.both(new Notes());
  notes.startWrite({ number: 1 });
  const text: string | undefined = notes.message.text;
  // @ts-expect-error: a note has no latitude
  notes.startWrite({ latitude: 1 });
  // @ts-expect-error: its messages are notes
  trial.both(new Places());
  // @ts-expect-error: it has a stream of responses
  trial.both(new Sum());
  // @ts-expect-error: a method with one request gets it before its reactor
  trial.one(new One());
  trial.one({ text: text! }, new One()).startCall();
  trial.one({}, (status, response) => [status.ok, response?.number]);
  // @ts-expect-error: metadata comes by a reaction
  trial.one({}, new One(), { onHeaders: () => {} });
}

/** Is compiled, and never called. */
export function server(to: Server): void {
  to.addService(Trial, {
    both: reactor((context) => new ServesNotes(context)),
    up: reactor((context: ReactorContext) => new ServesSum(context)),
    one: reactor((context, request) => context.defaultReactor().respond({ number: request.number! + 1 })),
  });
  // @ts-expect-error: it reads many requests and answers with one
  to.addService(Trial, { both: reactor((context) => new ServesSum(context)) });
  // @ts-expect-error: a note has no latitude
  to.addService(Trial, { one: reactor((context) => context.defaultReactor().respond({ latitude: 1 })) });
}

test("the classes of reactors and the methods they are for", () => {
  assertEquals([client, server].map(({ length }) => length), [1, 1]);
});
