// Helpers of the tests of completion queues.
import { Alarm, type CompletionEvent, type CompletionQueue, type Logger, type LogLevel } from "pollwire";

/** Puts `tag` into `queue` now. */
export function inject<Tag>(queue: CompletionQueue<Tag>, tag: Tag): void {
  new Alarm().set(queue, -1, tag);
}

/** What an event says. */
export function say(event: CompletionEvent): unknown[] {
  return event.type === "OP_COMPLETE" ? [event.tag, event.success] : [event.type];
}

/** A promise's state, looked at after what is ready has run. */
export async function settled(promise: Promise<unknown>): Promise<boolean> {
  let is = false;
  promise.then(() => is = true, () => is = true);
  for (let i = 0; i < 10; i++) await Promise.resolve();
  return is;
}

/** A logger that keeps what it gets. */
export function keeping(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const at = (level: LogLevel) => (message: string, ...details: unknown[]) => {
    lines.push(`${level} ${message} ${details.join(" ")}`.trim());
  };
  return { lines, logger: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") } };
}
