// Reactors that write down what happens to them, for tests of the callback API.
import {
  ClientBidiReactor,
  ClientReadReactor,
  ClientUnaryReactor,
  ClientWriteReactor,
  type DoneStatus,
} from "pollwire";
import { gate, type Note } from "../serving.ts";

/** What happens to one reactor, and the steps that a test takes in its reactions. */
export class Log {
  readonly lines: string[] = [];
  /** Called within a reaction, with what was written down of it. */
  react: (line: string) => void = () => {};
  /** A reaction is being called. */
  busy = false;
  private readonly gate = gate();
  readonly over: Promise<void> = this.gate.opened;

  note(line: string): void {
    if (this.busy) this.lines.push("overlaps:");
    this.busy = true;
    this.lines.push(line);
    try {
      this.react(line);
    } finally {
      this.busy = false;
    }
  }

  end(line: string): void {
    try {
      this.note(line);
    } finally {
      this.gate.open();
    }
  }
}

export function describe(status: DoneStatus): string {
  return `done ${status}`;
}

export class Both extends ClientBidiReactor<Note, Note> {
  readonly log = new Log();
  status: DoneStatus | undefined = undefined;
  override onReadInitialMetadataDone(ok: boolean): void {
    this.log.note(`metadata ${ok}`);
  }
  override onReadDone(ok: boolean): void {
    this.log.note(ok ? `read ${this.message.number}` : "read false");
  }
  override onWriteDone(ok: boolean): void {
    this.log.note(`write ${ok}`);
  }
  override onWritesDoneDone(ok: boolean): void {
    this.log.note(`writes done ${ok}`);
  }
  override onDone(status: DoneStatus): void {
    this.status = status;
    this.log.end(describe(status));
  }
}

export class Down extends ClientReadReactor<Note> {
  readonly log = new Log();
  override onReadInitialMetadataDone(ok: boolean): void {
    this.log.note(`metadata ${ok}`);
  }
  override onReadDone(ok: boolean): void {
    this.log.note(ok ? `read ${this.message.number}` : "read false");
  }
  override onDone(status: DoneStatus): void {
    this.log.end(describe(status));
  }
}

export class Up extends ClientWriteReactor<Note, Note> {
  readonly log = new Log();
  override onReadInitialMetadataDone(ok: boolean): void {
    this.log.note(`metadata ${ok}`);
  }
  override onWriteDone(ok: boolean): void {
    this.log.note(`write ${ok}`);
  }
  override onWritesDoneDone(ok: boolean): void {
    this.log.note(`writes done ${ok}`);
  }
  override onDone(status: DoneStatus): void {
    this.log.end(`${describe(status)}${status.ok ? `, response ${this.response.number}` : ""}`);
  }
}

export class One extends ClientUnaryReactor<Note> {
  readonly log = new Log();
  override onReadInitialMetadataDone(ok: boolean): void {
    this.log.note(`metadata ${ok}`);
  }
  override onDone(status: DoneStatus): void {
    this.log.end(`${describe(status)}${status.ok ? `, response ${this.response.number}` : ""}`);
  }
}

/** Reads all that there is. */
export function readOn(reactor: Both | Down): void {
  const { react } = reactor.log;
  reactor.log.react = (line) => {
    react(line);
    if (/^read \d/.test(line)) reactor.startRead();
  };
}
