// Reactors of servers that write down what happens to them, for tests of the callback API.
import {
  type ReactorContext,
  ServerBidiReactor,
  ServerReadReactor,
  ServerUnaryReactor,
  ServerWriteReactor,
  type UnaryReactorContext,
} from "pollwire";
import type { Note } from "../serving.ts";
import type { Log } from "./reactors.ts";

export class ServesBoth extends ServerBidiReactor<Note, Note> {
  constructor(context: ReactorContext, readonly log: Log) {
    super(context);
  }
  override onSendInitialMetadataDone(ok: boolean): void {
    this.log.note(`metadata ${ok}`);
  }
  override onReadDone(ok: boolean): void {
    this.log.note(
      ok ? `read ${this.message.number}` : `read false${this.context.isCancelled ? ", cancelled" : ""}`,
    );
  }
  override onWriteDone(ok: boolean): void {
    this.log.note(`write ${ok}`);
  }
  override onCancel(): void {
    this.log.note("cancel");
  }
  override onDone(): void {
    this.log.end("done");
  }
}

export class ServesDown extends ServerWriteReactor<Note> {
  constructor(context: ReactorContext, readonly log: Log) {
    super(context);
  }
  override onWriteDone(ok: boolean): void {
    this.log.note(`write ${ok}`);
  }
  override onCancel(): void {
    this.log.note("cancel");
  }
  override onDone(): void {
    this.log.end("done");
  }
}

export class ServesUp extends ServerReadReactor<Note, Note> {
  constructor(context: ReactorContext, readonly log: Log) {
    super(context);
  }
  override onReadDone(ok: boolean): void {
    this.log.note(
      ok ? `read ${this.message.number}` : `read false${this.context.isCancelled ? ", cancelled" : ""}`,
    );
  }
  override onCancel(): void {
    this.log.note("cancel");
  }
  override onDone(): void {
    this.log.end("done");
  }
}

export class ServesOne extends ServerUnaryReactor<Note> {
  constructor(context: UnaryReactorContext<Note>, readonly log: Log) {
    super(context);
  }
  override onSendInitialMetadataDone(ok: boolean): void {
    this.log.note(`metadata ${ok}`);
  }
  override onCancel(): void {
    this.log.note("cancel");
  }
  override onDone(): void {
    this.log.end("done");
  }
}

/** Answers every request with itself, and ends with the requests. */
export function echoes(reactor: ServesBoth): ServesBoth {
  const { react } = reactor.log;
  reactor.log.react = (line) => {
    react(line);
    if (/^read \d/.test(line)) reactor.startWrite(reactor.message);
    else if (line === "write true") reactor.startRead();
    else if (line === "read false") reactor.finish();
  };
  reactor.startRead();
  return reactor;
}
